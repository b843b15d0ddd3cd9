import { addressName, type DeviceAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import type { DeviceEntry } from "../device-list.ts";
import type { Ciphertext } from "../e2e-protocol.ts";
import { MessagingError } from "../errors.ts";
import type { KeyBundle } from "../key-bundle.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import { carriedBundles, type Directory } from "./directory.ts";
import type { Outbox, OutboxEntry, OutboxPart } from "./outbox.ts";
import { identityChanged, peers, trustedList } from "./peers.ts";
import { recordKind } from "./records.ts";

/** What became of encrypting a part. */
export interface Encrypted {
  readonly part: OutboxPart;
  /** Devices with which a session is only just beginning, such as OTR's. */
  readonly handshaking: boolean;
  /** Outbox entries that were made meanwhile. */
  readonly numbers: readonly number[];
}

/** When a session that begins with messages back and forth began. One that came to nothing is begun again. */
const handshakes = recordKind<number>("handshake");
const handshakeMs = 5 * 60_000;

/** Encrypts for exactly the devices that verified lists name. */
export class Encrypter {
  readonly #context: DeviceContext;
  readonly #directory: Directory;
  readonly #outbox: Outbox;

  constructor(context: DeviceContext, directory: Directory, outbox: Outbox) {
    this.#context = context;
    this.#directory = directory;
    this.#outbox = outbox;
  }

  /**
   * Encrypts for those devices that have nothing yet, with the state and the sessions that are there.
   *
   * @param bundles of devices with which a session may begin
   * @returns undefined when lists or sessions are missing
   */
  async encryptIn(
    state: StateTransaction,
    entry: OutboxEntry,
    part: OutboxPart,
    bundles: ReadonlyMap<string, KeyBundle> = new Map(),
  ): Promise<Encrypted | undefined> {
    const peer = await peers.get(state, part.userId);
    if (peer === undefined) return undefined;
    if (peer.offered !== undefined) throw identityChanged(part.userId);
    const targets = this.#context.targets(trustedList(peer), part.only);
    const kept = part.envelopes.filter((envelope) => targets.some((target) => isFor(envelope, target)));
    const missing = targets.filter((target) => !kept.some((envelope) => isFor(envelope, target)));
    if (entry.payload === undefined || missing.length === 0) {
      return { part: { ...part, envelopes: kept }, handshaking: false, numbers: [] };
    }
    const started = await this.#startSessions(state, part.userId, missing, bundles);
    if (started === undefined) return undefined;
    const ready = await this.#withSession(state, part.userId, missing);
    const ciphertexts = await this.#encrypt(state, entry, part.userId, ready);
    return {
      part: { ...part, envelopes: [...kept, ...ciphertexts.map((ciphertext) => envelopeOf(ciphertext, ready))] },
      handshaking: ready.length < missing.length,
      numbers: started,
    };
  }

  /**
   * Encrypts a part of an entry that is kept, and keeps the result.
   *
   * @throws MessagingError UnknownRecipient, IdentityChanged, BundleRefused, RelayUnavailable
   */
  async encrypt(number: number, partNumber: number): Promise<{ entry: OutboxEntry; handshaking: boolean } | undefined> {
    for (let tries = 0; tries < 3; tries++) {
      const entry = await this.#outbox.get(number);
      if (entry === undefined) return undefined;
      const { userId, only } = entry.parts[partNumber]!;
      const targets = this.#context.targets(await this.#directory.list(userId), only);
      const without = entry.payload === undefined ? [] : await this.#withoutSession(userId, targets);
      const bundles = await this.#directory.claim(userId, without);
      const result = await this.#context.transact(async (state) => {
        const part = entry.parts[partNumber]!;
        const encrypted = await this.encryptIn(state, entry, part, bundles);
        if (encrypted === undefined) return undefined;
        const next = withPart(entry, partNumber, encrypted.part);
        this.#outbox.put(state, number, next);
        return { entry: next, handshaking: encrypted.handshaking, numbers: encrypted.numbers };
      });
      if (result === undefined) continue;
      this.#outbox.announce(...result.numbers);
      return result;
    }
    throw new MessagingError("RelayUnavailable", "The recipient's devices keep changing; flush tries again.");
  }

  /**
   * Begins sessions with devices, where there are none yet.
   *
   * @param only these devices, or all of the user's
   * @throws MessagingError UnknownRecipient, IdentityChanged, BundleRefused, RelayUnavailable
   */
  async startSessions(userId: string, only: readonly string[] | undefined): Promise<void> {
    if ((await this.#start(userId, only, new Map())) === 0) throw noDevice(userId);
  }

  /**
   * Likewise with devices that may be this one or be gone.
   *
   * @param given bundles that were claimed already
   */
  async ensureSessions(
    userId: string,
    deviceIds: readonly string[],
    given: ReadonlyMap<string, KeyBundle>,
  ): Promise<void> {
    await this.#start(userId, deviceIds, given);
  }

  /** @returns how many devices are meant */
  async #start(
    userId: string,
    only: readonly string[] | undefined,
    given: ReadonlyMap<string, KeyBundle>,
  ): Promise<number> {
    const targets = this.#context.targets(await this.#directory.list(userId), only);
    const without = await this.#withoutSession(userId, targets);
    if (without.length === 0) return targets.length;
    const claimed = await this.#directory.claim(
      userId,
      without.filter(({ deviceId }) => !given.has(deviceId)),
    );
    const bundles = new Map([...given, ...claimed]);
    const numbers = await this.#context.transact((state) => this.#startSessions(state, userId, without, bundles));
    this.#outbox.announce(...(numbers ?? []));
    return targets.length;
  }

  /** Begins sessions where there are none. @returns numbers of outbox entries; undefined when bundles are missing */
  async #startSessions(
    state: StateTransaction,
    userId: string,
    devices: readonly DeviceEntry[],
    bundles: ReadonlyMap<string, KeyBundle>,
  ): Promise<number[] | undefined> {
    const numbers: number[] = [];
    for (const entry of devices) {
      const address = { userId, deviceId: entry.deviceId };
      if (await this.#isBegun(state, address)) continue;
      const bundle = bundles.get(entry.deviceId);
      if (bundle === undefined) return undefined;
      const { messages } = await this.#context.device.initializeSession(state, address, bundle);
      carriedBundles.delete(state, `${userId}/${entry.deviceId}`);
      if (messages.length > 0) handshakes.put(state, this.#context.nowMs(), addressName(address));
      numbers.push(...(await this.#outbox.addCiphertexts(state, messages, async () => entry.registrationId)));
    }
    return numbers;
  }

  async #encrypt(
    state: StateTransaction,
    { payload, messageId }: OutboxEntry,
    userId: string,
    devices: readonly DeviceEntry[],
  ): Promise<Ciphertext[]> {
    if (devices.length === 0) return [];
    const addresses = devices.map(({ deviceId }) => ({ userId, deviceId }));
    return this.#context.device.encrypt(state, addresses, bytesOfBase64(payload)!, messageId);
  }

  async #withSession(state: StateTransaction, userId: string, devices: readonly DeviceEntry[]): Promise<DeviceEntry[]> {
    const found: DeviceEntry[] = [];
    for (const entry of devices) {
      if (await this.#context.device.hasSession(state, { userId, deviceId: entry.deviceId })) found.push(entry);
    }
    return found;
  }

  #withoutSession(userId: string, devices: readonly DeviceEntry[]): Promise<DeviceEntry[]> {
    return this.#context.transact(async (state) => {
      const without: DeviceEntry[] = [];
      for (const device of devices) {
        if (!(await this.#isBegun(state, { userId, deviceId: device.deviceId }))) without.push(device);
      }
      return without;
    });
  }

  /** Whether there is a session with a device, or one is just beginning. */
  async #isBegun(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    if (await this.#context.device.hasSession(state, peer)) return true;
    const beganAtMs = await handshakes.get(state, addressName(peer));
    return beganAtMs !== undefined && this.#context.nowMs() - beganAtMs < handshakeMs;
  }
}

/** The error of a user without a device that could read anything. */
export function noDevice(userId: string): MessagingError {
  return new MessagingError("UnknownRecipient", `${userId} has no such device of this protocol; nothing was sent.`);
}

/** An entry with another part. */
export function withPart(entry: OutboxEntry, partNumber: number, part: OutboxPart): OutboxEntry {
  return { ...entry, parts: entry.parts.map((one, position) => (position === partNumber ? part : one)) };
}

function isFor(envelope: { readonly deviceId: string; readonly registrationId: number }, device: DeviceEntry): boolean {
  return envelope.deviceId === device.deviceId && envelope.registrationId === device.registrationId;
}

function envelopeOf({ to, kind, body }: Ciphertext, devices: readonly DeviceEntry[]) {
  const { registrationId } = devices.find(({ deviceId }) => deviceId === to.deviceId)!;
  return { deviceId: to.deviceId, registrationId, kind, body: base64OfBytes(body) };
}
