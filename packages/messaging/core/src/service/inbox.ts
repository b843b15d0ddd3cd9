import { addressName, type DeviceAddress, isSameAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import type { MessagePayload } from "./payload.ts";
import { boundedRecords, nextNumber, recordKind, sortableName } from "./records.ts";

/** A message as the program gets it. */
export interface ReceivedMessage {
  readonly messageId: string;
  /** The device that encrypted it. */
  readonly from: DeviceAddress;
  /** Where it belongs: the other user, or the group. */
  readonly conversation: string;
  /** The group, where `conversation` is one. */
  readonly groupId?: string | undefined;
  /** Whether this user sent it, from another device. */
  readonly own: boolean;
  /** As the sender's clock said. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly text?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
  readonly attachments?: readonly unknown[] | undefined;
}

type KeptMessage = Omit<ReceivedMessage, "bytes"> & { readonly bytes?: string | undefined };

/** Ids of the last messages that were received: what comes again is not shown again. */
const seenLimit = 10_000;
const kept = recordKind<KeptMessage>("inbox");
const seen = boundedRecords<true>("seen", seenLimit);

/** By what a message is known again. */
export interface SeenMessage {
  readonly from: DeviceAddress;
  readonly messageId: string;
  readonly groupId?: string | undefined;
}

/** Messages that were decrypted and that the program has not dealt with yet. */
export class Inbox {
  readonly #context: DeviceContext;
  /** Numbers of messages that nobody has taken. */
  readonly #waiting: number[] = [];
  /** Numbers that were given to the program, and that it has dealt with since. */
  readonly #done: number[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  private constructor(context: DeviceContext) {
    this.#context = context;
  }

  static async open(context: DeviceContext): Promise<Inbox> {
    const inbox = new Inbox(context);
    const names = await context.transact((state) => kept.names(state));
    inbox.#waiting.push(...names.map(Number));
    return inbox;
  }

  /** Whether a message of this sender was received under this id. */
  async hasSeen(state: StateTransaction, message: SeenMessage): Promise<boolean> {
    return (await seen.get(state, seenName(message))) !== undefined;
  }

  async remember(state: StateTransaction, message: SeenMessage): Promise<void> {
    await seen.add(state, seenName(message), true);
  }

  /** Keeps a message. @returns its number, for `announce` once the transaction is kept */
  async add(
    state: StateTransaction,
    from: DeviceAddress,
    payload: MessagePayload,
    groupId: string | undefined,
  ): Promise<number> {
    const own = from.userId === this.#context.self.userId;
    const { text, bytes, attachments } = payload.content;
    const number = await nextNumber(state, "inbox");
    const message: KeptMessage = {
      messageId: payload.messageId,
      from,
      conversation: groupId ?? (own ? payload.to : from.userId),
      groupId,
      own,
      sentAtMs: payload.sentAtMs,
      receivedAtMs: this.#context.nowMs(),
      text,
      bytes: bytes && base64OfBytes(bytes),
      attachments,
    };
    kept.put(state, message, sortableName(number));
    return number;
  }

  announce(number: number): void {
    this.#waiting.push(number);
    this.#wake?.();
  }

  /** Gives one message, and remembers that it was given. */
  async take(number: number): Promise<ReceivedMessage | undefined> {
    const position = this.#waiting.indexOf(number);
    if (position >= 0) this.#waiting.splice(position, 1);
    const message = await this.#context.transact((state) => kept.get(state, sortableName(number)));
    return message && { ...message, bytes: bytesOfBase64(message.bytes) };
  }

  /** The number of a message that was kept and that nobody has taken: its carrier came again after a crash. */
  async find({ from, messageId }: Pick<ReceivedMessage, "from" | "messageId">): Promise<number | undefined> {
    for (const number of this.#waiting) {
      const message = await this.#context.transact((state) => kept.get(state, sortableName(number)));
      if (message?.messageId === messageId && isSameAddress(message.from, from)) return number;
    }
    return undefined;
  }

  /** All that wait, in the order in which they came. */
  async takeAll(): Promise<{ readonly number: number; readonly message: ReceivedMessage }[]> {
    const taken = [];
    for (const number of [...this.#waiting]) {
      const message = await this.take(number);
      if (message !== undefined) taken.push({ number, message });
    }
    return taken;
  }

  /** The program has dealt with a message: it goes with the next transaction that `forgetDone` is part of. */
  markDone(number: number): void {
    this.#done.push(number);
  }

  /** Deletes what the program has dealt with. */
  async forgetDone(): Promise<void> {
    const numbers = this.#done.splice(0);
    if (numbers.length === 0) return;
    await this.#context.transact(async (state) => {
      for (const number of numbers) kept.delete(state, sortableName(number));
    });
  }

  /**
   * Messages as they come. One is deleted when the next is asked for: whoever crashes meanwhile gets it again. When
   * several iterate, each message goes to one of them.
   */
  async *messages(): AsyncGenerator<ReceivedMessage, void, void> {
    while (!this.#isClosed) {
      const number = this.#waiting[0];
      if (number === undefined) {
        await this.#somethingNew();
        continue;
      }
      const message = await this.take(number);
      if (message === undefined) continue;
      try {
        yield message;
      } finally {
        this.markDone(number);
        await this.forgetDone();
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  #somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        this.#wake = undefined;
        before?.();
        resolve();
      };
    });
  }
}

// The relay gives commits and welcomes ids that are unique in their group alone.
function seenName({ from, messageId, groupId }: SeenMessage): string {
  return [addressName(from), messageId, ...(groupId === undefined ? [] : [groupId])].join("/");
}
