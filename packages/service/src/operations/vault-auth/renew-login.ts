import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { TokenRecord, VaultTokenFacts } from "../../model/principal.ts";
import { sanitisePolicies } from "../../vault/issue-token.ts";
import { findRole } from "./approle/app-role.ts";
import { findCertRole } from "./cert/cert-role.ts";
import { checkSameCertificate } from "./cert/log-in.ts";
import { findJwtRole } from "./jwt/jwt-role.ts";
import { findKubeRole } from "./kubernetes/kube-role.ts";
import type { TokenParams } from "./token-params.ts";
import { findUser } from "./userpass/user-operations.ts";

/** A token of a login that is to be renewed. */
export interface LoginRenewal {
  readonly record: TokenRecord & { readonly vault: VaultTokenFacts };
  /** What the connection of whoever renews it shows, leaf first; DER. */
  readonly certificates: readonly Uint8Array[];
}

/** How an auth method knows the tokens that its logins gave. */
interface Renewing {
  /** Under which name their metadata has the role, user or certificate. No caller can choose it. */
  readonly nameIn: string;
  /** Whether policies that have changed since keep them from being renewed. */
  readonly samePolicies: boolean;
  readonly find: (
    core: Core,
    mount: MountRecord,
    name: string,
  ) => Promise<{ readonly value: { readonly token: TokenParams } } | undefined>;
}

/** OpenBao, internal/builtin/credential: `pathLoginRenew` of each. */
const methods: ReadonlyMap<string, Renewing> = new Map<string, Renewing>([
  ["approle", { nameIn: "role_name", samePolicies: false, find: findRole }],
  ["cert", { nameIn: "cert_name", samePolicies: true, find: findCertRole }],
  ["jwt", { nameIn: "role", samePolicies: false, find: findJwtRole }],
  ["kubernetes", { nameIn: "role", samePolicies: false, find: findKubeRole }],
  ["userpass", { nameIn: "username", samePolicies: true, find: findUser }],
]);

/** What renewals of tokens of a login go by now; seconds. */
export type LoginTimes = Pick<TokenParams, "ttl" | "maxTtl" | "period">;

/**
 * Checks that the role or user of a login is still there and still gives what it gave: whoever was taken out must not stay
 * in by renewing. Tokens of a TLS certificate are renewed with that same one (CVE-2026-39388).
 *
 * @returns undefined for tokens that no login gave
 * @throws ServiceError InvalidInput
 */
export async function checkLoginRenewal(
  core: Core,
  { record, certificates }: LoginRenewal,
  nowMs: number,
): Promise<LoginTimes | undefined> {
  const { vault, vaultPolicies } = record;
  const mount = (await core.mounts.match(vault.path))?.mount;
  const method = mount && methods.get(mount.type);
  if (mount === undefined || method === undefined) return undefined;
  const name = vault.meta?.[method.nameIn] ?? "";
  const role = (await method.find(core, mount, name))?.value;
  if (role === undefined) refuseRenewal(`role ${JSON.stringify(name)} does not exist during renewal`);
  const { policies, ttl, maxTtl, period } = role.token;
  if (method.samePolicies && own(policies) !== own(vaultPolicies)) {
    refuseRenewal("policies have changed, not renewing");
  }
  if (mount.type === "cert") {
    const isSame = await checkSameCertificate(core, { mount, name, certificates }, vault.certificateDigest, nowMs);
    if (!isSame) refuseRenewal("client identity during renewal not matching client identity used during login");
  }
  const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = mount.config;
  const most = maxTtl === 0 || maxLeaseTtl === 0 ? maxTtl + maxLeaseTtl : Math.min(maxTtl, maxLeaseTtl);
  return { ttl: ttl === 0 ? defaultLeaseTtl : ttl, maxTtl: most, period };
}

/** Policies without the one that every token may have, to be compared (OpenBao, policyutil: `EquivalentPolicies`). */
function own(policies: readonly string[]): string {
  return JSON.stringify(sanitisePolicies(policies, false).filter((policy) => policy !== "default"));
}

function refuseRenewal(problem: string): never {
  const reason = `1 error occurred:\n\t* failed to renew entry: ${problem}\n\n`;
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}
