import type { MountRecord } from "@coffer/service";

/** Vault's longest lease, and its default one: what a mount without settings of its own has. */
export const systemLeaseTtlSeconds = 2_764_800;

const builtInTypes: ReadonlySet<string> = new Set(["cubbyhole", "identity", "system", "token"]);

/** Members in the order given, without those that are undefined. */
function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** The path of an auth method in its own table; undefined for secrets engines. */
export function authMethodPath(mount: MountRecord): string | undefined {
  return mount.path.startsWith("auth/") ? mount.path.slice("auth/".length) : undefined;
}

function tokenTypeOf(mount: MountRecord): string | undefined {
  return authMethodPath(mount) === undefined ? undefined : (mount.config.tokenType ?? "default-service");
}

function userLockoutOf({ config: { userLockout } }: MountRecord) {
  if (userLockout === undefined) return undefined;
  return {
    user_lockout_counter_reset_duration: userLockout.counterResetSeconds ?? 0,
    user_lockout_disable: userLockout.disabled ?? false,
    user_lockout_duration: userLockout.durationSeconds ?? 0,
    user_lockout_threshold: userLockout.threshold ?? 0,
  };
}

/** A mount as its table lists it (OpenBao, internal/vault/logical_system.go: `mountInfo`). */
export function mountInfo(mount: MountRecord): Record<string, unknown> {
  const { config } = mount;
  const builtIn = builtInTypes.has(mount.type);
  return present({
    accessor: mount.accessor,
    config: present({
      allowed_response_headers: config.allowedResponseHeaders,
      audit_non_hmac_request_keys: config.auditNonHmacRequestKeys,
      audit_non_hmac_response_keys: config.auditNonHmacResponseKeys,
      default_lease_ttl: config.defaultLeaseTtl ?? 0,
      force_no_cache: config.forceNoCache ?? false,
      listing_visibility: config.listingVisibility,
      max_lease_ttl: config.maxLeaseTtl ?? 0,
      passthrough_request_headers: config.passthroughRequestHeaders,
      token_type: tokenTypeOf(mount),
      user_lockout_config: userLockoutOf(mount),
    }),
    deprecation_status: builtIn ? undefined : "supported",
    description: mount.description,
    external_entropy_access: config.externalEntropyAccess ?? false,
    local: config.local ?? false,
    options: config.options ?? (builtIn ? null : {}),
    plugin_version: "",
    running_plugin_version: "",
    running_sha256: "",
    seal_wrap: config.sealWrap ?? false,
    type: mount.type,
    uuid: mount.uuid,
  });
}

/** A mount's settings as `tune` gives them (OpenBao: `handleTuneReadCommon`). */
export function tuneInfo(mount: MountRecord): Record<string, unknown> {
  const { config } = mount;
  return present({
    allowed_response_headers: config.allowedResponseHeaders,
    audit_non_hmac_request_keys: config.auditNonHmacRequestKeys,
    audit_non_hmac_response_keys: config.auditNonHmacResponseKeys,
    default_lease_ttl: config.defaultLeaseTtl || systemLeaseTtlSeconds,
    description: mount.description,
    external_entropy_access: config.externalEntropyAccess === true ? true : undefined,
    force_no_cache: config.forceNoCache ?? false,
    listing_visibility: config.listingVisibility,
    max_lease_ttl: config.maxLeaseTtl || systemLeaseTtlSeconds,
    options: config.options,
    passthrough_request_headers: config.passthroughRequestHeaders,
    token_type: tokenTypeOf(mount),
    ...userLockoutOf(mount),
  });
}
