import type { KeyObject } from "node:crypto";
import { canonicalMaterial, type ImportHash, wrapForTransit } from "@coffer/crypto";
import { ServiceError } from "../../../errors.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import { defineOperation } from "../../../pipeline/operation.ts";
import { activeOnly, type KeyInput, namedKey } from "../../shared.ts";
import { transitTypeOf } from "../uses.ts";
import { exportAction } from "./export-key-material.ts";
import { versionsToExport } from "./versions.ts";

export interface WrapForExportInput extends KeyInput {
  /** The RSA key that it is wrapped to. */
  readonly destinationKeyId: string;
  /** As for an export. */
  readonly version: string;
  /** Undefined for one that nobody knows; `hashName` is what it was called. */
  readonly hash: ImportHash | undefined;
  readonly hashName: string;
}

export interface WrapForExportOutput {
  readonly type: string;
  readonly versions: readonly { readonly version: number; readonly wrapped: Buffer }[];
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The key to wrap to. @throws ServiceError InvalidInput */
async function destinationKey(destination: KeyEntry): Promise<KeyObject> {
  const { type, signing } = transitTypeOf(destination);
  if (!signing) refuse(`message signing not supported for key type ${type}`);
  const publicKey = await destination.currentPublicKey();
  if (publicKey.asymmetricKeyType !== "rsa") refuse("unsupported key type in use; must be a rsa key");
  return publicKey;
}

/**
 * Vault API: Transit, securely export key: wrapped to an RSA key, as `import` takes it. Whoever has that key's private part
 * has this one too, so it takes the permission to export.
 *
 * @throws ServiceError InvalidInput
 */
export const wrapForExport = defineOperation<WrapForExportInput, WrapForExportOutput>({
  name: "WrapKeyForExport",
  plane: "data",
  readOnly: true,
  keys: [
    namedKey(exportAction, activeOnly, { customerOnly: true }),
    {
      action: "kms:GetPublicKey",
      states: activeOnly,
      target: ({ destinationKeyId }) => ({ by: "reference", text: destinationKeyId }),
    },
  ],
  record: ({ keyId, destinationKeyId, version }) => ({ keyId, destinationKeyId, version }),
  async run({ core, keys, input }) {
    const [source, destination] = [keys[0]!, keys[1]!];
    if (!source.record.transit.exportable) refuse("key is not exportable");
    const hash = input.hash ?? refuse(`unknown hash function: ${input.hashName}`);
    const versions: { readonly version: number; readonly wrapped: Buffer }[] = [];
    for (const { version } of await versionsToExport(core, source, input.version)) {
      const publicKey = await destinationKey(destination);
      const material = await source.material(version);
      if (material === undefined) {
        refuse("failed to wrap target key for import: the version has no private key");
      }
      using secret = canonicalMaterial(material);
      versions.push({ version, wrapped: wrapForTransit(publicKey, hash, secret) });
    }
    return { type: transitTypeOf(source).type, versions };
  },
});
