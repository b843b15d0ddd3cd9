import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { type AuthMountInput, authArea, authOperation } from "./auth-operation.ts";

/** What an auth method has names for. */
export type ListedKind = "role" | "user" | "cert";

export interface ListAuthNamesInput extends AuthMountInput {
  readonly kind: ListedKind;
  /** The name before the first one; empty for the start. */
  readonly after: string;
  /** At most this many; all when 0. */
  readonly limit: number;
}

/** Vault API: the lists of roles, users and certificates of auth methods. */
export const listAuthNames = authOperation<ListAuthNamesInput, { readonly names: readonly string[] }>({
  name: "ListAuthNames",
  readOnly: true,
  record: ({ kind }) => ({ kind }),
  run: async ({ core, input: { mount, kind, after, limit } }) => ({
    names: await namesBelow(core, mount, kind, "", after, listed(limit)),
  }),
});

/** Whether there is a role, user or certificate of a name: what tells `create` from `update`. */
export async function authNameExists(core: Core, mount: MountRecord, kind: ListedKind, name: string): Promise<boolean> {
  return (await core.vaultEntries.get(authArea(mount, kind), name)) !== undefined;
}

/** How many names one list has: `limit`, and all when that is 0, but never more than `limits.authNames`. */
export function listed(limit: number): number {
  return Math.min(limit > 0 ? limit : Number.POSITIVE_INFINITY, limits.authNames.value);
}

/** The names right below a folder of what an auth method keeps. */
export async function namesBelow(
  core: Core,
  mount: MountRecord,
  kind: string,
  folder: string,
  after = "",
  most = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (let cursor = after; names.length < most; ) {
    const count = Math.min(limits.pageItems.value, most - names.length);
    const page = await core.vaultEntries.list(authArea(mount, kind), folder, cursor, count);
    names.push(...page.names);
    const last = page.names.at(-1);
    if (!page.more || last === undefined) break;
    cursor = last;
  }
  return names;
}
