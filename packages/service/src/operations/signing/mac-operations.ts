import { findMacAlgorithm, type MacAlgorithmRow } from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation, type OperationConditions } from "../../pipeline/operation.ts";
import { checkBytes } from "../checks.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";

export interface GenerateMacInput extends KeyInput {
  /** 1 to 4096 bytes. */
  readonly message: Uint8Array;
  /** AWS's name, such as `HMAC_SHA_256`. */
  readonly algorithm: string;
}

export interface GenerateMacOutput {
  readonly keyArn: string;
  readonly mac: Buffer;
}

export interface VerifyMacInput extends GenerateMacInput {
  /** 1 to 6144 bytes. */
  readonly mac: Uint8Array;
}

const demand = { usage: "GENERATE_VERIFY_MAC", algorithm: ({ algorithm }: GenerateMacInput) => algorithm } as const;

function conditions({ algorithm }: GenerateMacInput): OperationConditions {
  return new Map([["kms:macalgorithm", [algorithm]]]);
}

function record({ keyId, algorithm }: GenerateMacInput) {
  return { keyId, macAlgorithm: algorithm };
}

/** @throws ServiceError InvalidInput unless the message has 1 to 4096 bytes */
function checkMessage({ algorithm, message }: GenerateMacInput): MacAlgorithmRow {
  checkBytes(message, "message", limits.plaintextBytes.value);
  const row = findMacAlgorithm(algorithm);
  invariant(row !== undefined, "an algorithm of a key spec has a row");
  return row;
}

/** AWS KMS: GenerateMac. */
export const generateMac = defineOperation<GenerateMacInput, GenerateMacOutput>({
  name: "GenerateMac",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateMac", activeOnly, demand)],
  conditions,
  record,
  async run({ keys, input }) {
    const key = keys[0]!;
    const row = checkMessage(input);
    return { keyArn: key.arn, mac: row.generate(await key.currentMaterial(), input.message) };
  },
});

/** AWS KMS: VerifyMac. Throws MacInvalid unless the MAC is the key's, of this message. */
export const verifyMac = defineOperation<VerifyMacInput, { readonly keyArn: string }>({
  name: "VerifyMac",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:VerifyMac", activeOnly, demand)],
  conditions,
  record,
  async run({ keys, input }) {
    const key = keys[0]!;
    const row = checkMessage(input);
    checkBytes(input.mac, "mac", limits.ciphertextBytes.value);
    if (!row.verify(await key.currentMaterial(), input.message, input.mac)) throw ServiceError.of("MacInvalid", {});
    return { keyArn: key.arn };
  },
});
