import { type ExpectedValues, operators, UnfitValue } from "./operators.ts";
import { valuesOf } from "./request-keys.ts";
import type { Effect, PolicyRequest } from "./types.ts";
import { parseBoolean } from "./values.ts";

/** One key of one operator of a Condition block. All conditions of a statement must hold. */
export interface CompiledCondition {
  /** As written, `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  /** As written. */
  readonly key: string;
  readonly lookupKey: string;
  readonly test: ConditionTest;
}

type ConditionTest =
  | {
      readonly kind: "null";
      readonly whenAbsent: boolean;
      readonly whenPresent: boolean;
      readonly values: readonly string[];
    }
  | {
      readonly kind: "compare";
      readonly expected: ExpectedValues;
      readonly isNegated: boolean;
      /** What the condition is when the request has no such key. */
      readonly whenAbsent: boolean;
      /** What it is when the key's values are all empty strings, for a set operator; undefined compares them. */
      readonly whenEmpty: boolean | undefined;
      readonly needs: "every" | "some";
    };

type SetOperator = "ForAllValues" | "ForAnyValue" | undefined;

const conditionKey = /^[A-Za-z0-9][^\s:]*:\S/;
const setPrefixes: readonly (readonly [string, SetOperator])[] = [
  ["forallvalues:", "ForAllValues"],
  ["foranyvalue:", "ForAnyValue"],
];
const ifExistsSuffix = "ifexists";

/** Whether the name is an operator, with its set prefix and IfExists. Names are matched in any case. */
export function isOperator(name: string): boolean {
  const { base, setOperator, ifExists } = readOperator(name);
  return base === "null" ? setOperator === undefined && !ifExists : operators.has(base);
}

/** Compiles one key of an operator that `isOperator` has accepted. Throws `UnfitValue`. */
export function compileCondition(
  operator: string,
  key: string,
  values: readonly string[],
  options: { readonly effect: Effect; readonly variables: boolean },
): CompiledCondition {
  if (!conditionKey.test(key))
    throw new UnfitValue("a condition key must have a vendor before a colon, as in aws:SourceIp");
  const { base, setOperator, ifExists } = readOperator(operator);
  const lookupKey = key.toLowerCase();
  if (base === "null") return { operator, key, lookupKey, test: compileNull(values) };
  const found = operators.get(base);
  if (found === undefined) throw new UnfitValue("is not a condition operator");
  const { isNegated } = found;
  const test: ConditionTest = {
    kind: "compare",
    expected: found.compile(values, options.variables),
    isNegated,
    whenAbsent: ifExists || (setOperator === undefined ? isNegated : setOperator === "ForAllValues"),
    whenEmpty: setOperator === undefined ? undefined : setOperator === "ForAllValues",
    needs: setOperator === undefined ? quantifierOf(options.effect) : setOperator === "ForAllValues" ? "every" : "some",
  };
  return { operator, key, lookupKey, test };
}

/**
 * AWS asks for a set operator where a key may have several values and leaves open what happens without one. Here such a
 * condition is read the safe way: an Allow needs all the values to pass, a Deny only one.
 */
function quantifierOf(effect: Effect): "every" | "some" {
  return effect === "Allow" ? "every" : "some";
}

function compileNull(values: readonly string[]): ConditionTest {
  const wanted = values.map((value) => {
    const bool = parseBoolean(value);
    if (bool === undefined) throw new UnfitValue('a value is neither "true" nor "false"');
    return bool;
  });
  return { kind: "null", whenAbsent: wanted.includes(true), whenPresent: wanted.includes(false), values };
}

function readOperator(name: string): { base: string; setOperator: SetOperator; ifExists: boolean } {
  const lower = name.toLowerCase();
  const [prefix, setOperator] = setPrefixes.find(([start]) => lower.startsWith(start)) ?? ["", undefined];
  const rest = lower.slice(prefix.length);
  const ifExists = rest.endsWith(ifExistsSuffix);
  return { base: ifExists ? rest.slice(0, -ifExistsSuffix.length) : rest, setOperator, ifExists };
}

export function holds(condition: CompiledCondition, request: PolicyRequest): boolean {
  const { test } = condition;
  const values = valuesOf(request, condition.lookupKey);
  if (test.kind === "null") {
    // A key whose value is the empty string is null too (IAM User Guide, "The request context").
    return values === undefined || values.every(isEmpty) ? test.whenAbsent : test.whenPresent;
  }
  if (values === undefined) return test.whenAbsent;
  if (test.whenEmpty !== undefined && values.every(isEmpty)) return test.whenEmpty;
  for (const value of values) {
    const passes = test.expected.meets(value, request) !== test.isNegated;
    if (passes !== (test.needs === "every")) return passes;
  }
  return test.needs === "every";
}

/** What a condition asks for, with variables filled in. */
export function expectedOf(condition: CompiledCondition, request: PolicyRequest): readonly string[] {
  return condition.test.kind === "null" ? condition.test.values : condition.test.expected.describe(request);
}

function isEmpty(value: string): boolean {
  return value === "";
}
