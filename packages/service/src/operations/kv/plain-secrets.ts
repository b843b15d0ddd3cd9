import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { RequestContext } from "../../model/request.ts";
import { mountArea } from "../../mounts/mount-areas.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { cubbyholeArea } from "../../vault/cubbyhole-area.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import { type ListSecretsInput, listNames } from "./list-secrets.ts";
import type { SecretData, SecretInput } from "./secret.ts";
import { checkSecretSize } from "./write-secret.ts";

export interface WritePlainSecretInput extends SecretInput {
  readonly data: SecretData;
}

export type ListPlainSecretsInput = Omit<ListSecretsInput, "detailed">;

/** Which area a request's secrets are in. */
type AreaOf = (mount: MountRecord, request: RequestContext) => string;

/** The operations of secrets that have no versions; `noun` is the end of their names. */
function plainOperations(noun: string, areaOf: AreaOf) {
  const shared = {
    plane: "data",
    eventSource: "vault.coffer",
    instanceWide: true,
    keys: [],
    resources: vaultPathAccess,
  } as const;
  const record = ({ mount, path }: SecretInput) => ({ mount: mount.path, path });
  return {
    /** Undefined when there is none. */
    read: defineOperation<SecretInput, SecretData | undefined>({
      ...shared,
      name: `Read${noun}`,
      readOnly: true,
      record,
      async run({ core, input: { mount, path }, request }) {
        return (await core.vaultEntries.get<SecretData>(areaOf(mount, request), path))?.value;
      },
    }),
    /** Creates or replaces one; of two at once the later one stays. */
    write: defineOperation<WritePlainSecretInput, null>({
      ...shared,
      name: `Write${noun}`,
      readOnly: false,
      record,
      async run({ core, input: { mount, path, data }, request }) {
        checkSecretSize(data);
        await core.commit(core.vaultEntries.replace(areaOf(mount, request), path, data));
        return null;
      },
    }),
    /** One that is not there is no error. */
    delete: defineOperation<SecretInput, null>({
      ...shared,
      name: `Delete${noun}`,
      readOnly: false,
      record,
      async run({ core, input: { mount, path: name }, request }) {
        const key = { area: areaOf(mount, request), name };
        await core.commit([{ op: "delete", table: "vaultEntries", key, revision: "any" }]);
        return null;
      },
    }),
    list: defineOperation<ListPlainSecretsInput, { readonly names: readonly string[]; readonly more: boolean }>({
      ...shared,
      name: `List${noun}s`,
      readOnly: true,
      record: ({ mount, folder, deep }) => ({ mount: mount.path, folder, deep }),
      run: ({ core, input, request }) => listNames(core, areaOf(input.mount, request), input),
    }),
  };
}

/** Where the secrets of a mount of KV version 1 are, by path. */
export function plainSecretsArea(mount: MountRecord): string {
  return mountArea(mount, "plain");
}

/** Vault API: KV v1. */
export const plainSecrets = plainOperations("PlainSecret", plainSecretsArea);

/** Vault API: cubbyhole, the secrets of the token that asks. */
export const cubbyholeSecrets = plainOperations("CubbyholeSecret", (_mount, { principal: { token } }) => {
  if (token === undefined || token.vault?.type === "batch") {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "cubbyhole operations are only supported by service tokens",
    });
  }
  return cubbyholeArea(token.digest);
});
