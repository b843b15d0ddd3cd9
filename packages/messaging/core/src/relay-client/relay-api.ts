import { type DeviceAddress, parseAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import type { SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import type { KeyBundle, KeyCounts, KeySetUpload, KeyUpload } from "../key-bundle.ts";
import { parseKeyBundle } from "../parse-key-bundle.ts";
import type { ProtocolId } from "../protocols.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import { RelayProblem } from "./relay-problem.ts";
import type { RelayOperation, RelaySession } from "./relay-session.ts";

/** One ciphertext for one device of the user whose mailboxes are written to. */
export interface OutgoingEnvelope {
  readonly deviceId: string;
  readonly registrationId: number;
  readonly kind: string;
  /** Base64. */
  readonly body: string;
}

/** What waits in the device's mailbox. */
export interface MailboxMessage {
  /** Rises with every message of this mailbox. */
  readonly seq: number;
  readonly messageId: string;
  readonly from: DeviceAddress;
  readonly protocol: string;
  readonly kind: string;
  readonly groupId?: string | undefined;
  readonly body: Uint8Array;
  readonly receivedAtMs: number;
}

/** A device's keys as the directory gives them out, once. */
export interface Claim {
  readonly deviceId: string;
  readonly registrationId: number;
  readonly bundle: KeyBundle;
}

/** The most one-time keys of a set in one upload. */
const maxKeysEach = 100;

/** The relay's operations, with answers that were checked for their form. */
export class RelayApi {
  readonly #session: RelaySession;
  readonly #vaultVersion: () => Promise<number>;
  readonly #inTurn = oneAtATime();

  /** @param vaultVersion of the device's vault: the relay refuses states that are older than one it has seen */
  constructor(session: RelaySession, vaultVersion: () => Promise<number>) {
    this.#session = session;
    this.#vaultVersion = vaultVersion;
  }

  get session(): RelaySession {
    return this.#session;
  }

  /** A user's list and all that the relay says with it; undefined when there is no such user. Nothing is checked. */
  async deviceList(userId: string, anonymous = false): Promise<ListAnswer | undefined> {
    const path = `/v1/users/${encode(userId)}/device-list`;
    const answer = await this.#orUndefined(404, { method: "GET", path, anonymous });
    if (answer === undefined) return undefined;
    const value = recordOf(answer);
    const { text, signature } = value;
    if (typeof text !== "string" || typeof signature !== "string") throw dishonest("a device list is no text");
    return { signed: { text, signature }, answer: value };
  }

  /** Likewise the own user's, for a device that may not be in it yet and has no token. */
  async ownDeviceList(userId: string): Promise<ListAnswer | undefined> {
    try {
      return await this.deviceList(userId, true);
    } catch (cause) {
      if (!isUnauthenticated(cause)) throw cause;
    }
    try {
      return await this.deviceList(userId);
    } catch (cause) {
      // The relay tells its users alone, and this is none of them yet.
      if (isUnauthenticated(cause)) return undefined;
      throw cause;
    }
  }

  /** @returns false when the version is not the next one any more */
  async putDeviceList(userId: string, signed: SignedDeviceList, registrationToken?: string): Promise<boolean> {
    const headers = registrationToken === undefined ? {} : { "x-registration-token": registrationToken };
    const path = `/v1/users/${encode(userId)}/device-list`;
    try {
      await this.#session.run({ method: "PUT", path, body: signed, headers, anonymous: true });
      return true;
    } catch (cause) {
      if (cause instanceof RelayProblem && cause.problem === "VersionConflict") return false;
      throw cause;
    }
  }

  /** The highest version of this device's vault that the relay has seen; 0 when none. */
  async seenVaultVersion(): Promise<number> {
    const { vaultVersion } = recordOf(await this.#session.run({ method: "GET", path: "/v1/devices/me" }));
    return Number.isSafeInteger(vaultVersion) ? (vaultVersion as number) : 0;
  }

  async putKeys(upload: KeyUpload): Promise<void> {
    for (const body of partsOfUpload(upload)) await this.#session.run({ method: "PUT", path: "/v1/keys", body });
  }

  async keyCounts(): Promise<KeyCounts> {
    const { counts } = recordOf(await this.#session.run({ method: "GET", path: "/v1/keys" }));
    const entries = Object.entries(recordOf(counts));
    return Object.fromEntries(entries.map(([name, count]) => [name, Number(count)]));
  }

  /** Takes a bundle of each device, which costs it a one-time key of each set. */
  async claim(userId: string, protocol: ProtocolId, deviceIds: readonly string[]): Promise<Claim[]> {
    const path = `/v1/users/${encode(userId)}/claims`;
    const { devices } = recordOf(await this.#session.run({ method: "POST", path, body: { protocol, deviceIds } }));
    return arrayOf(devices).map((device) => {
      const { deviceId, registrationId, bundle } = recordOf(device);
      if (typeof deviceId !== "string" || !Number.isSafeInteger(registrationId))
        throw dishonest("a claim is malformed");
      return { deviceId, registrationId: registrationId as number, bundle: parseKeyBundle(bundle) };
    });
  }

  /**
   * Puts envelopes into the mailboxes of a user's devices. The same message id again does nothing.
   *
   * @param only whether these devices are meant alone, and not exactly those that the user has
   * @throws RelayProblem DeviceSetMismatch, StaleDevices, MailboxFull
   */
  async putMessages(
    userId: string,
    message: { messageId: string; protocol: ProtocolId; envelopes: readonly OutgoingEnvelope[]; groupId?: string },
    only: boolean,
  ): Promise<void> {
    const path = `/v1/users/${encode(userId)}/messages${only ? "?only=devices" : ""}`;
    await this.versioned((vaultVersion) => ({ method: "PUT", path, body: { ...message, vaultVersion } }));
  }

  /** The oldest messages of the mailbox that were not acknowledged. */
  async messages(limit: number): Promise<{ messages: MailboxMessage[]; more: boolean }> {
    const answer = recordOf(await this.#session.run({ method: "GET", path: `/v1/messages?limit=${limit}` }));
    return { messages: arrayOf(answer["messages"]).map(readMailboxMessage), more: answer["more"] === true };
  }

  /** Tells that all messages up to this one are kept here: over the socket when there is one, which then sends more. */
  acknowledge(upTo: number): Promise<void> {
    return this.#inTurn(async () => {
      const version = await this.#vaultVersion();
      if (this.#session.socket?.acknowledge(upTo, version)) return;
      await this.#session.run({ method: "DELETE", path: `/v1/messages?upTo=${upTo}&vaultVersion=${version}` });
    });
  }

  /**
   * Runs an operation that tells the vault's version. One after the other: an older version that comes late would look
   * like a vault that was set back.
   */
  versioned(operation: (vaultVersion: number) => RelayOperation): Promise<unknown> {
    return this.#inTurn(async () => this.#session.run(operation(await this.#vaultVersion())));
  }

  async #orUndefined(status: number, operation: RelayOperation): Promise<unknown> {
    try {
      return await this.#session.run(operation);
    } catch (cause) {
      if (cause instanceof RelayProblem && cause.status === status) return undefined;
      throw cause;
    }
  }
}

/** A list, and all that the relay says with it. */
export interface ListAnswer {
  readonly signed: SignedDeviceList;
  readonly answer: JsonRecord;
}

function isUnauthenticated(cause: unknown): boolean {
  return cause instanceof RelayProblem && cause.status === 401;
}

/** What JSON has for objects. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Reads a message of the mailbox. @throws MessagingError RelayDishonest when it is none */
export function readMailboxMessage(value: unknown): MailboxMessage {
  const { seq, messageId, from, protocol, kind, groupId, body, receivedAtMs } = recordOf(value);
  const bytes = bytesOfBase64(body);
  const isMessage =
    Number.isSafeInteger(seq) &&
    [messageId, from, protocol, kind].every((text) => typeof text === "string") &&
    (groupId === undefined || groupId === null || typeof groupId === "string");
  if (!isMessage || bytes === undefined) throw dishonest("a message of the mailbox is malformed");
  return {
    seq: seq as number,
    messageId: messageId as string,
    from: parseAddress(from as string),
    protocol: protocol as string,
    kind: kind as string,
    groupId: (groupId ?? undefined) as string | undefined,
    body: bytes,
    receivedAtMs: Number(receivedAtMs),
  };
}

/** An upload in parts that the relay takes. Last-resort keys and details go with the first. */
export function partsOfUpload(upload: KeyUpload): KeyUpload[] {
  const sets = Object.entries(upload.sets);
  const count = Math.max(1, ...sets.map(([, { oneTime }]) => Math.ceil(oneTime.length / maxKeysEach)));
  return Array.from({ length: count }, (_, part) => {
    const range = [part * maxKeysEach, (part + 1) * maxKeysEach] as const;
    const partSets = sets
      .map(([name, { lastResort, oneTime }]): [string, KeySetUpload] => [
        name,
        { ...(part === 0 && lastResort && { lastResort }), oneTime: oneTime.slice(...range) },
      ])
      .filter(([, { oneTime }]) => part === 0 || oneTime.length > 0);
    const { identityKey, details } = upload;
    return { identityKey, ...(details !== undefined && { details }), sets: Object.fromEntries(partSets) };
  });
}

/** An envelope's body as it travels. */
export function outgoing(deviceId: string, registrationId: number, kind: string, body: Uint8Array): OutgoingEnvelope {
  return { deviceId, registrationId, kind, body: base64OfBytes(body) };
}

function encode(id: string): string {
  return encodeURIComponent(id);
}

/** An object of an answer. @throws MessagingError RelayDishonest */
export function recordOf(value: unknown): JsonRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw dishonest("an answer has no object");
  return value as JsonRecord;
}

/** An array of an answer. @throws MessagingError RelayDishonest */
export function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw dishonest("an answer has no list");
  return value;
}

function dishonest(why: string): MessagingError {
  return new MessagingError("RelayDishonest", `The relay does not keep to its protocol: ${why}.`);
}
