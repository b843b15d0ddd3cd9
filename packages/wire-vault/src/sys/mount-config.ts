import { type MountConfig, type MountConfigChange, ServiceError } from "@coffer/service";
import { Fields, refuseField } from "../http/fields.ts";
import { systemLeaseTtlSeconds } from "./mount-info.ts";

export function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** A parameter that is a map; undefined when absent. @throws ServiceError InvalidInput */
function readMap(fields: Fields, name: string): Fields | undefined {
  const value = fields.raw(name);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) return refuseField(name, "expected a map");
  return new Fields(value as Readonly<Record<string, unknown>>);
}

/**
 * Options of an engine: a map, or `KEY=VALUE` texts as the CLI sends them.
 *
 * @throws ServiceError InvalidInput
 */
export function readOptions(fields: Fields): Readonly<Record<string, string>> | undefined {
  const value = fields.raw("options");
  if (value === undefined) return undefined;
  const options: [string, string][] = [];
  if (typeof value === "object" && !Array.isArray(value)) {
    const map = new Fields(value as Readonly<Record<string, unknown>>);
    for (const name of map.names()) options.push([name, map.text(name) ?? ""]);
  } else {
    for (const pair of fields.texts("options")) {
      const equals = pair.indexOf("=");
      if (equals < 0) return refuseField("options", "expected key pairs such as version=2");
      options.push([pair.slice(0, equals), pair.slice(equals + 1)]);
    }
  }
  return Object.fromEntries(options);
}

/** A lease setting: `system` and 0 are the system's own. `undefined`: not given. */
function readLease(fields: Fields, name: string, what: string): number | undefined {
  const text = fields.text(name);
  if (text === undefined || text === "") return undefined;
  if (text === "system") return 0;
  try {
    return fields.seconds(name);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return refuse(`unable to parse ${what} of ${JSON.stringify(text.slice(0, 32))}: invalid duration`);
  }
}

const visibilities: ReadonlySet<string> = new Set(["", "hidden", "unauth"]);
const tokenTypes: ReadonlyMap<string, string> = new Map([
  ["", "default-service"],
  ["default-service", "default-service"],
  ["default-batch", "default-batch"],
  ["service", "service"],
  ["batch", "batch"],
]);

function readVisibility(fields: Fields): string | undefined {
  const visibility = fields.text("listing_visibility");
  if (visibility !== undefined && !visibilities.has(visibility)) {
    refuse(`invalid listing_visibility ${visibility.slice(0, 32)}`);
  }
  return visibility;
}

function readTokenType(fields: Fields): string | undefined {
  const text = fields.text("token_type");
  if (text === undefined) return undefined;
  return tokenTypes.get(text) ?? refuse("invalid value for 'token_type'");
}

/** Lists of a mount's settings, by parameter. */
const lists = [
  ["allowed_response_headers", "allowedResponseHeaders"],
  ["audit_non_hmac_request_keys", "auditNonHmacRequestKeys"],
  ["audit_non_hmac_response_keys", "auditNonHmacResponseKeys"],
  ["passthrough_request_headers", "passthroughRequestHeaders"],
] as const;

/** The lists that were given; one that is empty takes what is there away. */
function readLists(fields: Fields): MountConfigChange {
  const given = lists.filter(([parameter]) => fields.raw(parameter) !== undefined);
  return Object.fromEntries(
    given.map(([parameter, member]) => {
      const texts = fields.texts(parameter);
      return [member, texts.length === 0 ? undefined : texts];
    }),
  );
}

/** Without members that are undefined, empty or false. */
function kept(config: Readonly<Record<string, unknown>>): MountConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== "" && value !== false && value !== 0),
  );
}

/**
 * The settings of a new mount (OpenBao, internal/vault/logical_system.go: `handleMount`, `handleEnableAuth`).
 *
 * @throws ServiceError InvalidInput
 */
export function readMountConfig(fields: Fields, isAuth: boolean): MountConfig {
  const config = readMap(fields, "config") ?? new Fields({});
  const defaultLeaseTtl = readLease(config, "default_lease_ttl", "default TTL");
  const maxLeaseTtl = readLease(config, "max_lease_ttl", "max TTL");
  if (maxLeaseTtl && (defaultLeaseTtl ?? 0) > maxLeaseTtl) {
    refuse("given default lease TTL greater than given max lease TTL");
  }
  if (!maxLeaseTtl && (defaultLeaseTtl ?? 0) > systemLeaseTtlSeconds) {
    refuse(`given default lease TTL greater than system max lease TTL of ${systemLeaseTtlSeconds}`);
  }
  return kept({
    defaultLeaseTtl,
    maxLeaseTtl,
    forceNoCache: config.boolean("force_no_cache"),
    listingVisibility: readVisibility(config),
    ...readLists(config),
    ...(isAuth ? { tokenType: readTokenType(config) } : {}),
    local: fields.boolean("local"),
    sealWrap: fields.boolean("seal_wrap"),
    externalEntropyAccess: fields.boolean("external_entropy_access"),
  });
}

/** Auth methods whose logins may be locked out. */
const lockoutTypes: ReadonlySet<string> = new Set(["approle", "ldap", "userpass"]);

function readUserLockout(
  fields: Fields,
  type: string,
  before: MountConfig["userLockout"],
): MountConfig["userLockout"] | undefined {
  const given = readMap(fields, "user_lockout_config");
  if (given === undefined || given.names().length === 0) return before;
  if (!lockoutTypes.has(type)) {
    refuse(`tuning of user lockout configuration for auth type ${JSON.stringify(type)} not allowed`);
  }
  const threshold = given.text("lockout_threshold") || undefined;
  if (threshold !== undefined && !/^[0-9]{1,15}$/.test(threshold)) {
    refuse("unable to parse user lockout threshold: invalid syntax");
  }
  const durationSeconds = readLease(given, "lockout_duration", "lockout duration");
  const counterResetSeconds = readLease(given, "lockout_counter_reset", "lockout counter reset");
  const disabled = given.boolean("lockout_disable");
  return {
    ...before,
    ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(counterResetSeconds === undefined ? {} : { counterResetSeconds }),
    ...(disabled === undefined ? {} : { disabled }),
  };
}

/**
 * What is to change of a mount's settings (OpenBao: `handleTuneWriteCommon`). Options are left out: they are the engine's.
 *
 * @throws ServiceError InvalidInput
 */
export function readTuning(fields: Fields, type: string, before: MountConfig): MountConfigChange {
  const visibility = readVisibility(fields);
  const tokenType = readTokenType(fields);
  const defaultLeaseTtl = readLease(fields, "default_lease_ttl", "default TTL");
  const maxLeaseTtl = readLease(fields, "max_lease_ttl", "max TTL");
  const userLockout = readUserLockout(fields, type, before.userLockout);
  return {
    ...(defaultLeaseTtl === undefined ? {} : { defaultLeaseTtl: defaultLeaseTtl || undefined }),
    ...(maxLeaseTtl === undefined ? {} : { maxLeaseTtl: maxLeaseTtl || undefined }),
    ...(visibility === undefined ? {} : { listingVisibility: visibility || undefined }),
    ...(tokenType === undefined ? {} : { tokenType }),
    ...readLists(fields),
    ...(userLockout === undefined ? {} : { userLockout }),
  };
}
