import { decryptExternal, type ExternalCiphertext, externalKeyVersion } from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { symmetricOnly } from "../message.ts";
import { activeOnly, namedKey } from "../shared.ts";
import { recordXks, type XksKeyInput, xksConditions, xksEventSource } from "./request-metadata.ts";

export interface XksDecryptInput extends XksKeyInput {
  readonly parts: ExternalCiphertext;
  /** Empty for none. */
  readonly aad: Uint8Array;
}

export interface XksDecryptOutput {
  /** Owned by the caller, who wipes it. */
  readonly plaintext: Buffer;
}

/** XKS Proxy API: Decrypt, for the KMS that has this key as its external key. CiphertextInvalid for every cause alike. */
export const xksDecrypt = defineOperation<XksDecryptInput, XksDecryptOutput>({
  name: "XksDecrypt",
  plane: "data",
  readOnly: true,
  eventSource: xksEventSource,
  keys: [namedKey("kms:Decrypt", activeOnly, symmetricOnly)],
  conditions: xksConditions,
  record: recordXks,
  async run({ keys, input }) {
    const key = keys[0]!;
    const version = externalKeyVersion(input.parts.metadata);
    const allowed = version !== undefined && version >= key.record.transit.minDecryptionVersion;
    const material = allowed ? (key.cachedMaterial(version) ?? (await key.material(version))) : undefined;
    const plaintext = material === undefined ? undefined : decryptExternal(input.parts, material, input.aad);
    if (plaintext === undefined) throw ServiceError.of("CiphertextInvalid", {});
    return { plaintext };
  },
  wipe: ({ plaintext }) => void plaintext.fill(0),
});
