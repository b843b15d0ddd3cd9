import {
  type LeastGrant,
  type LeastStatement,
  leastGrant,
  leastStatement,
  type Remedy,
  type RemedyStep,
  type RemedySubject,
} from "@coffer/policy";

/** One thing to add, in full. */
export type ToldStep =
  | { readonly add: "grant"; readonly key: string; readonly grant: LeastGrant }
  | {
      readonly add: "statement";
      readonly to: Exclude<RemedyStep, "grant">;
      /** ARN of the key or principal that the policy is of. */
      readonly of: string;
      readonly statement: LeastStatement;
    };

/** Things that together would allow a request. */
export interface ToldRemedy {
  readonly steps: readonly ToldStep[];
}

/** Remedies with the grants and statements that they are made of. */
export function tellRemedies(remedies: readonly Remedy[], subject: RemedySubject): ToldRemedy[] {
  return remedies.map((steps) => ({
    steps: steps.map((step) => tellStep(step, subject)).filter((step) => step !== undefined),
  }));
}

function tellStep(step: RemedyStep, subject: RemedySubject): ToldStep | undefined {
  const { principal, resource } = subject;
  if (step === "grant") {
    const grant = leastGrant(subject);
    return grant === undefined ? undefined : { add: "grant", key: resource, grant };
  }
  const of = step === "key-policy" ? resource : (principal.roleArn ?? principal.arn);
  return { add: "statement", to: step, of, statement: leastStatement(step, subject) };
}
