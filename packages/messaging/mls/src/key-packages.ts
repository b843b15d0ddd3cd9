import {
  addressName,
  base64OfBytes,
  bytesOfBase64,
  type DeviceAddress,
  isSameAddress,
  type KeyBundle,
  type KeyCounts,
  type KeyUpload,
  nowMs,
  type PublicPreKey,
  type StateTransaction,
} from "@coffer/messaging";
import {
  type Capabilities,
  type CiphersuiteImpl,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  type KeyPackage,
  type Lifetime,
  type PrivateKeyPackage,
  type Welcome,
} from "ts-mls";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { decodeMessage } from "./messages.ts";
import { refuseBundle } from "./outcomes.ts";
import type { SigningKey } from "./signing-key.ts";
import { keyPackageRecord, lastResortRecord } from "./state-keys.ts";
import { suiteName } from "./suites.ts";
import { addressOf, credentialOf, maxLifetimeSeconds } from "./trust.ts";

/** The set's name in the directory. */
export const keyPackageSet = "keyPackage";
/** One-time key packages that the directory is to have. */
const manyKeys = 50;
/** Below so many, more are made. */
const fewKeys = 25;
/** Another last resort is made after so long: its successor is there well before it ends. */
const lastResortMs = 28 * 24 * 3600 * 1000;
/** Seconds that the clocks of others may be behind. */
const clockSkewSeconds = 3600n;

/** What every device of this package can do, and nothing else. */
const capabilities: Capabilities = {
  versions: ["mls10"],
  ciphersuites: [suiteName],
  extensions: [],
  proposals: [],
  credentials: ["basic"],
};

interface LastResort {
  readonly key: PublicPreKey;
  readonly madeAtMs: number;
  /** The one before it, which is kept for those who have it already. */
  readonly before?: string | undefined;
}

/** A key package of this device with its private keys. */
export interface OwnKeyPackage {
  readonly keyPackage: KeyPackage;
  readonly privateKeys: PrivateKeyPackage;
  readonly reference: string;
}

/** The key packages of this device. Publishes them as MLSMessages (RFC 9420, section 6), signed in themselves. */
export class KeyPackages {
  readonly #self: DeviceAddress;
  readonly #suite: CiphersuiteImpl;
  readonly #key: SigningKey;
  readonly #identityKey: string;

  constructor(self: DeviceAddress, suite: CiphersuiteImpl, key: SigningKey, identityKey: string) {
    this.#self = self;
    this.#suite = suite;
    this.#key = key;
    this.#identityKey = identityKey;
  }

  async publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    const left = counts === undefined ? 0 : (counts[keyPackageSet] ?? 0);
    const kept = await readLastResort(state);
    const isOld = kept === undefined || nowMs() - kept.madeAtMs >= lastResortMs;
    if (left >= fewKeys && !isOld) return undefined;
    const oneTime: PublicPreKey[] = [];
    for (let n = left; left < fewKeys && n < manyKeys; n++) oneTime.push(await this.#make(state));
    const lastResort = isOld ? await this.#renewLastResort(state, kept) : counts === undefined ? kept.key : undefined;
    return this.#upload(oneTime, lastResort);
  }

  /** Another last resort. The one before still lets this device in, the one before that does no more. */
  async rotate(state: StateTransaction): Promise<KeyUpload> {
    return this.#upload([], await this.#renewLastResort(state, await readLastResort(state)));
  }

  /** A package for a group that this device makes itself; it is not published. */
  async own(): Promise<{ readonly publicPackage: KeyPackage; readonly privatePackage: PrivateKeyPackage }> {
    const credential = credentialOf(this.#self);
    const { signKey, publicKey } = this.#key;
    return generateKeyPackageWithKey(credential, capabilities, lifetime(), [], { signKey, publicKey }, this.#suite);
  }

  /** The key package of this device that a welcome is for. */
  async find(state: StateTransaction, welcome: Welcome): Promise<OwnKeyPackage | undefined> {
    for (const { newMember } of welcome.secrets) {
      const reference = newMember.toHex();
      const record = await state.get(keyPackageRecord(reference));
      if (record === undefined) continue;
      const { publicPackage, init, hpke } = JSON.parse(new TextDecoder().decode(record)) as Record<string, string>;
      const keyPackage = decodeKeyPackage(publicPackage!);
      if (keyPackage === undefined) return undefined;
      const [initPrivateKey, hpkePrivateKey] = [Uint8Array.fromBase64(init!), Uint8Array.fromBase64(hpke!)];
      const privateKeys = { initPrivateKey, hpkePrivateKey, signaturePrivateKey: this.#key.signKey };
      return { keyPackage, privateKeys, reference };
    }
    return undefined;
  }

  /** Forgets the private keys of a package that served, unless it is one that serves repeatedly. */
  async spend(state: StateTransaction, reference: string): Promise<void> {
    const lastResort = await readLastResort(state);
    if (lastResort === undefined) return;
    if (reference === lastResort.before || reference === referenceOf(lastResort.key)) return;
    state.delete(keyPackageRecord(reference));
  }

  #upload(oneTime: PublicPreKey[], lastResort: PublicPreKey | undefined): KeyUpload {
    const set = { oneTime, ...(lastResort !== undefined && { lastResort }) };
    return { identityKey: this.#identityKey, sets: { [keyPackageSet]: set } };
  }

  async #renewLastResort(state: StateTransaction, kept: LastResort | undefined): Promise<PublicPreKey> {
    if (kept?.before !== undefined) state.delete(keyPackageRecord(kept.before));
    const key = await this.#make(state);
    const before = kept && referenceOf(kept.key);
    const record: LastResort = { key, madeAtMs: nowMs(), before };
    state.put(lastResortRecord, new TextEncoder().encode(JSON.stringify(record)));
    return key;
  }

  async #make(state: StateTransaction): Promise<PublicPreKey> {
    const { publicPackage, privatePackage } = await this.own();
    const key = base64OfBytes(
      encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage }),
    );
    const reference = await makeKeyPackageRef(publicPackage, this.#suite.hash);
    const record = {
      publicPackage: key,
      init: base64OfBytes(privatePackage.initPrivateKey),
      hpke: base64OfBytes(privatePackage.hpkePrivateKey),
    };
    state.put(keyPackageRecord(reference.toHex()), new TextEncoder().encode(JSON.stringify(record)));
    return { keyId: base64OfBytes(reference), key };
  }
}

/**
 * The key package of a bundle, when it is the named device's and of the bundle's identity key. The library checks its
 * signatures and its lifetime when it adds it.
 *
 * @throws MessagingError BundleRefused
 */
export function parseKeyPackage(peer: DeviceAddress, { identityKey, sets }: KeyBundle): KeyPackage {
  const published = Object.hasOwn(sets, keyPackageSet) ? sets[keyPackageSet] : undefined;
  if (published === undefined) throw refuseBundle("it has no key package");
  const keyPackage = decodeKeyPackage(published.key);
  if (keyPackage === undefined) throw refuseBundle("its key package cannot be read");
  const address = addressOf(keyPackage.leafNode.credential);
  if (address === undefined || !isSameAddress(address, peer)) {
    throw refuseBundle(`its key package is not that of ${addressName(peer)}`);
  }
  if (base64OfBytes(keyPackage.leafNode.signaturePublicKey) !== identityKey) {
    throw refuseBundle("its key package is not of its identity key");
  }
  return keyPackage;
}

function decodeKeyPackage(base64: string): KeyPackage | undefined {
  const bytes = bytesOfBase64(base64);
  const message = bytes && decodeMessage(bytes);
  return message?.wireformat === "mls_key_package" ? message.keyPackage : undefined;
}

async function readLastResort(state: StateTransaction): Promise<LastResort | undefined> {
  const record = await state.get(lastResortRecord);
  return record === undefined ? undefined : (JSON.parse(new TextDecoder().decode(record)) as LastResort);
}

function referenceOf({ keyId }: PublicPreKey): string {
  return Uint8Array.fromBase64(keyId).toHex();
}

function lifetime(): Lifetime {
  const notBefore = BigInt(Math.floor(nowMs() / 1000)) - clockSkewSeconds;
  return { notBefore, notAfter: notBefore + maxLifetimeSeconds };
}
