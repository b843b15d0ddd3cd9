import { findSigningAlgorithm, type MessageType, type SigningAlgorithmRow } from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { OperationConditions } from "../../pipeline/operation.ts";
import { checkBytes } from "../checks.ts";
import type { KeyInput } from "../shared.ts";

/** What is signed, and how. */
export interface SigningInput extends KeyInput {
  /** 1 to 4096 bytes: the message, or what `messageType` says. */
  readonly message: Uint8Array;
  /** `RAW` when absent. */
  readonly messageType?: MessageType | undefined;
  /** AWS's name, such as `ECDSA_SHA_256`. */
  readonly algorithm: string;
}

/** AWS KMS: `kms:SigningAlgorithm`, `kms:MessageType`. */
export function signingConditions({ algorithm, messageType = "RAW" }: SigningInput): OperationConditions {
  return new Map([
    ["kms:signingalgorithm", [algorithm]],
    ["kms:messagetype", [messageType]],
  ]);
}

/** Never the message: it may be a secret, and a digest of a short one tells it. */
export function recordSigning({ keyId, algorithm, messageType = "RAW" }: SigningInput) {
  return { keyId, messageType, signingAlgorithm: algorithm };
}

/**
 * The row of the algorithm, which the key has, when the message fits it.
 *
 * @throws ServiceError InvalidInput for a message type that the algorithm has not, or a digest of another length
 */
export function checkMessage(input: SigningInput): SigningAlgorithmRow {
  const { algorithm, message, messageType = "RAW" } = input;
  checkBytes(message, "message", limits.plaintextBytes.value);
  const row = findSigningAlgorithm(algorithm);
  invariant(row !== undefined, "an algorithm of a key spec has a row");
  if (!row.messageTypes.has(messageType)) {
    const allowed = [...row.messageTypes.keys()].join(", ");
    refuse("messageType", `MessageType ${messageType} is not valid for algorithm ${algorithm}; it takes ${allowed}.`);
  }
  const exactBytes = row.messageTypes.get(messageType);
  if (exactBytes !== undefined && message.byteLength !== exactBytes) {
    refuse("message", `Digest is invalid length for algorithm ${algorithm}.`);
  }
  return row;
}

function refuse(member: string, reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
}
