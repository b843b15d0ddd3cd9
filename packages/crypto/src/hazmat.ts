import { allocateSecretBuffer } from "./secret-buffer.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/**
 * A copy of a secret's bytes, outside every protection of `SecretBytes`. The caller fills it with zeros after use.
 * Every import of this module is a place for a reviewer to look at.
 *
 * @throws CryptoInvariantError after disposal
 */
export function exposeSecretBytes(secret: SecretBytes): Buffer {
  return secret.use((bytes) => {
    const copy = allocateSecretBuffer(bytes.length);
    copy.set(bytes);
    return copy;
  });
}
