import { effectiveRuleOf } from "./effective-rule.ts";
import { constrainsParameters, decideLimit, findRefusedParameter } from "./parameter-rules.ts";
import { fillPathTemplate, parsePathTemplate } from "./path-template.ts";
import { type PlacedEffectiveRule, RuleIndex } from "./rule-index.ts";
import type {
  NamedVaultPolicy,
  ResultantRule,
  VaultAcl,
  VaultAclDecision,
  VaultAclOperation,
  VaultAclReason,
  VaultAclRequest,
  VaultAclRule,
  VaultPolicyIdentity,
  VaultPolicyRule,
} from "./types.ts";

/**
 * What the policies of a token allow together (OpenBao documentation, "Policies"). `identity` fills the templates of paths: a
 * rule whose template has no value, or one with a slash or a wildcard, is not there. Where one of the policies is named
 * `root`, all is allowed. The result can be kept as long as policies and identity stay.
 *
 * @param names of all policies that were asked for; absent, those of `policies`
 */
export function compileVaultAcl(
  policies: readonly NamedVaultPolicy[],
  identity?: VaultPolicyIdentity,
  names: readonly string[] = policies.map((policy) => policy.name),
): VaultAcl {
  if (policies.some((policy) => policy.name === "root")) return rootAcl;
  return new CompiledVaultAcl(
    policies.flatMap((policy) => rulesOf(policy, identity)),
    names,
  );
}

const noRules: readonly VaultAclRule[] = [];

/** An ACL that allows nothing, for a reason of its own, whatever the token's policies are. */
export function refusingVaultAcl(reason: "entity" | "authMethod", policies: readonly string[]): VaultAcl {
  return {
    root: false,
    policies,
    decide: ({ operation }) => ({ allowed: false, sudo: false, wanted: operation, reason, rules: noRules }),
    reachesBelow: () => false,
    resultantRules: () => [],
    capabilities: () => ["deny"],
  };
}

const rootAcl: VaultAcl = {
  root: true,
  policies: ["root"],
  decide: (request) => ({
    allowed: true,
    sudo: true,
    wanted: request.operation,
    reason: "root",
    rules: [{ policy: "root", line: 0, path: "*", capabilities: [] }],
  }),
  reachesBelow: () => true,
  resultantRules: () => [],
  capabilities: () => ["root"],
};

interface PlacedRule {
  readonly policy: string;
  readonly rule: VaultPolicyRule;
  /** Without templates. */
  readonly path: string;
}

function rulesOf(named: NamedVaultPolicy, identity: VaultPolicyIdentity | undefined): PlacedRule[] {
  const forbidden = {
    slashes: named.allowSlashesInTemplates !== true,
    wildcards: named.allowWildcardsInTemplates !== true,
  };
  return named.policy.rules.flatMap((each) => {
    const rule = endingWith(named.expiresAtMs, each);
    if (!named.policy.templated) return [{ policy: named.name, rule, path: rule.path }];
    const path = fillPathTemplate(parsePathTemplate(rule.path) ?? [], identity, forbidden);
    // With wildcards allowed in values, `+*` can come about, which no policy may have.
    return path === undefined || path.includes("+*") ? [] : [{ policy: named.name, rule, path }];
  });
}

function endingWith(policyExpiresAtMs: number | undefined, rule: VaultPolicyRule): VaultPolicyRule {
  if (policyExpiresAtMs === undefined) return rule;
  return { ...rule, expiresAtMs: Math.min(policyExpiresAtMs, rule.expiresAtMs ?? policyExpiresAtMs) };
}

function inLowerCase(placed: PlacedRule): PlacedRule {
  return { ...placed, path: placed.path.toLowerCase() };
}

/** The rules that hold from one time to another. */
interface IndexedRules {
  readonly index: RuleIndex;
  readonly fromMs: number;
  readonly untilMs: number;
}

class CompiledVaultAcl implements VaultAcl {
  readonly root = false;
  readonly policies: readonly string[];
  readonly #rules: readonly PlacedRule[];
  /** Without expired grants, and with every denial: for whoever does not say what time it is. */
  readonly #timeless: RuleIndex;
  readonly #expires: boolean;
  #timely: IndexedRules | undefined;
  /** The same rules with their paths in lower case. */
  #folded: CompiledVaultAcl | undefined;

  constructor(rules: readonly PlacedRule[], policies: readonly string[]) {
    this.policies = policies;
    this.#rules = rules;
    this.#expires = rules.some(({ rule }) => rule.expiresAtMs !== undefined);
    this.#timeless = indexOf(rules.filter(({ rule }) => rule.expiresAtMs === undefined || denies(rule)));
  }

  decide({ foldedPath, ...request }: VaultAclRequest): VaultAclDecision {
    const decision = this.#decide(request);
    if (foldedPath === undefined || !decision.allowed) return decision;
    this.#folded ??= new CompiledVaultAcl(this.#rules.map(inLowerCase), this.policies);
    const folded = this.#folded.decide({ ...request, path: foldedPath });
    return folded.allowed ? { ...decision, sudo: decision.sudo && folded.sudo } : folded;
  }

  #decide(request: VaultAclRequest): VaultAclDecision {
    const { operation } = request;
    const rule = this.#find(request.path, operation, request.nowMs);
    const decided = (
      reason: VaultAclReason,
      more: Pick<VaultAclDecision, "parameter" | "limit" | "constrained"> = {},
    ): VaultAclDecision => ({
      allowed: reason === "allowed",
      sudo: rule?.capabilities.has("sudo") ?? false,
      wanted: operation,
      reason,
      rules: rule?.rules ?? noRules,
      ...more,
    });
    if (rule === undefined) return decided("noRule");
    if (rule.capabilities.has("deny")) return decided("deny");
    if (!rule.capabilities.has(operation)) return decided("capability");
    const { minWrappingTtlSeconds: min, maxWrappingTtlSeconds: max } = rule;
    const { wrapTtlSeconds: wrap } = request;
    if (max > 0 && (wrap === undefined || wrap > max)) return decided("wrapping");
    if (min > 0 && (wrap === undefined || wrap < min)) return decided("wrapping");
    if (operation === "list" || operation === "scan") {
      const limit = decideLimit(rule, request);
      if (limit === "refused") return decided("pagination", { parameter: "limit" });
      return limit === undefined ? decided("allowed") : decided("allowed", { limit });
    }
    if (operation === "delete") return decided("allowed");
    const parameter = findRefusedParameter(rule, request);
    if (parameter !== undefined) return decided("parameter", { parameter });
    return constrainsParameters(rule) ? decided("allowed", { constrained: true }) : decided("allowed");
  }

  capabilities(path: string, nowMs?: number): readonly string[] {
    const found = this.#find(path, "list", nowMs)?.capabilities;
    return found === undefined || found.size === 0 || found.has("deny") ? ["deny"] : [...found].sort();
  }

  reachesBelow(path: string, nowMs?: number): boolean {
    const found = this.#find(path, "list", nowMs)?.capabilities;
    return (found !== undefined && !found.has("deny")) || this.#indexAt(nowMs).reachesBelow(path);
  }

  resultantRules(nowMs?: number): readonly ResultantRule[] {
    return this.#indexAt(nowMs).list().map(resultantOf);
  }

  #find(path: string, operation: VaultAclOperation, nowMs: number | undefined) {
    return this.#indexAt(nowMs).find(path.replace(/^\/+/, ""), operation);
  }

  #indexAt(nowMs: number | undefined): RuleIndex {
    if (!this.#expires || nowMs === undefined) return this.#timeless;
    if (this.#timely === undefined || nowMs < this.#timely.fromMs || nowMs > this.#timely.untilMs) {
      this.#timely = indexedAt(this.#rules, nowMs);
    }
    return this.#timely.index;
  }
}

function resultantOf({ path, isPrefix, rule }: PlacedEffectiveRule): ResultantRule {
  const { capabilities, allowedParameters, deniedParameters, requiredParameters } = rule;
  const denied = capabilities.has("deny") || capabilities.size === 0;
  return {
    path,
    isPrefix,
    capabilities: denied ? ["deny"] : [...capabilities].sort(),
    ...(allowedParameters === undefined ? {} : { allowedParameters }),
    ...(deniedParameters === undefined ? {} : { deniedParameters }),
    requiredParameters,
    minWrappingTtlSeconds: rule.minWrappingTtlSeconds,
    maxWrappingTtlSeconds: rule.maxWrappingTtlSeconds,
  };
}

function denies(rule: VaultPolicyRule): boolean {
  return rule.capabilities.includes("deny");
}

function indexedAt(rules: readonly PlacedRule[], nowMs: number): IndexedRules {
  const live = rules.filter(({ rule }) => rule.expiresAtMs === undefined || nowMs <= rule.expiresAtMs);
  const untilMs = live.reduce(
    (until, { rule }) => Math.min(until, rule.expiresAtMs ?? until),
    Number.POSITIVE_INFINITY,
  );
  return { index: indexOf(live), fromMs: nowMs, untilMs };
}

function indexOf(rules: readonly PlacedRule[]): RuleIndex {
  const index = new RuleIndex();
  for (const { policy, rule, path } of rules) index.add(path, effectiveRuleOf(rule, policy));
  index.seal();
  return index;
}
