import { loginOperation, refuseInput } from "../auth-operation.ts";
import { issueLogin, type VaultLogin } from "../issue-login.ts";
import { behindLock } from "../lockout/lockout.ts";
import { findUser, takePassword, userName, type VaultUserInput } from "./user-operations.ts";

export interface UserpassLoginInput extends VaultUserInput {
  /** UTF-8; the caller wipes it. */
  readonly password: Buffer;
}

/** Vault API: auth/userpass/login. A user that is not there costs the work of one that is. */
export const logInWithPassword = loginOperation<UserpassLoginInput, VaultLogin>({
  name: "UserpassLogin",
  readOnly: false,
  record: ({ name }) => ({ user: userName(name) }),
  recordOutput: ({ record }) => ({ accessor: record.accessor, displayName: record.displayName }),
  async run({ core, input, request, nowMs }) {
    const { mount } = input;
    const name = userName(input.name);
    if (input.password.length === 0) refuseInput("missing password");
    return behindLock(core, { mount, alias: name }, nowMs, async (fail) => {
      const user = (await findUser(core, mount, name))?.value;
      using password = takePassword(Buffer.from(input.password));
      if (!(await core.passwords.isRight(password, user?.password)) || user === undefined) {
        await fail(user !== undefined);
        return refuseInput("invalid username or password");
      }
      const found = {
        mount,
        path: `login/${name}`,
        params: user.token,
        displayName: name,
        meta: { username: name },
        aliasName: name,
        aliasMeta: {},
      };
      const { login, writes } = await issueLogin(core, found, request, nowMs);
      await core.commit(writes);
      return login;
    });
  },
});
