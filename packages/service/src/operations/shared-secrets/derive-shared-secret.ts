import { findKeyAgreementAlgorithm } from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { KeyOrigin } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkBytes } from "../checks.ts";
import { type SecretOutput, sealSecret } from "../recipient.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";

export interface DeriveSharedSecretInput extends KeyInput {
  /** AWS's name: `ECDH`. */
  readonly algorithm: string;
  /** The other side's SubjectPublicKeyInfo, DER, at most 8192 bytes. */
  readonly publicKey: Uint8Array;
}

export interface DeriveSharedSecretOutput extends SecretOutput {
  readonly keyArn: string;
  readonly keyOrigin: KeyOrigin;
}

/** AWS KMS: DeriveSharedSecret. The raw shared secret (NIST SP 800-56A, section 5.7.1.2): run it through a KDF. */
export const deriveSharedSecret = defineOperation<DeriveSharedSecretInput, DeriveSharedSecretOutput>({
  name: "DeriveSharedSecret",
  plane: "data",
  readOnly: true,
  keys: [
    namedKey("kms:DeriveSharedSecret", activeOnly, {
      usage: "KEY_AGREEMENT",
      algorithm: ({ algorithm }) => algorithm,
    }),
  ],
  conditions: ({ algorithm }) => new Map([["kms:keyagreementalgorithm", [algorithm]]]),
  record: ({ keyId, algorithm, publicKey }) => ({
    keyId,
    keyAgreementAlgorithm: algorithm,
    publicKey: Buffer.from(publicKey).toString("base64"),
  }),
  async run({ keys, input }) {
    const key = keys[0]!;
    checkBytes(input.publicKey, "publicKey", limits.publicKeyBytes.value);
    const row = findKeyAgreementAlgorithm(input.algorithm);
    invariant(row !== undefined, "an algorithm of a key spec has a row");
    const secret = await row.derive(await key.currentMaterial(), input.publicKey);
    if (secret === undefined) {
      throw ServiceError.of("InvalidInput", {
        kind: "validation",
        member: "publicKey",
        reason: `PublicKey must be the DER SubjectPublicKeyInfo of a public key of spec ${key.record.spec}.`,
      });
    }
    return { keyArn: key.arn, keyOrigin: key.record.origin, secret };
  },
  forRecipient: sealSecret,
  wipe: ({ secret }) => secret.dispose(),
});
