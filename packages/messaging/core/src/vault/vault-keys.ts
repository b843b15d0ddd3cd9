import { EnvelopeError, type KmsClient } from "@coffer/envelope";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { DeviceAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { ProtocolId } from "../protocols.ts";
import { unreadable } from "./vault-log.ts";

/** Whose state a vault has: bound to its key. */
export interface VaultOwner extends DeviceAddress {
  readonly protocol: ProtocolId;
}

/** Where a vault's key comes from. What `create` gives to be stored beside the vault opens nothing alone. */
export interface VaultKeySource {
  /** A new key of 32 bytes, and a JSON value from which `open` finds it again. */
  create(owner: VaultOwner): Promise<{ readonly key: Uint8Array; readonly stored: unknown }>;
  /** @throws MessagingError VaultUnreadable, KeyUnavailable */
  open(owner: VaultOwner, stored: unknown): Promise<Uint8Array>;
}

const keyBytes = 32;
const saltBytes = 16;
// AWS KMS API, Decrypt: CiphertextBlob.
const maxWrappedBytes = 6144;
// RFC 9106, section 4, second recommended option: 64 MiB, three passes, four lanes.
const argon2 = { m: 65_536, t: 3, p: 4, dkLen: keyBytes, version: 0x13 } as const;

/** A data key that a key of Coffer's, or of AWS KMS, wraps: the vault opens while that key may be used. */
export interface CofferKeyOptions {
  readonly client: KmsClient;
  /** An ARN, a key id, or `alias/NAME`. */
  readonly keyId: string;
}

/**
 * A vault under a Coffer key: a data key wrapped with the encryption context user, device and protocol. The operator of Coffer
 * could open it; `withPassphrase` mixes in what the operator does not know.
 */
export function cofferKey({ client, keyId }: CofferKeyOptions): VaultKeySource {
  return {
    async create(owner) {
      const made = await telling(() =>
        client.generateDataKey({ KeyId: keyId, NumberOfBytes: keyBytes, EncryptionContext: contextOf(owner) }),
      );
      if (made.CiphertextBlob === undefined) throw unreadable();
      return { key: takeKey(made.Plaintext), stored: { wrapped: base64OfBytes(new Uint8Array(made.CiphertextBlob)) } };
    },
    async open(owner, stored) {
      const wrapped = bytesOfBase64(memberOf(stored, "wrapped"));
      if (wrapped === undefined || wrapped.length === 0 || wrapped.length > maxWrappedBytes) throw unreadable();
      const opened = await telling(() =>
        client.decrypt({ KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: contextOf(owner) }),
      );
      return takeKey(opened.Plaintext);
    },
  };
}

function contextOf({ userId, deviceId, protocol }: VaultOwner): Record<string, string> {
  return { user: userId, device: deviceId, protocol };
}

// What the key server says of a ciphertext that is not this key's or this owner's. Source: AWS KMS API, Decrypt.
const notThisOne = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

async function telling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const { serviceCode, name } = cause as { readonly serviceCode?: string; readonly name?: string };
    if (notThisOne.has(serviceCode ?? name ?? "")) throw unreadable(cause);
    const why = cause instanceof EnvelopeError ? cause.message : "the key server cannot be asked";
    throw new MessagingError("KeyUnavailable", `The vault's key cannot be used now; nothing was lost. ${why}`, {
      cause,
    });
  }
}

/** A vault under a passphrase alone: Argon2id (RFC 9106; 64 MiB, 3 passes, 4 lanes) of it and a random salt. */
export function passphraseKey(passphrase: string): VaultKeySource {
  return {
    async create() {
      const salt = randomBytes(saltBytes);
      return { key: await stretch(passphrase, salt), stored: { salt: base64OfBytes(salt) } };
    },
    async open(_, stored) {
      const salt = bytesOfBase64(memberOf(stored, "salt"));
      if (salt?.length !== saltBytes) throw unreadable();
      return stretch(passphrase, salt);
    },
  };
}

/**
 * Mixes a passphrase into another source's key: HKDF-SHA256 (RFC 5869) of both, so that neither opens the vault without the
 * other.
 */
export function withPassphrase(source: VaultKeySource, passphrase: string): VaultKeySource {
  const own = passphraseKey(passphrase);
  return {
    async create(owner) {
      const [outer, inner] = [await source.create(owner), await own.create(owner)];
      return { key: mix(outer.key, inner.key), stored: { outer: outer.stored, inner: inner.stored } };
    },
    async open(owner, stored) {
      const key = await source.open(owner, memberOf(stored, "outer"));
      return mix(key, await own.open(owner, memberOf(stored, "inner")));
    },
  };
}

/** A vault under 32 bytes that the program keeps elsewhere, such as in the system's own key store. */
export function rawKey(bytes: Uint8Array): VaultKeySource {
  if (bytes.length !== keyBytes) throw new MessagingError("InvalidInput", "A vault's key has 32 bytes.");
  return { create: async () => ({ key: bytes.slice(), stored: {} }), open: async () => bytes.slice() };
}

function mix(outer: Uint8Array, inner: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * keyBytes);
  both.set(outer);
  both.set(inner, keyBytes);
  const key = hkdf(sha256, both, undefined, new TextEncoder().encode("coffer vault key 1"), keyBytes);
  for (const bytes of [outer, inner, both]) bytes.fill(0);
  return key;
}

async function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  if (passphrase === "") throw new MessagingError("InvalidInput", "The passphrase is empty.");
  return argon2idAsync(new TextEncoder().encode(passphrase.normalize("NFC")), salt, argon2);
}

/** Copies a key, and fills its source with zeros. */
function takeKey(key: Uint8Array | undefined): Uint8Array {
  if (key?.length !== keyBytes) throw unreadable();
  const taken = new Uint8Array(key);
  key.fill(0);
  return taken;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
