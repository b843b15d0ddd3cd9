import { limits } from "../../../limits.ts";
import { defineOperation } from "../../../pipeline/operation.ts";
import { vaultPathAccess } from "../../../vault/vault-principal.ts";
import { countName, type LockedUser, lockedUserName, lockedUsersArea } from "./lockout.ts";

const common = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

/** Vault API: sys/locked-users. At most `limits.authNames`. */
export const listLockedUsers = defineOperation<null, { readonly users: readonly LockedUser[] }>({
  ...common,
  name: "ListLockedUsers",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const users: LockedUser[] = [];
    const most = limits.authNames.value;
    const { names: folders } = await core.vaultEntries.list(lockedUsersArea, "", undefined, most);
    for (const folder of folders) {
      const { names } = await core.vaultEntries.list(lockedUsersArea, folder, undefined, most - users.length);
      for (const name of names) {
        const found = await core.vaultEntries.get<LockedUser>(lockedUsersArea, `${folder}${name}`);
        if (found !== undefined) users.push(found.value);
      }
    }
    return { users };
  },
});

export interface UnlockUserInput {
  readonly mountAccessor: string;
  readonly alias: string;
}

/** Vault API: sys/locked-users/.../unlock. Unlocking who is not locked is no error. */
export const unlockUser = defineOperation<UnlockUserInput, null>({
  ...common,
  name: "UnlockUser",
  readOnly: false,
  record: ({ mountAccessor, alias }) => ({ mountAccessor, alias }),
  async run({ core, input: { mountAccessor, alias } }) {
    const name = lockedUserName(mountAccessor, alias);
    await core.commit([{ op: "delete", table: "vaultEntries", key: { area: lockedUsersArea, name }, revision: "any" }]);
    core.failedLogins.forget(countName(mountAccessor, alias));
    return null;
  },
});
