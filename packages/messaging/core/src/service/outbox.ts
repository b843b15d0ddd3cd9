import type { Ciphertext } from "../e2e-protocol.ts";
import { type OutgoingEnvelope, outgoing } from "../relay-client/relay-api.ts";
import type { StateTransaction } from "../vault/vault.ts";
import { type DeviceContext, newId } from "./device-context.ts";
import { nextNumber, recordKind, sortableName } from "./records.ts";

/** What goes to the devices of one user. */
export interface OutboxPart {
  readonly userId: string;
  /** These devices alone; else all that the user has. */
  readonly only?: readonly string[] | undefined;
  /** Of the part, where it is not the entry's: what goes before a message is no part of it. */
  readonly messageId?: string | undefined;
  /** What is encrypted so far. It is kept before it is sent, so that what is sent again is the same. */
  readonly envelopes: readonly OutgoingEnvelope[];
  readonly sent: boolean;
}

/** A change of a group, as the relay is to take it. */
export interface OutboxChange {
  readonly epoch: number;
  /** Base64. */
  readonly commit?: string | undefined;
  readonly members: readonly string[];
  /** Base64 bodies. */
  readonly welcomes: readonly { readonly to: string; readonly kind: string; readonly body: string }[];
}

/** One ciphertext for all members of a group. */
export interface OutboxGroupMessage {
  readonly kind: string;
  /** Base64. */
  readonly body: string;
  readonly epoch: number;
  /** Without a relay it goes to each. */
  readonly to: readonly string[];
}

/** What is to be sent, until it is. */
export interface OutboxEntry {
  readonly messageId: string;
  readonly groupId?: string | undefined;
  /** Base64; what is encrypted for each device. Absent where there are ciphertexts alone. */
  readonly payload?: string | undefined;
  /** Whether nobody but devices misses it: it is dropped when it cannot go. */
  readonly isService: boolean;
  /** Sent one after the other. */
  readonly parts: readonly OutboxPart[];
  /** Whether the relay is to know a group of this id first of all. */
  readonly createsGroup?: boolean | undefined;
  /** Sent after the parts. */
  readonly change?: OutboxChange | undefined;
  readonly groupMessage?: OutboxGroupMessage | undefined;
}

export const outboxEntries = recordKind<OutboxEntry>("outbox");

/** The numbers of what waits, in order. */
export class Outbox {
  readonly #context: DeviceContext;
  readonly #numbers: number[];

  private constructor(context: DeviceContext, numbers: readonly number[]) {
    this.#context = context;
    this.#numbers = [...numbers];
  }

  static async open(context: DeviceContext): Promise<Outbox> {
    return new Outbox(context, (await context.transact((state) => outboxEntries.names(state))).map(Number));
  }

  get numbers(): readonly number[] {
    return [...this.#numbers];
  }

  has(number: number): boolean {
    return this.#numbers.includes(number);
  }

  /** Keeps an entry. @returns its number, for `announce` once the transaction is kept */
  async add(state: StateTransaction, entry: OutboxEntry): Promise<number> {
    const number = await nextNumber(state, "outbox");
    outboxEntries.put(state, entry, sortableName(number));
    return number;
  }

  /** Ciphertexts of the protocol's own for single devices, such as answers in a handshake. */
  async addCiphertexts(
    state: StateTransaction,
    ciphertexts: readonly Ciphertext[],
    registrationIdOf: (ciphertext: Ciphertext) => Promise<number | undefined>,
    groupId?: string,
  ): Promise<number[]> {
    const numbers: number[] = [];
    for (const ciphertext of ciphertexts) {
      const { to, kind, body } = ciphertext;
      const registrationId = await registrationIdOf(ciphertext);
      if (registrationId === undefined) continue;
      const envelopes = [outgoing(to.deviceId, registrationId, kind, body)];
      const part = { userId: to.userId, only: [to.deviceId], envelopes, sent: false };
      numbers.push(await this.add(state, { messageId: newId(), groupId, isService: true, parts: [part] }));
    }
    return numbers;
  }

  announce(...numbers: readonly number[]): void {
    this.#numbers.push(...numbers);
  }

  get(number: number): Promise<OutboxEntry | undefined> {
    return this.#context.transact((state) => outboxEntries.get(state, sortableName(number)));
  }

  put(state: StateTransaction, number: number, entry: OutboxEntry): void {
    outboxEntries.put(state, entry, sortableName(number));
  }

  /** Deletes an entry. */
  delete(state: StateTransaction, number: number): void {
    outboxEntries.delete(state, sortableName(number));
  }

  /** Forgets the number of an entry whose deletion is kept. */
  forget(number: number): void {
    const position = this.#numbers.indexOf(number);
    if (position >= 0) this.#numbers.splice(position, 1);
  }
}
