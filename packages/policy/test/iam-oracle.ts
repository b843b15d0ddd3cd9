import { runSimulation } from "@cloud-copilot/iam-simulate";
import { authorize } from "../src/authorize.ts";
import { compileText, requestOf } from "../src/policy-fixtures.ts";
import type { PolicyKind, PolicyPrincipal } from "../src/types.ts";

/** One statement of a policy, as JSON. */
export type Statement = Readonly<Record<string, unknown>>;

/** A request and its policies, as both evaluators take them. Condition keys are in lower case. */
export interface Case {
  readonly principal: PolicyPrincipal;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly key: readonly Statement[] | undefined;
  readonly identity: readonly Statement[];
  readonly boundary: readonly Statement[] | undefined;
  readonly session: readonly Statement[] | undefined;
  readonly version: string;
}

export type Answer = "allowed" | "explicit-deny" | "implicit-deny";

/** The condition keys that AWS gives a list to; a list of one value is no single value. */
export const multivaluedKeys: ReadonlySet<string> = new Set(["kms:encryptioncontextkeys", "aws:tagkeys"]);

const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
const allowAll = [{ orgIdentifier: "r-root", policies: [{ name: "all", policy: everything }] }];
/**
 * What `@cloud-copilot/iam-simulate`, an evaluator that shares nothing with ours, says of a case. It does not know that
 * nobody limits an account's root, which is given an identity policy here that allows everything.
 */
export async function askOracle(one: Case): Promise<Answer> {
  const { principal, context, version } = one;
  const document = (statements: readonly Statement[]) => ({ Version: version, Statement: statements });
  const identity = [
    ...(one.identity.length === 0 ? [] : [{ name: "identity", policy: document(one.identity) }]),
    ...(principal.kind === "root" ? [{ name: "root", policy: everything }] : []),
  ];
  const variables: Record<string, string | string[]> = {};
  for (const [key, values] of Object.entries(context)) {
    if (values.length > 0) variables[key] = multivaluedKeys.has(key) ? [...values] : (values[0] as string);
  }
  const simulated = await runSimulation(
    {
      request: {
        principal: principal.kind === "service" ? (principal.serviceName as string) : principal.arn,
        action: one.action,
        resource: { resource: one.resource, accountId: one.resourceAccount },
        contextVariables: variables,
      },
      identityPolicies: identity,
      serviceControlPolicies: allowAll,
      resourceControlPolicies: [],
      ...(one.key === undefined ? {} : { resourcePolicy: document(one.key) }),
      ...(one.session === undefined ? {} : { sessionPolicy: document(one.session) }),
      ...(one.boundary === undefined
        ? {}
        : { permissionBoundaryPolicies: [{ name: "boundary", policy: document(one.boundary) }] }),
    },
    {},
  );
  if (simulated.resultType !== "single") throw new Error(`the oracle refuses the case: ${JSON.stringify(simulated)}`);
  const { overallResult, result } = simulated;
  const ignored = result.ignoredContextKeys ?? [];
  if (ignored.length > 0) {
    throw new Error(`the oracle knows no condition keys ${ignored.join()} of ${one.action}`);
  }
  if (overallResult === "Allowed") return "allowed";
  return overallResult === "ExplicitlyDenied" ? "explicit-deny" : "implicit-deny";
}

/** What ours says of a case. */
export function askOurs(one: Case): Answer {
  const compiled = (kind: PolicyKind, statements: readonly Statement[]) =>
    compileText(kind, JSON.stringify({ Version: one.version, Statement: statements }));
  const { principal, action, resource, context } = one;
  const decision = authorize({
    request: requestOf({ principal, action, resource, context }),
    ...(one.key === undefined ? {} : { keyPolicy: compiled("key", one.key), keyAccount: one.resourceAccount }),
    identityPolicies: one.identity.length === 0 ? [] : [compiled("identity", one.identity)],
    ...(one.boundary === undefined ? {} : { boundary: compiled("boundary", one.boundary) }),
    ...(one.session === undefined ? {} : { sessionPolicies: [compiled("session", one.session)] }),
  });
  if (decision.allowed) return "allowed";
  return decision.reason === "explicit-deny" ? "explicit-deny" : "implicit-deny";
}
