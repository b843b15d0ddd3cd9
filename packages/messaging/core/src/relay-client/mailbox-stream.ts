import { asMessagingError, type MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import { type JsonRecord, type MailboxMessage, type RelayApi, readMailboxMessage, recordOf } from "./relay-api.ts";
import type { RelaySocketHandle } from "./relay-client.ts";
import type { OperationSocket, SocketAnswer } from "./relay-session.ts";

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
/** The most operations under way on a socket; the relay closes one with more. */
const maxSocketRequests = 32;
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
        const error = asMessagingError(cause);
        this.#listener.trouble(error);
        if (error.code === "VaultRolledBack" || error.code === "VaultUnreadable") return;
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
    const queue = new FrameQueue();
    const requests = new SocketRequests(() => this.#socket);
    const listener = {
      received: (text: string) => {
        const frame = readFrame(text);
        if (frame === undefined) queue.end();
        else if (frame["type"] === "answer") requests.answered(frame);
        else queue.push(frame);
      },
      closed: () => {
        this.#api.session.socket = undefined;
        requests.end();
        queue.end();
      },
    };
    try {
      this.#socket = await client.connect(token, listener);
    } catch {
      // Sockets may be blocked where requests are not.
      await drainMailbox(this.#api, this.#listener);
      return pollMs;
    }
    this.#api.session.socket = requests;
    if (this.#isClosed) this.#socket.close();
    try {
      await this.#take(queue);
    } finally {
      listener.closed();
      this.#socket.close();
      this.#socket = undefined;
    }
    return backOffMs(1);
  }

  async #take(queue: FrameQueue): Promise<void> {
    let unacknowledged = 0;
    for (let frame = await queue.next(); frame !== undefined; frame = await queue.next()) {
      if (frame["type"] === "keysLow") await this.#listener.keysLow();
      if (frame["type"] !== "message") continue;
      const message = readMailboxMessage(frame["message"]);
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

/** Frames in the order in which they came, for one reader. */
class FrameQueue {
  readonly #frames: JsonRecord[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  push(frame: JsonRecord): void {
    this.#frames.push(frame);
    this.#wake?.();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  async next(): Promise<JsonRecord | undefined> {
    while (this.#frames.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift();
  }
}

/** Operations that go over the socket, until their answers come. */
class SocketRequests implements OperationSocket {
  readonly #socket: () => RelaySocketHandle | undefined;
  readonly #waiting = new Map<number, (answer: SocketAnswer | undefined) => void>();
  #lastId = 0;
  #hasEnded = false;

  constructor(socket: () => RelaySocketHandle | undefined) {
    this.#socket = socket;
  }

  request(method: string, path: string, body: unknown): Promise<SocketAnswer | undefined> {
    const socket = this.#socket();
    if (socket === undefined || this.#hasEnded || this.#waiting.size >= maxSocketRequests) {
      return Promise.resolve(undefined);
    }
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      socket.send(JSON.stringify({ type: "request", id, method, path, body }));
    });
  }

  acknowledge(upTo: number, vaultVersion: number): boolean {
    const socket = this.#socket();
    if (socket === undefined || this.#hasEnded) return false;
    socket.send(JSON.stringify({ type: "ack", upTo, vaultVersion }));
    return true;
  }

  answered({ id, status, body, retryAfter }: JsonRecord): void {
    const resolve = this.#waiting.get(id as number);
    this.#waiting.delete(id as number);
    resolve?.({
      status: Number(status),
      body,
      retryAfter: typeof retryAfter === "number" ? retryAfter : undefined,
    });
  }

  /** What has no answer goes again as a request of its own: every operation may be repeated. */
  end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}

/** @returns undefined when the relay does not keep to its protocol */
function readFrame(text: string): JsonRecord | undefined {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
