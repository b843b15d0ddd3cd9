import { allocateSecretBuffer, SecretBytes } from "@coffer/crypto";
import type { Quorum } from "@coffer/service";
import { combine, split } from "shamir-secret-sharing";

/**
 * Splits a key into shares: Shamir's scheme over GF(2^8), a share is the key's length and one byte more, its x coordinate,
 * at the end: the layout of Vault's shares. A single share is the key itself, as in Vault.
 *
 * @returns shares in no order, which the caller disposes of
 */
export async function splitKey(key: SecretBytes, { shares, threshold }: Quorum): Promise<readonly SecretBytes[]> {
  if (shares === 1) return [copyOf(key)];
  const plain = plainCopyOf(key);
  try {
    const made = await split(plain, shares, threshold);
    return made.map((share) => SecretBytes.takeFrom(share));
  } finally {
    plain.fill(0);
  }
}

/**
 * Puts a key together again. It is another key when a share is wrong: whoever uses it has to see that.
 *
 * @returns undefined when the shares do not fit together: none, of different lengths, or two with one x coordinate
 */
export async function combineShares(shares: readonly SecretBytes[]): Promise<SecretBytes | undefined> {
  const [first] = shares;
  if (first === undefined) return undefined;
  if (shares.length === 1) return copyOf(first);
  const plain = shares.map(plainCopyOf);
  try {
    if (!fitTogether(plain)) return undefined;
    return SecretBytes.takeFrom(await combine(plain));
  } finally {
    for (const share of plain) share.fill(0);
  }
}

function copyOf(secret: SecretBytes): SecretBytes {
  return SecretBytes.takeFrom(plainCopyOf(secret));
}

/** What the library takes: it refuses Node's buffers. The caller wipes it. */
function plainCopyOf(secret: SecretBytes): Uint8Array {
  return secret.use((bytes) => {
    const copy = new Uint8Array(allocateSecretBuffer(bytes.length).buffer);
    copy.set(bytes);
    return copy;
  });
}

function fitTogether(shares: readonly Uint8Array[]): boolean {
  const lengths = new Set(shares.map((share) => share.length));
  const coordinates = new Set(shares.map((share) => share.at(-1)));
  // The polynomial at 0 is the key: no share is made there.
  return lengths.size === 1 && !lengths.has(1) && coordinates.size === shares.length && !coordinates.has(0);
}
