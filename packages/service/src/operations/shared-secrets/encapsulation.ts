import { type EncapsulationAlgorithmRow, findEncapsulationAlgorithm, type SecretBytes } from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkBytes } from "../checks.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";

export interface EncapsulateInput extends KeyInput {
  /** AWS's name: `ML_KEM`. */
  readonly algorithm: string;
}

export interface DecapsulateInput extends EncapsulateInput {
  /** 1 to 6144 bytes. */
  readonly ciphertext: Uint8Array;
}

export interface DecapsulateOutput {
  readonly keyArn: string;
  /** The shared secret, 32 bytes. Owned by the caller, who disposes of it. */
  readonly secret: SecretBytes;
}

export interface EncapsulateOutput extends DecapsulateOutput {
  readonly ciphertext: Buffer;
}

const demand = {
  usage: "ENCAPSULATE_DECAPSULATE",
  algorithm: ({ algorithm }: EncapsulateInput) => algorithm,
} as const;

function record({ keyId, algorithm }: EncapsulateInput) {
  return { keyId, encapsulationAlgorithm: algorithm };
}

function rowOf({ algorithm }: EncapsulateInput): EncapsulationAlgorithmRow {
  const row = findEncapsulationAlgorithm(algorithm);
  invariant(row !== undefined, "an algorithm of a key spec has a row");
  return row;
}

/** AWS KMS: Encapsulate (FIPS 203, section 7.2). */
export const encapsulate = defineOperation<EncapsulateInput, EncapsulateOutput>({
  name: "Encapsulate",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Encapsulate", activeOnly, demand)],
  conditions: ({ algorithm }) => new Map([["kms:encapsulationalgorithm", [algorithm]]]),
  record,
  async run({ keys, input }) {
    const key = keys[0]!;
    const { sharedSecret, ciphertext } = rowOf(input).encapsulate(await key.currentPublicKey());
    return { keyArn: key.arn, secret: sharedSecret, ciphertext };
  },
  wipe: ({ secret }) => secret.dispose(),
});

/** AWS KMS: Decapsulate (FIPS 203, section 7.3). A ciphertext of another key gives another secret, not an error. */
export const decapsulate = defineOperation<DecapsulateInput, DecapsulateOutput>({
  name: "Decapsulate",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Decapsulate", activeOnly, demand)],
  conditions: ({ algorithm }) => new Map([["kms:encapsulationalgorithm", [algorithm]]]),
  record,
  async run({ keys, input }) {
    const key = keys[0]!;
    checkBytes(input.ciphertext, "sharedSecretCiphertextBlob", limits.ciphertextBytes.value);
    const secret = rowOf(input).decapsulate(await key.currentMaterial(), input.ciphertext);
    if (secret === undefined) throw ServiceError.of("CiphertextInvalid", {});
    return { keyArn: key.arn, secret };
  },
  wipe: ({ secret }) => secret.dispose(),
});
