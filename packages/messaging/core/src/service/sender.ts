import { addressName } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { RelayProblem } from "../relay-client/relay-problem.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import type { Directory } from "./directory.ts";
import { type Encrypter, noDevice, withPart } from "./encrypter.ts";
import { writeEnvelope } from "./envelope.ts";
import type { Outbox, OutboxEntry, OutboxPart } from "./outbox.ts";
import { encodePayload, type MessagePayload, type Payload } from "./payload.ts";
import { peers } from "./peers.ts";
import { boundedRecords } from "./records.ts";

/** What was sent last, for whoever could not open it. */
export interface SentMessage {
  /** The user or the group. */
  readonly to: string;
  readonly isGroup: boolean;
  /** Base64. */
  readonly payload: string;
}

/** How many sent messages are kept for being sent again. */
const sentLimit = 256;
export const sentMessages = boundedRecords<SentMessage>("sent", sentLimit);

/** How often device sets may change under one message. */
const maxSetChanges = 4;

/** After these nothing more goes for now, to nobody. */
const stopping: ReadonlySet<string> = new Set([
  "RelayUnavailable",
  "KeyUnavailable",
  "VaultRolledBack",
  "VaultUnreadable",
]);

/** Refusals by the relay after which a message may still go later. */
const passing: ReadonlySet<number> = new Set([401, 403, 409, 410, 429, 507]);

/** How a group's entries are sent; the group part of the service gives it. */
export type GroupSender = (number: number, entry: OutboxEntry) => Promise<void>;

/** Puts messages into the outbox, and what is in the outbox on its way. */
export class Sender {
  readonly #context: DeviceContext;
  readonly #directory: Directory;
  readonly #encrypter: Encrypter;
  readonly #outbox: Outbox;
  readonly #inTurn = oneAtATime();
  /** Entries whose caller waits and hears of failures itself. */
  readonly #watched = new Set<number>();
  readonly #failures = new Map<number, MessagingError>();
  /** Without a relay: entries that the caller has. They go with the next call. */
  #handedOver: number[] = [];
  groupSender: GroupSender | undefined;

  constructor(context: DeviceContext, directory: Directory, encrypter: Encrypter, outbox: Outbox) {
    this.#context = context;
    this.#directory = directory;
    this.#encrypter = encrypter;
    this.#outbox = outbox;
  }

  /** Puts a message to a user into the outbox, encrypted when all sessions are there. @returns the entry's number */
  async queueMessage(userId: string, payload: MessagePayload): Promise<number> {
    const { self } = this.#context;
    const users = userId === self.userId ? [userId] : [userId, self.userId];
    const number = await this.#context.transact(async (state) => {
      const encoded = base64OfBytes(encodePayload(payload));
      await sentMessages.add(state, payload.messageId, { to: userId, isGroup: false, payload: encoded });
      return this.#addEncrypted(state, {
        messageId: payload.messageId,
        payload: encoded,
        isService: false,
        parts: users.map((user) => ({ userId: user, envelopes: [], sent: false })),
      });
    });
    return number;
  }

  /** Tells this user's other devices to look at the list. */
  async queueDevicesChanged(): Promise<void> {
    const { self } = this.#context;
    const messageId = this.#context.newMessageId();
    const payload = { type: "devices", messageId, sentAtMs: this.#context.nowMs(), to: self.userId } as const;
    const parts = [{ userId: self.userId, envelopes: [], sent: false }];
    const number = await this.#context.transact((state) =>
      this.#outbox.add(state, {
        messageId,
        payload: base64OfBytes(encodePayload(payload)),
        isService: true,
        parts,
      }),
    );
    this.#outbox.announce(number);
  }

  /** Puts something of the service's for one device into the outbox. @returns the entry's number */
  async queueForDevice(state: StateTransaction, userId: string, deviceId: string, payload: Payload): Promise<number> {
    return this.#outbox.add(state, {
      messageId: payload.messageId,
      payload: base64OfBytes(encodePayload(payload)),
      isService: true,
      parts: [{ userId, only: [deviceId], envelopes: [], sent: false }],
    });
  }

  /**
   * Sends an entry and all before it.
   *
   * @returns whether it is on its way; not so while a handshake is going on
   * @throws MessagingError what keeps it from being sent. UnknownRecipient, IdentityChanged, BundleRefused: it is gone
   */
  async sendNow(number: number): Promise<boolean> {
    this.#watched.add(number);
    try {
      await this.flush();
    } catch (cause) {
      if (this.#outbox.has(number)) throw cause;
    } finally {
      this.#watched.delete(number);
    }
    const failure = this.#failures.get(number);
    this.#failures.delete(number);
    if (failure !== undefined) throw failure;
    return !this.#outbox.has(number) || this.#context.api === undefined;
  }

  /**
   * Sends what waits, in order. What cannot go holds up what goes to the same user or group, and nothing else.
   *
   * @throws MessagingError RelayUnavailable, KeyUnavailable, VaultRolledBack, VaultUnreadable
   */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      const heldUp = new Set<string>();
      let last = 0;
      // Sending may add entries: what begins a session.
      for (let number = this.#next(last); number !== undefined; number = this.#next(last)) {
        last = number;
        const entry = await this.#outbox.get(number);
        if (entry === undefined) this.#outbox.forget(number);
        else if (!destinations(entry).some((name) => heldUp.has(name))) await this.#sendOrHold(number, entry, heldUp);
      }
    });
  }

  /** Without a relay: all that is encrypted and that the caller does not have. It leaves the outbox with the next call. */
  async handOver(): Promise<string[]> {
    const texts: string[] = [];
    for (const number of this.#outbox.numbers) {
      if (this.#handedOver.includes(number)) continue;
      const entry = await this.#outbox.get(number);
      if (entry === undefined) continue;
      texts.push(...this.#textsOf(entry));
      this.#handedOver.push(number);
    }
    return texts;
  }

  /** Without a relay: forgets what was handed over before. */
  async forgetHandedOver(): Promise<void> {
    const numbers = this.#handedOver;
    this.#handedOver = [];
    if (numbers.length > 0) await this.#remove(...numbers);
  }

  #next(after: number): number | undefined {
    return this.#outbox.numbers.find((number) => number > after);
  }

  async #addEncrypted(state: StateTransaction, entry: OutboxEntry): Promise<number> {
    let next = entry;
    for (const [position, part] of entry.parts.entries()) {
      // What is not to be sent is not to be kept either.
      const peer = await peers.get(state, part.userId);
      if (peer === undefined) continue;
      const encrypted = await this.#encrypter.encryptIn(state, next, part);
      if (encrypted !== undefined) next = withPart(next, position, encrypted.part);
    }
    return this.#outbox.add(state, next);
  }

  async #sendOrHold(number: number, entry: OutboxEntry, heldUp: Set<string>): Promise<void> {
    try {
      const isSent = (await this.#send(number, entry)) === "sent";
      if (!isSent) for (const name of destinations(entry)) heldUp.add(name);
      if (isSent && !entry.isService && !this.#watched.has(number)) {
        this.#context.emit({ kind: "sent", messageId: entry.messageId });
      }
    } catch (cause) {
      if (!(cause instanceof MessagingError) || stopping.has(cause.code)) throw cause;
      await this.#fail(number, cause);
      if (this.#outbox.has(number)) for (const name of destinations(entry)) heldUp.add(name);
    }
  }

  async #send(number: number, entry: OutboxEntry): Promise<"sent" | "waiting"> {
    let handshaking = false;
    for (const position of entry.parts.keys()) {
      if (entry.parts[position]!.sent) continue;
      handshaking = (await this.#sendPart(number, position)) === "waiting" || handshaking;
    }
    if (handshaking) return "waiting";
    if (this.#context.api === undefined) return "sent";
    if (entry.createsGroup || entry.change !== undefined || entry.groupMessage !== undefined) {
      await this.groupSender?.(number, entry);
    }
    await this.#remove(number);
    return "sent";
  }

  async #sendPart(number: number, position: number): Promise<"sent" | "waiting"> {
    for (let changes = 0; ; changes++) {
      const encrypted = await this.#encrypter.encrypt(number, position);
      if (encrypted === undefined) return "sent";
      const { entry, handshaking } = encrypted;
      const part = entry.parts[position]!;
      if (handshaking) return "waiting";
      const isRecipient = !entry.isService && part.userId !== this.#context.self.userId;
      if (part.envelopes.length === 0 && isRecipient) throw noDevice(part.userId);
      if (this.#context.api === undefined) return "sent";
      if (part.envelopes.length === 0 || (await this.#put(entry, part, changes))) {
        const sent = withPart(entry, position, { ...part, sent: true });
        // The last part goes with the entry itself.
        if (position < entry.parts.length - 1) {
          await this.#context.transact(async (state) => this.#outbox.put(state, number, sent));
        }
        return "sent";
      }
    }
  }

  /** @returns false when the user's devices are others, which the directory then knows */
  async #put({ messageId, groupId }: OutboxEntry, part: OutboxPart, changes: number): Promise<boolean> {
    const { api, protocol } = this.#context;
    const { userId, envelopes, only } = part;
    const message = {
      messageId: part.messageId ?? messageId,
      protocol,
      envelopes,
      ...(groupId !== undefined && { groupId }),
    };
    try {
      await api!.putMessages(userId, message, only !== undefined);
      return true;
    } catch (cause) {
      if (!(cause instanceof RelayProblem)) throw cause;
      if (cause.status === 404) throw noDevice(userId);
      if (cause.problem !== "DeviceSetMismatch" && cause.problem !== "StaleDevices") throw cause;
      if (changes >= maxSetChanges) {
        throw new MessagingError(
          "RelayDishonest",
          `The relay asks for other devices of ${userId} than the account vouches for; nothing was sent.`,
          { cause },
        );
      }
      await this.#directory.refresh(userId);
      return false;
    }
  }

  /** A message that cannot go: its caller hears of it and it is gone, or it waits. */
  async #fail(number: number, error: MessagingError): Promise<void> {
    const entry = await this.#outbox.get(number);
    if (entry === undefined) {
      // A change of a group that lost is gone already.
      this.#outbox.forget(number);
      if (this.#watched.has(number)) this.#failures.set(number, error);
      return;
    }
    const { messageId, isService, parts } = entry;
    // What goes before a group's message is no part of what is said.
    const isUntouched = entry.groupMessage !== undefined || parts.every(({ sent }) => !sent);
    const watched = this.#watched.has(number) && isUntouched;
    if (watched) this.#failures.set(number, error);
    const mayGoLater = error.code === "IdentityChanged" || error.code === "RelayDishonest" || isPassing(error);
    if (isService || (isUntouched && (watched ? !isPassing(error) : !mayGoLater))) {
      await this.#remove(number);
      if (!watched && !isService) this.#context.emit({ kind: "dropped", messageId, error });
    } else if (!watched) this.#context.emit({ kind: "waiting", messageId, error });
  }

  async #remove(...numbers: readonly number[]): Promise<void> {
    await this.#context.transact(async (state) => {
      for (const number of numbers) this.#outbox.delete(state, number);
    });
    for (const number of numbers) this.#outbox.forget(number);
  }

  #textsOf({ messageId, groupId, parts, groupMessage }: OutboxEntry): string[] {
    const { self: from, protocol } = this.#context;
    const common = { protocol, messageId, from, groupId };
    const single = parts.flatMap(({ userId, envelopes, messageId: partId = messageId }) =>
      envelopes.map(({ deviceId, kind, body }) =>
        writeEnvelope({ ...common, messageId: partId, to: { userId, deviceId }, kind, body: bytesOfBase64(body)! }),
      ),
    );
    const toMembers = (groupMessage?.to ?? []).map((name) => {
      const [userId, deviceId] = name.split("/") as [string, string];
      const { kind, body } = groupMessage!;
      return writeEnvelope({ ...common, to: { userId, deviceId }, kind, body: bytesOfBase64(body)! });
    });
    return [...single, ...toMembers];
  }
}

function isPassing({ code, status }: MessagingError): boolean {
  return code === "RelayRefused" && status !== undefined && passing.has(status);
}

function destinations({ parts, groupId }: OutboxEntry): string[] {
  const users = parts.slice(0, 1).map(({ userId, only }) => (only === undefined ? userId : addressesOf(userId, only)));
  return groupId === undefined ? users : [...users, `group ${groupId}`];
}

/** What goes to single devices has an order of its own, so that a handshake gets past what waits for it. */
function addressesOf(userId: string, deviceIds: readonly string[]): string {
  return deviceIds.map((deviceId) => addressName({ userId, deviceId })).join(" ");
}
