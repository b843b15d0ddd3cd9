import type { VaultAclDecision, VaultAclRule } from "./types.ts";

/** What a refusal of a Vault ACL left behind. */
export interface VaultRefusal extends Pick<VaultAclDecision, "reason" | "parameter" | "rules"> {
  readonly path: string;
  /** What was missing. */
  readonly capability: string;
}

/** The least that would have allowed a request. */
export type VaultRemedy =
  /** A rule for one of the token's policies. It also has what the path's rules give now, which it would hide. */
  | { readonly kind: "add"; readonly rule: string }
  /** Nothing that is added helps: these rules say no to the very path. */
  | { readonly kind: "remove"; readonly rules: readonly VaultAclRule[] }
  /** The request has to change, or what these rules say of the parameter. */
  | { readonly kind: "parameter"; readonly parameter: string; readonly rules: readonly VaultAclRule[] }
  /** The request has to ask for its answer to be wrapped, within these rules' times. */
  | { readonly kind: "wrapping"; readonly rules: readonly VaultAclRule[] }
  /** The request has to ask for pages within these rules' size. */
  | { readonly kind: "pagination"; readonly rules: readonly VaultAclRule[] };

/** @returns undefined for what was no refusal, and for paths that a rule would understand otherwise */
export function findVaultRemedy(refusal: VaultRefusal): VaultRemedy | undefined {
  const { reason, rules, path, capability, parameter } = refusal;
  if (reason === "parameter") return { kind: "parameter", parameter: parameter ?? "", rules };
  if (reason === "wrapping" || reason === "pagination") return { kind: reason, rules };
  if (reason !== "noRule" && reason !== "capability" && reason !== "deny") return undefined;
  const exact = rules.some((rule) => isFor(rule, path));
  if (reason === "deny" && exact) {
    return { kind: "remove", rules: rules.filter((rule) => rule.capabilities.includes("deny")) };
  }
  if (/(?:^|\/)\+|\*$|\{\{|\}\}/.test(path)) return undefined;
  // Capabilities of rules for one path add up; a rule for a more specific path hides the others.
  const kept = exact || reason === "deny" ? [] : rules.flatMap((rule) => rule.capabilities);
  const capabilities = [...new Set([...kept, capability])].sort();
  const listed = capabilities.map((each) => JSON.stringify(each)).join(", ");
  return { kind: "add", rule: `path ${JSON.stringify(path)} { capabilities = [${listed}] }` };
}

/** Whether the rule is for the path itself; a list's path has a slash that its rule need not have. */
function isFor(rule: VaultAclRule, path: string): boolean {
  return rule.path === path || `${rule.path}/` === path;
}
