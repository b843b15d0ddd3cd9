import { SecretBytes } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import { limits } from "../../../limits.ts";
import type { MountRecord } from "../../../model/mount.ts";
import type { PasswordHash } from "../../../vault/password-checks.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";
import { changeTokenParams, plainTokenParams, type TokenParamChanges, type TokenParams } from "../token-params.ts";

/** A user of userpass. */
export interface VaultUser {
  readonly password: PasswordHash;
  readonly token: TokenParams;
  /** What was set by old names, by those, as the wire has them: to be shown by those too. */
  readonly old: Readonly<Record<string, unknown>>;
}

export interface VaultUserInput extends AuthMountInput {
  readonly name: string;
}

export interface WriteVaultUserInput extends VaultUserInput {
  /** Taken over and wiped. Absent keeps the one that there is. */
  readonly password?: Buffer;
  readonly token: TokenParamChanges;
  /** null forgets one. */
  readonly old: Readonly<Record<string, unknown>>;
  /** `create` makes a user that is not there; `update` refuses that one. */
  readonly mode: "create" | "update";
}

/** User names are the same in upper and lower case; the wire lets only ASCII through. */
export function userName(name: string): string {
  return name.toLowerCase();
}

export function findUser(core: Core, mount: MountRecord, name: string): Promise<VaultEntry<VaultUser> | undefined> {
  return core.vaultEntries.get<VaultUser>(authArea(mount, "user"), userName(name));
}

/** @throws ServiceError InvalidInput when it is longer than any password */
export function takePassword(password: Buffer): SecretBytes {
  const max = limits.passwordBytes.value;
  if (password.length <= max) return SecretBytes.takeFrom(password);
  password.fill(0);
  return refuseInput(`password is longer than maximum of ${max} bytes`);
}

/** Vault API: auth/userpass, create or update a user, or a part of one. */
export const writeVaultUser = authOperation<WriteVaultUserInput, null>({
  name: "WriteVaultUser",
  readOnly: false,
  record: ({ name, token, password }) => ({
    user: userName(name),
    changes: [...Object.keys(token), ...(password === undefined ? [] : ["password"])],
  }),
  async run({ core, input }) {
    const { mount, name, mode } = input;
    const before = await findUser(core, mount, name);
    if (before === undefined && mode === "update") refuseInput("username does not exist");
    if (before !== undefined && mode === "create") {
      throw ServiceError.of("Conflict", { reason: "Another request made the same user. Try again." });
    }
    const token = changeTokenParams(before?.value.token ?? plainTokenParams, input.token);
    const old = Object.fromEntries(
      Object.entries({ ...before?.value.old, ...input.old }).filter(([, value]) => value !== null),
    );
    const password = await passwordOf(core, input, before?.value);
    const user: VaultUser = { password, token, old };
    const area = authArea(mount, "user");
    const write =
      before === undefined
        ? core.vaultEntries.insert(area, userName(name), user)
        : core.vaultEntries.update(before, user);
    await core.commit([write]);
    return null;
  },
});

async function passwordOf(
  core: Core,
  { password }: WriteVaultUserInput,
  before: VaultUser | undefined,
): Promise<PasswordHash> {
  if (password !== undefined && password.length > 0) {
    // A copy: the operation may run again.
    using secret = takePassword(Buffer.from(password));
    return await core.passwords.hash(secret);
  }
  return before?.password ?? refuseInput("must provide either password or password_hash");
}

/** Vault API: auth/userpass, read a user. */
export const readVaultUser = authOperation<VaultUserInput, Pick<VaultUser, "token" | "old"> | undefined>({
  name: "ReadVaultUser",
  readOnly: true,
  record: ({ name }) => ({ user: userName(name) }),
  async run({ core, input }) {
    const found = await findUser(core, input.mount, input.name);
    return found && { token: found.value.token, old: found.value.old };
  },
});

/** Vault API: auth/userpass, delete a user. The tokens of earlier logins stay. */
export const deleteVaultUser = authOperation<VaultUserInput, null>({
  name: "DeleteVaultUser",
  readOnly: false,
  record: ({ name }) => ({ user: userName(name) }),
  async run({ core, input }) {
    const found = await findUser(core, input.mount, input.name);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});
