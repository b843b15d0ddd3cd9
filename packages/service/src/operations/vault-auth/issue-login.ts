import type { Core } from "../../core.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { TokenRecord, VaultTokenFacts } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Write } from "../../ports/store.ts";
import { isFrom } from "../../vault/cidrs.ts";
import { issueVaultToken } from "../../vault/issue-token.ts";
import { accessOf } from "../../vault/vault-identities.ts";
import { loginEntity } from "../vault-identity/login-entity.ts";
import { refuseInput, refuseLogin } from "./auth-operation.ts";
import { parsePolicies, type TokenParams } from "./token-params.ts";

/** Who was found to be logging in. */
export interface FoundLogin {
  readonly mount: MountRecord;
  /** Below the mount, such as `login` or `login/bob`. */
  readonly path: string;
  readonly params: TokenParams;
  /** Behind the mount's name in the token's display name; empty where that is all. */
  readonly displayName: string;
  readonly meta: Readonly<Record<string, string>>;
  /** What this method calls the caller: the same on each login. */
  readonly aliasName: string;
  /** What this method calls the groups that the caller is in, for external groups. */
  readonly groups?: readonly string[];
  /** What the identity keeps of it, where that is not `meta`. */
  readonly aliasMeta?: Readonly<Record<string, string>>;
  /** Networks of the token, where they are not those of `params`. */
  readonly boundCidrs?: readonly string[];
  /** The networks bind the token alone: it may be got for somebody who is there. */
  readonly fromAnywhere?: boolean;
  /** SHA-256 in hex of the TLS certificate that it was got with, and is renewed with. */
  readonly certificateDigest?: string;
}

/** A token that a login gave. */
export interface VaultLogin {
  readonly record: TokenRecord & { readonly vault: VaultTokenFacts };
  /** Shown once. */
  readonly token: string;
  readonly warnings: readonly string[];
  /** Names of the policies that the token has by its entity. */
  readonly identityPolicies: readonly string[];
}

/** A login to be committed. */
export interface PendingLogin {
  readonly login: VaultLogin;
  readonly writes: readonly Write[];
}

/**
 * Refuses a login from outside the networks of a role.
 *
 * @throws ServiceError AccessDenied
 */
export function checkNetwork(mount: MountRecord, { boundCidrs }: TokenParams, { sourceIp }: RequestContext): void {
  if (boundCidrs.length > 0 && !isFrom(sourceIp, boundCidrs)) refuseLogin(mount);
}

/**
 * Makes the token of a login; nothing but its entity is stored until its writes are committed.
 *
 * @throws ServiceError AccessDenied from outside the networks that the token would be bound to; InvalidInput for root
 */
export async function issueLogin(
  core: Core,
  found: FoundLogin,
  request: RequestContext,
  nowMs: number,
): Promise<PendingLogin> {
  const { mount, params, displayName } = found;
  // OpenBao, internal/vault/request_handling.go: `LoginCreateToken`.
  refuseRoot(parsePolicies(params.policies));
  const boundCidrs = params.strictlyBindIp ? [request.sourceIp] : (found.boundCidrs ?? params.boundCidrs);
  const isElsewhere = boundCidrs.length > 0 && !isFrom(request.sourceIp, boundCidrs);
  if (isElsewhere && found.fromAnywhere !== true) refuseLogin(mount);
  const source = mount.path.slice("auth/".length).replaceAll("/", "-");
  const { aliasName: name, meta, aliasMeta: metadata = meta, groups = [] } = found;
  const entity = await loginEntity(core, { mount, name, metadata, groups }, nowMs);
  // OpenBao, internal/vault/request_handling.go: a disabled entity logs nobody in.
  if (entity.disabled) refuseLogin(mount);
  const { policies: identityPolicies } = await accessOf(core.vaultEntries, entity);
  refuseRoot(identityPolicies);
  const type = tokenTypeOf(mount, params);
  // Nothing counts the uses of what is stored nowhere.
  if (type === "batch" && params.numUses > 0) refuseInput("batch tokens cannot have a limited use count");
  const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = mount.config;
  const issued = issueVaultToken(
    core,
    {
      displayName: displayName === "" ? source : `${source}-${displayName}`,
      path: `${mount.path}/${found.path}`,
      policies: params.policies,
      meta: found.meta,
      ttl: params.ttl === 0 ? defaultLeaseTtl : params.ttl,
      maxTtl: lesser(params.maxTtl, maxLeaseTtl),
      explicitMaxTtl: params.explicitMaxTtl,
      period: params.period,
      numUses: params.numUses,
      renewable: true,
      boundCidrs,
      noDefaultPolicy: params.noDefaultPolicy,
      entityId: entity.id,
      type,
      ...(found.certificateDigest === undefined ? {} : { certificateDigest: found.certificateDigest }),
    },
    nowMs,
  );
  return { login: { ...issued, identityPolicies }, writes: issued.writes };
}

function refuseRoot(policies: readonly string[]): void {
  if (policies.includes("root")) refuseInput("auth methods cannot create root tokens");
}

/** What the mount wants, else what the role wants, else what the mount has for want of that (Vault API: sys/auth tune). */
function tokenTypeOf(
  { config: { tokenType = "default-service" } }: MountRecord,
  { type }: TokenParams,
): "service" | "batch" {
  if (tokenType === "service" || tokenType === "batch") return tokenType;
  if (type !== "default") return type;
  return tokenType === "default-batch" ? "batch" : "service";
}

/** The lesser of two times of which 0 means none. */
function lesser(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}
