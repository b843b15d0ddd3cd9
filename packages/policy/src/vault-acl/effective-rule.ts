import type {
  VaultAclRule,
  VaultCapability,
  VaultParameterValue,
  VaultParameterValues,
  VaultPolicyRule,
} from "./types.ts";

/** What all rules for one and the same path say together. */
export interface EffectiveRule {
  /** `deny` alone where one of the rules denies. */
  readonly capabilities: ReadonlySet<VaultCapability>;
  readonly allowedParameters: VaultParameterValues | undefined;
  readonly deniedParameters: VaultParameterValues | undefined;
  readonly requiredParameters: readonly string[];
  /** 0 where the answer need not be wrapped. */
  readonly minWrappingTtlSeconds: number;
  readonly maxWrappingTtlSeconds: number;
  /** 0 where pages may have any size. */
  readonly paginationLimit: number;
  readonly rules: readonly VaultAclRule[];
}

export function effectiveRuleOf(rule: VaultPolicyRule, policy: string): EffectiveRule {
  const { line, path, capabilities } = rule;
  return {
    capabilities: new Set(capabilities),
    allowedParameters: rule.allowedParameters,
    deniedParameters: rule.deniedParameters,
    requiredParameters: rule.requiredParameters ?? [],
    minWrappingTtlSeconds: rule.minWrappingTtlSeconds ?? 0,
    maxWrappingTtlSeconds: rule.maxWrappingTtlSeconds ?? 0,
    paginationLimit: rule.paginationLimit ?? 0,
    rules: [{ policy, line, path, capabilities }],
  };
}

/**
 * Both rules as one, in any order (OpenBao documentation, "Policies"): a denial denies, capabilities add up, and of two
 * limits the smaller one counts. A rule that restricts parameters restricts those that another one allows.
 */
export function mergeRules(left: EffectiveRule, right: EffectiveRule): EffectiveRule {
  const denies = left.capabilities.has("deny") || right.capabilities.has("deny");
  return {
    capabilities: new Set(denies ? (["deny"] as const) : [...left.capabilities, ...right.capabilities]),
    allowedParameters: mergeParameters(left.allowedParameters, right.allowedParameters),
    deniedParameters: mergeParameters(left.deniedParameters, right.deniedParameters),
    requiredParameters: [...new Set([...left.requiredParameters, ...right.requiredParameters])],
    minWrappingTtlSeconds: smaller(left.minWrappingTtlSeconds, right.minWrappingTtlSeconds),
    maxWrappingTtlSeconds: smaller(left.maxWrappingTtlSeconds, right.maxWrappingTtlSeconds),
    paginationLimit: smaller(left.paginationLimit, right.paginationLimit),
    rules: [...left.rules, ...right.rules],
  };
}

/** The smaller of two limits; 0 is none. */
function smaller(left: number, right: number): number {
  if (left === 0 || right === 0) return left + right;
  return Math.min(left, right);
}

/** Values of one name add up, but an empty list, which stands for every value, stays. */
function mergeParameters(
  left: VaultParameterValues | undefined,
  right: VaultParameterValues | undefined,
): VaultParameterValues | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const merged = new Map<string, readonly VaultParameterValue[]>(left);
  for (const [name, values] of right) {
    const there = merged.get(name);
    if (there === undefined) merged.set(name, values);
    else merged.set(name, there.length === 0 || values.length === 0 ? [] : [...there, ...values]);
  }
  return merged;
}
