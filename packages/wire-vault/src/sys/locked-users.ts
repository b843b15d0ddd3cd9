import { listLockedUsers, unlockUser } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";

interface MountRow {
  readonly mount_accessor: string;
  readonly counts: number;
  readonly alias_identifiers: readonly string[] | null;
}

/** Vault API: sys/locked-users; the mounts with most locked users first. */
const listRoute: RouteHandler = async (call) => {
  const wanted = call.fields.text("mount_accessor") ?? "";
  const { users } = await call.execute(listLockedUsers, null);
  const aliases = new Map<string, string[]>(wanted === "" ? [] : [[wanted, []]]);
  for (const { mountAccessor, alias } of users) {
    if (wanted !== "" && mountAccessor !== wanted) continue;
    const known = aliases.get(mountAccessor);
    if (known === undefined) aliases.set(mountAccessor, [alias]);
    else known.push(alias);
  }
  const mounts = [...aliases].map(([mount_accessor, names]): MountRow => {
    return { mount_accessor, counts: names.length, alias_identifiers: names.length === 0 ? null : names.sort() };
  });
  mounts.sort((one, other) => other.counts - one.counts);
  const total = mounts.reduce((sum, { counts }) => sum + counts, 0);
  const root = { namespace_id: "root", namespace_path: "", counts: total, mount_accessors: mounts };
  return ok(JSON.stringify({ by_namespace: [root], total }));
};

/** Vault API: sys/locked-users/MOUNT_ACCESSOR/unlock/ALIAS_IDENTIFIER. */
const unlockRoute: RouteHandler = async (call) => {
  const [mountAccessor, alias] = call.captures;
  await call.execute(unlockUser, { mountAccessor: mountAccessor!, alias: alias! });
  return noContent;
};

/** Who is locked out after failed logins. */
export const lockedUserRoutes: readonly Route[] = [
  { pattern: "locked-users", fields: ["mount_accessor"], operations: { read: listRoute } },
  { pattern: "locked-users/:name/unlock/*", fields: [], operations: { update: unlockRoute } },
];
