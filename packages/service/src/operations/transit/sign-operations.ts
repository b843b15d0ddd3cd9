import type { KeyObject } from "node:crypto";
import {
  deriveTransitKey,
  ed25519OfSeed,
  encodePublicKey,
  findTransitScheme,
  publicKeyOf,
  type TransitSigning,
  type TransitSigningProblem,
  transitKeyBytes,
} from "@coffer/crypto";
import { invariant } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { activeOnly, namedKey } from "../shared.ts";
import type { TransitBatch } from "./crypto-operations.ts";
import { checkUse } from "./uses.ts";

/** Why one item was not signed or verified; the wire has Vault's words for each. */
export type TransitSigningFailure =
  | TransitSigningProblem
  | "versionTooHigh"
  | "versionTooLow"
  | "versionNegative"
  | "versionUnknown"
  | "versionTooOld"
  | "contextMissing"
  /** The version was imported as a public key alone. */
  | "privateKeyMissing";

export type TransitSigningResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TransitSigningFailure };

function failed(failure: TransitSigningFailure): { readonly ok: false; readonly failure: TransitSigningFailure } {
  return { ok: false, failure };
}

export interface TransitSignItem {
  readonly input: Uint8Array;
  readonly context?: Uint8Array | undefined;
}

export interface TransitSignInput extends TransitBatch<TransitSignItem> {
  readonly how: TransitSigning;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
}

export interface TransitSignature {
  readonly signature: Uint8Array;
  readonly keyVersion: number;
  /** Of a derived key: 32 bytes. */
  readonly publicKey?: Buffer;
}

/** The version to sign or to make an HMAC with, or why not. */
export function wantedVersion({ record }: KeyEntry, keyVersion = 0): number | TransitSigningFailure {
  const { currentVersion, transit } = record;
  if (keyVersion === 0) return currentVersion;
  if (keyVersion < 0) return "versionNegative";
  if (keyVersion > currentVersion) return "versionTooHigh";
  // What is signed must verify, so the lowest version for that binds here too.
  return keyVersion < Math.max(transit.minEncryptionVersion, transit.minDecryptionVersion)
    ? "versionTooLow"
    : keyVersion;
}

/** A version that something untrusted was made with, or why it cannot be used any more. */
export function madeVersion({ record }: KeyEntry, keyVersion: number): number | TransitSigningFailure {
  if (keyVersion > record.currentVersion) return "versionUnknown";
  return keyVersion < record.transit.minDecryptionVersion ? "versionTooOld" : keyVersion;
}

const seedBytes = 32;

/** The private key that serves: the version's own, or the one of the context. */
function signingKey(
  { record }: KeyEntry,
  material: KeyObject,
  context: Uint8Array | undefined,
): { readonly key: KeyObject; readonly publicKey?: Buffer } | "contextMissing" {
  const { kdf } = record.transit;
  if (kdf === undefined) return { key: material };
  if (context === undefined || context.length === 0) return "contextMissing";
  using bytes = transitKeyBytes(material);
  using seed = deriveTransitKey(kdf, bytes.toKeyObject(), context, seedBytes);
  const key = ed25519OfSeed(seed);
  return { key, publicKey: encodePublicKey(publicKeyOf(key)).subarray(-seedBytes) };
}

function recordSigning({ keyId, items, how }: TransitBatch<unknown> & { readonly how: TransitSigning }) {
  const { hash, prehashed, padding } = how;
  return { keyId, items: items.length, hash: hash?.opensslName ?? "none", prehashed, padding };
}

/** Vault API: Transit, sign data. */
export const transitSign = defineOperation<
  TransitSignInput,
  { readonly results: readonly TransitSigningResult<TransitSignature>[] }
>({
  name: "Sign",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Sign", activeOnly)],
  record: recordSigning,
  async run({ keys, input }) {
    const key = keys[0]!;
    checkUse(key, "sign", "Sign");
    const version = wantedVersion(key, input.keyVersion);
    const material = typeof version === "number" ? await key.material(version) : undefined;
    const results: TransitSigningResult<TransitSignature>[] = [];
    for (const item of input.items) {
      if (typeof version !== "number") results.push(failed(version));
      else if (material === undefined) results.push(failed(await missingPart(key, version)));
      else results.push(await signItem(key, material, version, input.how, item));
    }
    return { results };
  },
});

/** Why a version has no private key. */
async function missingPart(key: KeyEntry, version: number): Promise<TransitSigningFailure> {
  return (await key.publicKey(version)) === undefined ? "versionUnknown" : "privateKeyMissing";
}

async function signItem(
  key: KeyEntry,
  material: KeyObject,
  keyVersion: number,
  how: TransitSigning,
  { input, context }: TransitSignItem,
): Promise<TransitSigningResult<TransitSignature>> {
  const own = signingKey(key, material, context);
  if (own === "contextMissing") return failed(own);
  const scheme = findTransitScheme(own.key);
  invariant(scheme !== undefined, "a key whose type signs has a scheme");
  const signed = await scheme.sign(own.key, input, how);
  if (!signed.ok) return failed(signed.problem);
  const publicKey = own.publicKey === undefined ? {} : { publicKey: own.publicKey };
  return { ok: true, value: { signature: signed.value, keyVersion, ...publicKey } };
}

export interface TransitVerifyItem extends TransitSignItem {
  readonly keyVersion: number;
  readonly signature: Uint8Array;
}

/** Vault API: Transit, verify signed data. */
export const transitVerify = defineOperation<
  TransitBatch<TransitVerifyItem> & { readonly how: TransitSigning },
  { readonly results: readonly TransitSigningResult<boolean>[] }
>({
  name: "Verify",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Verify", activeOnly)],
  record: recordSigning,
  async run({ keys, input }) {
    const key = keys[0]!;
    checkUse(key, "verify", "Verify");
    const results: TransitSigningResult<boolean>[] = [];
    for (const item of input.items) results.push(await verifyItem(key, input.how, item));
    return { results };
  },
});

async function verifyItem(
  key: KeyEntry,
  how: TransitSigning,
  item: TransitVerifyItem,
): Promise<TransitSigningResult<boolean>> {
  const version = madeVersion(key, item.keyVersion);
  if (typeof version !== "number") return failed(version);
  const publicKey = await verifyingKey(key, version, item.context);
  if (typeof publicKey === "string") return failed(publicKey);
  const scheme = findTransitScheme(publicKey);
  invariant(scheme !== undefined, "a key whose type signs has a scheme");
  const verified = await scheme.verify(publicKey, item.input, how, item.signature);
  return verified.ok ? verified : failed(verified.problem);
}

/** The public key of a version; of a derived key, for a context. */
async function verifyingKey(
  key: KeyEntry,
  version: number,
  context: Uint8Array | undefined,
): Promise<KeyObject | "versionUnknown" | "contextMissing"> {
  if (key.record.transit.kdf === undefined) return (await key.publicKey(version)) ?? "versionUnknown";
  const material = await key.material(version);
  if (material === undefined) return "versionUnknown";
  const own = signingKey(key, material, context);
  return own === "contextMissing" ? own : publicKeyOf(own.key);
}

/** The public keys of some versions of a pair; of a derived one for a context, and none without it. */
export async function publicKeysOf(
  key: KeyEntry,
  versions: readonly number[],
  context: Uint8Array | undefined,
): Promise<ReadonlyMap<number, Buffer>> {
  const found = new Map<number, Buffer>();
  if (!key.isPair) return found;
  for (const version of versions) {
    const publicKey = await verifyingKey(key, version, context);
    if (typeof publicKey !== "string") found.set(version, encodePublicKey(publicKey));
  }
  return found;
}
