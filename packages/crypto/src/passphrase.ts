import { invariant } from "./invariant.ts";
import { deriveArgon2id, type PassphraseCost } from "./passphrase-internal.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/** How a key is derived from a passphrase. Not secret; kept beside what the key protects. */
export interface PassphraseParams extends PassphraseCost {
  /** 16 to 64 random bytes, new for each passphrase. */
  readonly salt: Uint8Array;
}

/** RFC 9106 section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes. */
export const defaultPassphraseParams: PassphraseCost = Object.freeze({ memoryKiB: 65_536, passes: 3, parallelism: 4 });

/** What parameters from a file may ask of the machine at most. */
const limits = { saltMinBytes: 16, saltMaxBytes: 64, memoryMaxKiB: 4 * 1024 * 1024, passesMax: 64, parallelismMax: 64 };
const laneMinKiB = 8;

/**
 * Derives a key of 32 bytes from a passphrase with Argon2id (RFC 9106), off the event loop.
 *
 * @throws CryptoInvariantError when a parameter is out of range: salt 16 to 64 bytes, memory 8 KiB a lane to 4 GiB,
 *   passes 1 to 64, lanes 1 to 64
 */
export async function deriveKeyFromPassphrase(passphrase: SecretBytes, params: PassphraseParams): Promise<SecretBytes> {
  const { salt, memoryKiB, passes, parallelism } = params;
  invariant(salt.length >= limits.saltMinBytes && salt.length <= limits.saltMaxBytes, "a salt has 16 to 64 bytes");
  invariant(isWithin(parallelism, 1, limits.parallelismMax), "there are 1 to 64 lanes");
  invariant(isWithin(passes, 1, limits.passesMax), "there are 1 to 64 passes");
  invariant(isWithin(memoryKiB, laneMinKiB * parallelism, limits.memoryMaxKiB), "memory is 8 KiB a lane to 4 GiB");
  return deriveArgon2id(passphrase, salt, params);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
