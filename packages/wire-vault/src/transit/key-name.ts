import { ServiceError } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { isVaultName, type RoutePath } from "../http/routes.ts";
import { vaultLimits } from "../limits.ts";

/** The mount whose keys are plain aliases. */
const defaultMount = "transit";

/** What the aliases of a mount's keys start with: `alias/` for `transit`, `alias/MOUNT/` for any other. */
export function aliasPrefix(mountPath: string): string {
  return mountPath === defaultMount ? "alias/" : `alias/${mountPath}/`;
}

/** Whether the key that a path names first is there: what tells `create` from `update`. */
export function keyExists({ core, mount, captures }: RoutePath): boolean | Promise<boolean> {
  return core.keys.hasAlias(core.account, core.homeRegion, `${aliasPrefix(mount!.path)}${captures[0]!}`);
}

/** Whether a key has the name. */
export function keyExistsByName({ core }: VaultCall, { alias }: NamedKey): boolean | Promise<boolean> {
  return core.keys.hasAlias(core.account, core.homeRegion, alias);
}

/** A Transit key as a call names it. */
export interface NamedKey {
  readonly name: string;
  /** Its alias: how the core knows it. */
  readonly alias: string;
}

/**
 * The key that capture `index` of the call's path names. A route's name pattern lets no slash through, so no name reaches
 * an alias of another mount or of a service.
 *
 * @throws ServiceError InvalidInput when the name is too long
 */
export function namedKey(call: VaultCall, index = 0): NamedKey {
  const name = checkedLength(call.captures[index]!);
  return { name, alias: `${aliasPrefix(call.mount!.path)}${name}` };
}

/** A name that no route's pattern has looked at. @throws ServiceError InvalidInput */
export function checkedKeyName(name: string): string {
  if (isVaultName(name)) return checkedLength(name);
  throw ServiceError.of("InvalidInput", { kind: "validation", member: "name", reason: "invalid key name" });
}

function checkedLength(name: string): string {
  const max = vaultLimits.keyNameChars.value;
  if (name.length > max) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "name",
      reason: `a key name has at most ${max} characters`,
    });
  }
  return name;
}
