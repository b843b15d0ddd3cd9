import { randomFillSync } from "node:crypto";
import {
  defaultPassphraseParams,
  deriveKeyFromPassphrase,
  type PassphraseCost,
  type PassphraseParams,
  type SecretBytes,
} from "@coffer/crypto";
import { invariant, type Seal, type SealedRootKey } from "@coffer/service";
import { decodeBase64, parseSealed, type SealParams, unwrapRootKey, wrapRootKey } from "../sealed-fields.ts";

const kind = "passphrase";
const saltBytes = 16;

/** The fewest bytes of a passphrase (NIST SP 800-63B section 5.1.1.1: 8 characters). */
const minPassphraseBytes = 8;

/**
 * What may be asked of the machine, and no less. The least memory is OWASP's lowest figure for Argon2id (Password
 * Storage Cheat Sheet: 19 MiB), the most is that of RFC 9106's first recommended option (2 GiB).
 */
const bounds: { readonly [M in keyof PassphraseCost]: { readonly min: number; readonly max: number } } = {
  memoryKiB: { min: 19_456, max: 2_097_152 },
  passes: { min: 1, max: 16 },
  parallelism: { min: 1, max: 16 },
};

export interface PassphraseSealOptions {
  /** At least 8 bytes. The seal uses it as long as it is used itself; the caller disposes of it after that. */
  readonly passphrase: SecretBytes;
  /** The cost of guessing, for root keys sealed from now on; older ones keep theirs. Argon2id's second recommended option unless given. */
  readonly params?: PassphraseCost;
}

/** The passphrase has too few bytes to protect anything. */
export class SealPassphraseTooShort extends Error {
  constructor() {
    super(`The seal's passphrase must have at least ${minPassphraseBytes} bytes. Choose a longer one.`);
    this.name = "SealPassphraseTooShort";
  }
}

/** Protects the root key with a key that Argon2id derives from a passphrase. */
class PassphraseSeal implements Seal {
  readonly kind = kind;
  readonly #passphrase: SecretBytes;
  readonly #cost: PassphraseCost;

  constructor(passphrase: SecretBytes, cost: PassphraseCost) {
    this.#passphrase = passphrase;
    this.#cost = cost;
  }

  async seal(rootKey: SecretBytes): Promise<SealedRootKey> {
    const salt = randomFillSync(Buffer.alloc(saltBytes));
    const { memoryKiB, passes, parallelism } = this.#cost;
    const key = await this.#derive({ salt, memoryKiB, passes, parallelism });
    return wrapRootKey(key, kind, { salt: salt.toString("base64"), memoryKiB, passes, parallelism }, rootKey);
  }

  async unseal(sealed: SealedRootKey): Promise<SecretBytes | undefined> {
    const parsed = parseSealed(sealed, kind);
    const params = parsed === undefined ? undefined : parseParams(parsed.params);
    if (parsed === undefined || params === undefined) return undefined;
    return unwrapRootKey(await this.#derive(params), parsed);
  }

  async #derive(params: PassphraseParams) {
    const key = await deriveKeyFromPassphrase(this.#passphrase, params);
    try {
      return key.toKeyObject();
    } finally {
      key.dispose();
    }
  }
}

/**
 * Opens the seal that protects the root key with a passphrase. Each sealing draws a new salt.
 *
 * @throws SealPassphraseTooShort
 * @throws InvariantError when `params` are out of bounds: memory 19 MiB to 2 GiB, passes and lanes 1 to 16
 */
export function openPassphraseSeal(options: PassphraseSealOptions): Seal {
  const { passphrase, params: cost = defaultPassphraseParams } = options;
  if (passphrase.byteLength < minPassphraseBytes) throw new SealPassphraseTooShort();
  invariant(isWithinBounds(cost), "the cost of a passphrase is within bounds");
  return new PassphraseSeal(passphrase, cost);
}

/** The stored parameters; undefined when they are no parameters, or would ask too much or too little of the machine. */
function parseParams({ salt, memoryKiB, passes, parallelism }: SealParams): PassphraseParams | undefined {
  const decodedSalt = decodeBase64(salt);
  if (decodedSalt?.length !== saltBytes) return undefined;
  if (typeof memoryKiB !== "number" || typeof passes !== "number" || typeof parallelism !== "number") return undefined;
  const cost = { memoryKiB, passes, parallelism };
  return isWithinBounds(cost) ? { salt: decodedSalt, ...cost } : undefined;
}

function isWithinBounds(cost: PassphraseCost): boolean {
  return (Object.keys(bounds) as (keyof PassphraseCost)[]).every(
    (member) =>
      Number.isSafeInteger(cost[member]) && cost[member] >= bounds[member].min && cost[member] <= bounds[member].max,
  );
}
