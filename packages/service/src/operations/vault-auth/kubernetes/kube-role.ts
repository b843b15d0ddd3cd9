import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { maxTtlSeconds } from "../../../vault/token-ttl.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";
import { changeTokenParams, plainTokenParams, type TokenParamChanges, type TokenParams } from "../token-params.ts";
import { parseSelector } from "./namespace-selector.ts";

/** A role of Kubernetes logins (Vault API: auth/kubernetes/role). */
export interface KubeRole {
  /** With `*` for anything. */
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  /** JSON of a label selector; empty for none. */
  readonly namespaceSelector: string;
  /** Empty for any. */
  readonly audience: string;
  readonly aliasNameSource: "serviceaccount_uid" | "serviceaccount_name";
  readonly token: TokenParams;
  /** Parameters by their old names: kept to be shown, as the wire has them. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What a write of a role gives. */
export type KubeRoleChanges = Partial<Omit<KubeRole, "token" | "aliasNameSource" | "shown">> & {
  readonly aliasNameSource?: string;
  readonly namespaceSelector: string;
  readonly token: TokenParamChanges;
  /** null forgets one. */
  readonly shown: Readonly<Record<string, unknown>>;
};

const plainRole: KubeRole = {
  names: [],
  namespaces: [],
  namespaceSelector: "",
  audience: "",
  aliasNameSource: "serviceaccount_uid",
  token: plainTokenParams,
  shown: {},
};

export interface KubeRoleInput extends AuthMountInput {
  readonly name: string;
}

export interface WriteKubeRoleInput extends KubeRoleInput {
  readonly changes: KubeRoleChanges;
  readonly mode: "create" | "update";
}

/** The role of a name, in any case. */
export function findKubeRole(core: Core, mount: MountRecord, name: string): Promise<VaultEntry<KubeRole> | undefined> {
  return core.vaultEntries.get<KubeRole>(authArea(mount, "role"), name.toLowerCase());
}

const aliasSources: ReadonlyMap<string, KubeRole["aliasNameSource"]> = new Map([
  ["", "serviceaccount_uid"],
  ["serviceaccount_uid", "serviceaccount_uid"],
  ["serviceaccount_name", "serviceaccount_name"],
]);

function changeRole(before: KubeRole, changes: KubeRoleChanges, mount: MountRecord): KubeRole {
  const { aliasNameSource: wantedSource, token, shown, ...rest } = changes;
  const aliasNameSource = aliasSources.get(wantedSource ?? before.aliasNameSource);
  if (aliasNameSource === undefined)
    refuseInput("invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name");
  const kept = Object.entries({ ...before.shown, ...shown }).filter(([, value]) => value !== null);
  const role: KubeRole = {
    ...before,
    ...rest,
    aliasNameSource,
    token: changeTokenParams(before.token, token),
    shown: Object.fromEntries(kept),
  };
  const longest = mount.config.maxLeaseTtl ?? maxTtlSeconds;
  if (role.token.period > longest) {
    refuseInput(
      `token period of '"${role.token.period}s"' is greater than the backend's maximum lease TTL of '"${longest}s"'`,
    );
  }
  const { names, namespaces, namespaceSelector } = role;
  if (names.length === 0) refuseInput('"bound_service_account_names" can not be empty');
  refuseMixed(names);
  if (namespaces.length === 0 && namespaceSelector === "") {
    refuseInput(
      '"bound_service_account_namespaces" can not be empty if "bound_service_account_namespace_selector" is not set',
    );
  }
  if (namespaceSelector !== "" && parseSelector(namespaceSelector) === undefined) {
    refuseInput('invalid "bound_service_account_namespace_selector" configured');
  }
  refuseMixed(namespaces);
  return role;
}

function refuseMixed(patterns: readonly string[]): void {
  if (patterns.length > 1 && patterns.includes("*")) refuseInput('can not mix "*" with values');
}

/** Vault API: auth/kubernetes/role, create or update. */
export const writeKubeRole = authOperation<WriteKubeRoleInput, null>({
  name: "WriteKubernetesRole",
  readOnly: false,
  record: ({ name, changes }) => ({ role: name.toLowerCase(), changes: Object.keys(changes) }),
  async run({ core, input: { mount, name, changes, mode } }) {
    const before = await findKubeRole(core, mount, name);
    if (before === undefined && mode === "update") refuseInput("role entry not found during update operation");
    if (before !== undefined && mode === "create") {
      throw ServiceError.of("Conflict", { reason: "Another request made the same role. Try again." });
    }
    const role = changeRole(before?.value ?? plainRole, changes, mount);
    const area = authArea(mount, "role");
    await core.commit([
      before === undefined
        ? core.vaultEntries.insert(area, name.toLowerCase(), role)
        : core.vaultEntries.update(before, role),
    ]);
    return null;
  },
});

/** Vault API: auth/kubernetes/role, read. */
export const readKubeRole = authOperation<KubeRoleInput, KubeRole | undefined>({
  name: "ReadKubernetesRole",
  readOnly: true,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  run: async ({ core, input }) => (await findKubeRole(core, input.mount, input.name))?.value,
});

/** Vault API: auth/kubernetes/role, delete. */
export const deleteKubeRole = authOperation<KubeRoleInput, null>({
  name: "DeleteKubernetesRole",
  readOnly: false,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  async run({ core, input }) {
    const found = await findKubeRole(core, input.mount, input.name);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});
