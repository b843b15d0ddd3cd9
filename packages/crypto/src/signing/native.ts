import { type KeyObject, type SignKeyObjectInput, sign, type VerifyKeyObjectInput, verify } from "node:crypto";

/** OpenSSL's hash of the message and signature over it, on the thread pool. `hash` is null where the key sets it. */
export function signOnPool(
  hash: string | null,
  message: Uint8Array,
  key: KeyObject | SignKeyObjectInput,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign(hash, message, key, (error, signature) => (error === null ? resolve(signature) : reject(error)));
  });
}

/** Whether the signature is one of the message, on the thread pool. */
export function verifyOnPool(
  hash: string | null,
  message: Uint8Array,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(hash, message, key, signature, (error, valid) => (error === null ? resolve(valid) : reject(error)));
  });
}
