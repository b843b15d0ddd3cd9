import { ServiceError } from "../../../errors.ts";
import { type AuthMountInput, authOperation, refuseInput, refuseMissing } from "../auth-operation.ts";
import {
  type AppRole,
  type AppRoleChanges,
  changeRole,
  findRole,
  newRole,
  roleIdDeletion,
  roleWrites,
} from "./app-role.ts";
import { flushSecretIds } from "./secret-id.ts";

/** Input of operations on one role. */
export interface AppRoleInput extends AuthMountInput {
  readonly name: string;
}

export interface WriteAppRoleInput extends AppRoleInput {
  readonly changes: AppRoleChanges;
  /** `create` refuses a role that is there by then, `update` one that is not. */
  readonly mode: "create" | "update";
}

const recordName = ({ name }: AppRoleInput) => ({ role: name });

/** Vault API: auth/approle, create or update a role, or a part of it. */
export const writeAppRole = authOperation<WriteAppRoleInput, null>({
  name: "WriteAppRole",
  readOnly: false,
  record: ({ name, changes }) => ({ role: name, changes: Object.keys(changes) }),
  async run({ core, input }) {
    const { mount, name, changes, mode } = input;
    const before = await findRole(core, mount, name);
    if (before === undefined && mode === "update") refuseMissing();
    if (before !== undefined && mode === "create") {
      throw ServiceError.of("Conflict", { reason: "Another request made the same role. Try again." });
    }
    if (before !== undefined && changes.localSecretIds !== undefined) {
      refuseInput("local_secret_ids can only be modified during role creation");
    }
    const role = changeRole(before?.value ?? newRole(core, name), changes, mount);
    await core.commit(await roleWrites(core, mount, before, role));
    return null;
  },
});

/** Vault API: auth/approle, read a role. */
export const readAppRole = authOperation<AppRoleInput, AppRole | undefined>({
  name: "ReadAppRole",
  readOnly: true,
  record: recordName,
  async run({ core, input }) {
    return (await findRole(core, input.mount, input.name))?.value;
  },
});

/** Vault API: auth/approle, delete a role. Its secret ids end with it. */
export const deleteAppRole = authOperation<AppRoleInput, null>({
  name: "DeleteAppRole",
  readOnly: false,
  record: recordName,
  async run({ core, input }) {
    const { mount, name } = input;
    const found = await findRole(core, mount, name);
    if (found === undefined) return null;
    // From here on no secret id is found any more: their folder is the role's own.
    await core.commit([core.vaultEntries.delete(found), ...(await roleIdDeletion(core, mount, found.value.roleId))]);
    await flushSecretIds(core, mount, found.value.id);
    return null;
  },
});
