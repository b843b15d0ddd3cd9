import { sanitisePolicies } from "../../vault/issue-token.ts";
import { goList, goQuote, matchesGlob } from "./texts.ts";
import { refuseInput } from "./token-operation.ts";
import type { TokenRole } from "./token-role.ts";

/** Policies that mean something by themselves: no token may be given them (OpenBao: `NonAssignablePolicies`). */
const reserved: ReadonlySet<string> = new Set(["response-wrapping"]);

export interface WantedPolicies {
  /** As asked for. */
  readonly policies: readonly string[];
  readonly noDefaultPolicy: boolean;
  readonly role: TokenRole | undefined;
  readonly parentPolicies: readonly string[];
  readonly isSudo: boolean;
}

/**
 * The policies of a new token: those of a role where it names some, else a part of its parent's unless the caller has
 * `sudo` (OpenBao, internal/vault/token_store.go: `resolveTokenPolicies`, whose words the refusals have).
 *
 * @throws ServiceError InvalidInput
 */
export function resolveTokenPolicies(wanted: WantedPolicies): readonly string[] {
  const { noDefaultPolicy } = wanted;
  const found = chosenPolicies(wanted).filter((policy) => !noDefaultPolicy || policy !== "default");
  const held = found.find((policy) => reserved.has(policy));
  if (held !== undefined) refuseInput(`cannot assign policy ${goQuote(held)}`);
  return found;
}

function chosenPolicies(wanted: WantedPolicies): readonly string[] {
  const { policies, noDefaultPolicy, role, parentPolicies, isSudo } = wanted;
  if (role !== undefined && choosesPolicies(role)) return sanitisePolicies(rolePolicies(role, wanted), false);
  const parents = sanitisePolicies(parentPolicies, false);
  if (policies.length === 0) return parents;
  if (isSudo) return sanitisePolicies(policies, !noDefaultPolicy);
  const asked = sanitisePolicies(policies, false);
  if (!asked.every((policy) => parents.includes(policy))) refuseInput("child policies must be subset of parent");
  return sanitisePolicies(policies, !noDefaultPolicy && parentPolicies.includes("default"));
}

function choosesPolicies(role: TokenRole): boolean {
  const { allowedPolicies, disallowedPolicies, allowedPoliciesGlob, disallowedPoliciesGlob } = role;
  return [allowedPolicies, disallowedPolicies, allowedPoliciesGlob, disallowedPoliciesGlob].some(
    (policies) => policies.length > 0,
  );
}

function rolePolicies(
  role: TokenRole,
  { policies, noDefaultPolicy, parentPolicies }: WantedPolicies,
): readonly string[] {
  const { allowedPolicies, disallowedPolicies, allowedPoliciesGlob, disallowedPoliciesGlob } = role;
  const isDisallowed = (policy: string) =>
    disallowedPolicies.includes(policy) || disallowedPoliciesGlob.some((glob) => matchesGlob(glob, policy));
  const addDefault = !noDefaultPolicy && !role.token.noDefaultPolicy && !isDisallowed("default");
  let chosen = policies.length === 0 ? [] : sanitisePolicies(policies, addDefault);
  if (allowedPolicies.length > 0 || allowedPoliciesGlob.length > 0) {
    const allowed = sanitisePolicies(allowedPolicies, addDefault);
    const globs = sanitisePolicies(allowedPoliciesGlob, false);
    if (chosen.length === 0) chosen = allowed;
    const isAllowed = (policy: string) => allowed.includes(policy) || globs.some((glob) => matchesGlob(glob, policy));
    if (!chosen.every(isAllowed)) {
      const words = `must be subset of the role's allowed policies (${goList(allowed)}) or glob policies (${goList(globs)})`;
      refuseInput(`token policies (${goList(chosen)}) ${words}`);
    }
  } else if (chosen.length === 0) chosen = sanitisePolicies(parentPolicies, addDefault);
  const refused = chosen.find(isDisallowed);
  if (refused !== undefined) refuseInput(`token policy ${goQuote(refused)} is disallowed by this role`);
  return chosen;
}
