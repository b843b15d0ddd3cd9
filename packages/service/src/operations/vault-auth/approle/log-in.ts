import type { Core } from "../../../core.ts";
import type { MountRecord } from "../../../model/mount.ts";
import type { RequestContext } from "../../../model/request.ts";
import type { Write } from "../../../ports/store.ts";
import { areSubsets, isFrom } from "../../../vault/cidrs.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { type AuthMountInput, loginOperation, refuseInput } from "../auth-operation.ts";
import { issueLogin, type VaultLogin } from "../issue-login.ts";
import { behindLock } from "../lockout/lockout.ts";
import { type AppRole, findRoleById } from "./app-role.ts";
import { findSecretId, type SecretId, secretIdUse } from "./secret-id.ts";

export interface AppRoleLoginInput extends AuthMountInput {
  readonly roleId: string;
  readonly secretId: string;
}

/** One text for every wrong pair: which half of it was wrong is nobody's business. */
const wrongCredentials = "invalid role or secret ID";

/**
 * Vault API: auth/approle/login. A use of a secret id is counted in the commit that makes the token, so uses at once never
 * exceed their number.
 */
export const logInWithAppRole = loginOperation<AppRoleLoginInput, VaultLogin>({
  name: "AppRoleLogin",
  readOnly: false,
  record: () => ({}),
  recordOutput: ({ record }) => ({ accessor: record.accessor, displayName: record.displayName }),
  async run({ core, input, request, nowMs }) {
    const { mount } = input;
    const roleId = input.roleId.trim();
    if (roleId === "") refuseInput("missing role_id");
    return behindLock(core, { mount, alias: roleId }, nowMs, async (fail) => {
      const role = await findRoleById(core, mount, roleId);
      if (role === undefined) return failed(fail, false);
      const found = role.bindSecretId ? await findShown(core, input, role) : null;
      if (found === undefined) return failed(fail, true);
      const shown = found === null ? undefined : useSecretId(core, mount, found, role, request, nowMs);
      if (role.secretIdBoundCidrs.length > 0 && !isFrom(request.sourceIp, role.secretIdBoundCidrs)) {
        refuseInput(`source address "${request.sourceIp}" unauthorized by CIDR restrictions on the role`);
      }
      const own = shown?.secretId.tokenBoundCidrs ?? [];
      const { login, writes } = await issueLogin(
        core,
        {
          mount,
          path: "login",
          params: role.token,
          displayName: "",
          meta: { ...shown?.secretId.metadata, role_name: role.name },
          aliasName: role.roleId,
          fromAnywhere: true,
          ...(own.length > 0 ? { boundCidrs: own } : {}),
        },
        request,
        nowMs,
      );
      await core.commit([...(shown?.writes ?? []), ...writes]);
      return login;
    });
  },
});

async function failed(fail: (isKnown: boolean) => Promise<void>, isKnown: boolean): Promise<never> {
  await fail(isKnown);
  return refuseInput(wrongCredentials);
}

interface ShownSecretId {
  readonly secretId: SecretId;
  readonly writes: readonly Write[];
}

function findShown(core: Core, { mount, secretId }: AppRoleLoginInput, role: AppRole) {
  const shown = secretId.trim();
  if (shown === "") refuseInput("missing secret_id");
  return findSecretId(core, mount, role, shown);
}

function useSecretId(
  core: Core,
  mount: MountRecord,
  found: VaultEntry<SecretId>,
  role: AppRole,
  { sourceIp }: RequestContext,
  nowMs: number,
): ShownSecretId {
  const { cidrs } = found.value;
  // The role's networks may have been narrowed since the secret id was made.
  if (!areSubsets(cidrs, role.secretIdBoundCidrs) || (cidrs.length > 0 && !isFrom(sourceIp, cidrs))) {
    refuseInput(`source address "${sourceIp}" unauthorized through CIDR restrictions on the secret ID`);
  }
  return { secretId: found.value, writes: secretIdUse(core, mount, found, nowMs) };
}
