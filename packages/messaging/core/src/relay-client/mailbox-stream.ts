import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import { type MailboxMessage, type RelayApi, readMailboxMessage, recordOf } from "./relay-api.ts";
import type { RelaySocketHandle } from "./relay-client.ts";

/** What a mailbox gives, and what is to be done about it. */
export interface MailboxListener {
  /** Keeps a message. When it fails, the message comes again. */
  received(message: MailboxMessage): Promise<void>;
  /** One-time keys of a set run low. */
  keysLow(): Promise<void>;
  /** The relay can be reached. */
  connected(): Promise<void>;
  /** Something failed and is tried again. */
  trouble(error: MessagingError): void;
}

/** How many messages are asked for at once. */
const pageMessages = 64;
/** So many are kept before they are acknowledged together, if more are there. */
const acknowledgeEvery = 16;
const firstBackOffMs = 500;
const longestBackOffMs = 60_000;
/** How often a mailbox is asked where there are no sockets. */
const pollMs = 5_000;

/** Takes everything that is in the mailbox now, and acknowledges it. */
export async function drainMailbox(api: RelayApi, listener: Pick<MailboxListener, "received">): Promise<void> {
  for (;;) {
    const { messages, more } = await api.messages(pageMessages);
    for (const message of messages) await listener.received(message);
    const last = messages.at(-1);
    if (last !== undefined) await api.acknowledge(last.seq);
    if (!more || last === undefined) return;
  }
}

/** Listens to the mailbox until it is closed: over a socket, by polling where there is none, again after failures. */
export class MailboxStream {
  readonly #api: RelayApi;
  readonly #listener: MailboxListener;
  #socket: RelaySocketHandle | undefined;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(api: RelayApi, listener: MailboxListener) {
    this.#api = api;
    this.#listener = listener;
  }

  /** Begins to listen. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends, once what was being received is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#socket?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosed) {
      try {
        await this.#listener.connected();
        const waitMs = await this.#listen();
        failures = 0;
        if (!this.#isClosed) await this.#api.session.wait(waitMs);
      } catch (cause) {
        if (this.#isClosed) return;
        if (!(cause instanceof MessagingError)) throw cause;
        this.#listener.trouble(cause);
        if (cause.code === "VaultRolledBack" || cause.code === "VaultUnreadable") return;
        failures++;
        await this.#api.session.wait(backOffMs(failures)).catch(() => undefined);
      }
    }
  }

  /** Listens as long as it can. @returns how long to wait before doing it again */
  async #listen(): Promise<number> {
    const { client } = this.#api.session;
    if (client.connect === undefined) {
      await drainMailbox(this.#api, this.#listener);
      return pollMs;
    }
    const token = await this.#api.session.token();
    const queue = new TextQueue();
    try {
      this.#socket = await client.connect(token, {
        received: (text) => queue.push(text),
        closed: () => queue.end(),
      });
    } catch (cause) {
      // The token may be the reason, and sockets may be blocked where requests are not.
      this.#api.session.dropToken();
      await drainMailbox(this.#api, this.#listener);
      throw cause;
    }
    if (this.#isClosed) this.#socket.close();
    try {
      await this.#take(queue);
    } finally {
      this.#socket.close();
      this.#socket = undefined;
    }
    return backOffMs(1);
  }

  async #take(queue: TextQueue): Promise<void> {
    let unacknowledged = 0;
    for (let text = await queue.next(); text !== undefined; text = await queue.next()) {
      const value = recordOf(readJson(text));
      if (value["type"] === "keysLow") await this.#listener.keysLow();
      if (value["type"] !== "message") continue;
      const message = readMailboxMessage(value["message"]);
      await this.#listener.received(message);
      unacknowledged++;
      if (queue.isEmpty || unacknowledged >= acknowledgeEvery) {
        await this.#api.acknowledge(message.seq);
        unacknowledged = 0;
      }
    }
  }
}

/** The back-off after some failures in a row: doubled each time, and up to a half less, so that not all come at once. */
export function backOffMs(failures: number): number {
  const longest = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (failures - 1));
  return longest * (1 - randomBytes(1)[0]! / 512);
}

/** Texts in the order in which they came, for one reader. */
class TextQueue {
  readonly #texts: string[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#texts.length === 0;
  }

  push(text: string): void {
    this.#texts.push(text);
    this.#wake?.();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  async next(): Promise<string | undefined> {
    while (this.#texts.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#texts.shift();
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MessagingError("RelayDishonest", "The relay does not keep to its protocol: it sent no JSON.", { cause });
  }
}
