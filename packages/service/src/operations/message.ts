import { encodeEncryptionContext, findKeySpec } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import type { OperationConditions } from "../pipeline/operation.ts";

/** Name-value pairs bound to a ciphertext (AWS KMS: encryption context). Never secret: they are in the audit record. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** Input that carries an encryption context. */
export interface ContextInput {
  readonly encryptionContext?: EncryptionContext | undefined;
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

/** The policy conditions of an encryption context (AWS KMS: `kms:EncryptionContext:KEY`, `kms:EncryptionContextKeys`). */
export function contextConditions(input: ContextInput): OperationConditions {
  const conditions = new Map<string, string[]>([["kms:encryptionalgorithm", ["SYMMETRIC_DEFAULT"]]]);
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

const symmetricDefault = "SYMMETRIC_DEFAULT";

/** @throws ServiceError KeyUsageMismatch when the key does not encrypt with the algorithm that the caller names */
export function checkAlgorithm(key: KeyEntry, algorithm: string | undefined, operation: string): void {
  if (algorithm === undefined) return;
  const { spec, usage } = key.record;
  if (algorithm === symmetricDefault && spec === symmetricDefault) return;
  if (findKeySpec(spec)?.algorithms.get(usage)?.includes(algorithm) === true) return;
  throw ServiceError.of("KeyUsageMismatch", {
    keyArn: key.arn,
    usage,
    operation,
    algorithm: { name: algorithm, spec },
  });
}
