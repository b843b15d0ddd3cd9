import { invariant } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import {
  dataArea,
  findSecret,
  findVersion,
  isGone,
  type SecretData,
  type SecretInput,
  type SecretVersion,
  versionName,
} from "./secret.ts";

export interface ReadSecretInput extends SecretInput {
  /** 0: the current one. */
  readonly version: number;
}

export interface ReadSecretOutput {
  readonly version: SecretVersion;
  /** Undefined when the version is deleted or destroyed. */
  readonly data: SecretData | undefined;
}

/** Vault API: KV v2, read secret version. Undefined when there is no such secret or version. */
export const readSecret = defineOperation<ReadSecretInput, ReadSecretOutput | undefined>({
  name: "ReadSecret",
  plane: "data",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ mount, path, version }) => ({ mount: mount.path, path, version }),
  recordOutput: (output) => ({ version: output?.version.version ?? null }),
  async run({ core, input, nowMs }) {
    const { mount } = input;
    const secret = (await findSecret(core, input))?.value;
    if (secret === undefined) return undefined;
    const number = input.version > 0 ? input.version : secret.currentVersion;
    const facts = (await findVersion(core, mount, secret.id, number))?.value;
    if (facts === undefined) return undefined;
    const version = { version: number, ...facts, customMetadata: secret.customMetadata };
    if (isGone(facts, nowMs)) return { version, data: undefined };
    const stored = await core.vaultEntries.get<SecretData>(dataArea(mount, secret.id), versionName(number));
    if (stored !== undefined) return { version, data: stored.value };
    // Pruned or destroyed since its facts were read.
    const now = (await findVersion(core, mount, secret.id, number))?.value;
    invariant(now === undefined || now.destroyed, "a version that is kept has data");
    return now && { version: { ...version, ...now }, data: undefined };
  },
});
