import { decryptExternal, type ExternalCiphertext, encryptExternal, externalIntegrityValue } from "@coffer/crypto";
import { invariant } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { symmetricOnly } from "../message.ts";
import { activeOnly, namedKey } from "../shared.ts";
import { recordXks, type XksKeyInput, xksConditions, xksEventSource } from "./request-metadata.ts";

export interface XksEncryptInput extends XksKeyInput {
  /** Owned and wiped by the caller. */
  readonly plaintext: Uint8Array;
  /** Empty for none. */
  readonly aad: Uint8Array;
  /** Whether the KMS asks for the ciphertext data integrity value. */
  readonly withIntegrityValue: boolean;
}

export interface XksEncryptOutput {
  readonly parts: ExternalCiphertext;
  readonly integrityValue?: Buffer;
}

/** XKS Proxy API: Encrypt, for the KMS that has this key as its external key. */
export const xksEncrypt = defineOperation<XksEncryptInput, XksEncryptOutput>({
  name: "XksEncrypt",
  plane: "data",
  readOnly: true,
  eventSource: xksEventSource,
  keys: [namedKey("kms:Encrypt", activeOnly, symmetricOnly)],
  conditions: xksConditions,
  record: recordXks,
  async run({ keys, input }) {
    const key = keys[0]!;
    const material = key.cachedCurrentMaterial ?? (await key.currentMaterial());
    const { plaintext, aad } = input;
    const parts = encryptExternal({ material, keyVersion: key.record.currentVersion, plaintext, aad });
    if (!input.withIntegrityValue) return { parts };
    // The value first, then the trial (XKS Proxy API 1.0, appendix C): a bit that flips in between is noticed.
    const integrityValue = externalIntegrityValue(parts, aad);
    const tried = decryptExternal(parts, material, aad);
    invariant(tried?.equals(plaintext) === true, "what was encrypted just now decrypts");
    tried.fill(0);
    return { parts, integrityValue };
  },
});
