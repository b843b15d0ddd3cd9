import type { ConditionContext } from "@coffer/policy";

/** What only a real request has: absent in a simulation unless it is given. */
const ofRequests: ReadonlySet<string> = new Set([
  "aws:securetransport",
  "aws:sourceip",
  "aws:tokenissuetime",
  "aws:useragent",
  "kms:viaservice",
]);
/** What follows from who asks. */
const ofCallers = /^aws:(?:principal|userid|username)/;

/** The condition keys of a request that is only imagined: those that were given, then those of the key and the caller. */
export class SimulatedConditions implements ConditionContext {
  readonly #given: ReadonlyMap<string, readonly string[]>;
  readonly #known: ConditionContext;
  readonly #absent = new Set<string>();

  /** `given`: by lower-case condition key. */
  constructor(given: ReadonlyMap<string, readonly string[]>, known: ConditionContext) {
    this.#given = given;
    this.#known = known;
  }

  get(key: string): readonly string[] | undefined {
    const values = this.#given.get(key) ?? (ofRequests.has(key) ? undefined : this.#known.get(key));
    if ((values === undefined || values.length === 0) && !ofCallers.test(key)) this.#absent.add(key);
    return values;
  }

  /** Condition keys that a policy asked for and the request does not have, in lower case. */
  get absent(): readonly string[] {
    return [...this.#absent].sort();
  }
}
