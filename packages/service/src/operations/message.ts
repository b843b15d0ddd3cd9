import { encodeEncryptionContext } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { OperationConditions } from "../pipeline/operation.ts";

/** Name-value pairs bound to a ciphertext (AWS KMS: encryption context). Never secret: they are in the audit record. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** The algorithm of whoever names none. */
export const symmetricDefault = "SYMMETRIC_DEFAULT";

/** What the operations demand that only symmetric encryption keys do. */
export const symmetricOnly = { usage: "ENCRYPT_DECRYPT", algorithm: () => symmetricDefault } as const;

/** Input that carries an encryption context. */
export interface ContextInput {
  readonly encryptionContext?: EncryptionContext | undefined;
  /** AWS's name of the algorithm; `SYMMETRIC_DEFAULT` when absent. */
  readonly algorithm?: string | undefined;
}

const noContext = encodeEncryptionContext({});

/**
 * The associated data of an encryption context.
 *
 * @throws ServiceError InvalidInput when keys and values together are over the limit
 */
export function contextAad(context: EncryptionContext | undefined): Buffer {
  if (context === undefined) return noContext;
  for (const name of Object.keys(context)) {
    if (name.isWellFormed() && context[name]!.isWellFormed()) continue;
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "EncryptionContext must be valid Unicode.",
      member: "encryptionContext",
    });
  }
  const encoded = encodeEncryptionContext(context);
  if (encoded.byteLength > limits.encryptionContextBytes.value) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `EncryptionContext is too large: at most ${limits.encryptionContextBytes.value} bytes.`,
      member: "encryptionContext",
    });
  }
  return encoded;
}

/** @throws ServiceError InvalidInput when an encryption context goes with an algorithm that cannot bind it */
export function refuseContext(context: EncryptionContext | undefined, algorithm: string): void {
  if (context === undefined || Object.keys(context).length === 0) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "encryptionContext",
    reason: `EncryptionContext is not supported with algorithm ${algorithm}: leave it out, or use a symmetric encryption key.`,
  });
}

/** The policy conditions of an encryption context (AWS KMS: `kms:EncryptionContext:KEY`, `kms:EncryptionContextKeys`). */
export function contextConditions(input: ContextInput): OperationConditions {
  const conditions = new Map<string, string[]>([["kms:encryptionalgorithm", [input.algorithm ?? symmetricDefault]]]);
  const { encryptionContext } = input;
  if (encryptionContext === undefined) return conditions;
  const names = Object.keys(encryptionContext);
  if (names.length === 0) return conditions;
  conditions.set("kms:encryptioncontextkeys", names);
  for (const name of names) {
    const key = `kms:encryptioncontext:${name.toLowerCase()}`;
    // Condition keys have no case: names that differ in case only are one condition key with several values.
    const values = conditions.get(key);
    if (values === undefined) conditions.set(key, [encryptionContext[name]!]);
    else values.push(encryptionContext[name]!);
  }
  return conditions;
}
