import { type FaultListener, renderFailure, runOperation } from "./answer.ts";
import type { Caller, RelayContext } from "./context.ts";
import { isCurrent } from "./current-device.ts";
import { countKeys } from "./operations/keys.ts";
import { acknowledge } from "./operations/messages.ts";
import { RelayRefusal } from "./problem.ts";
import { invalid, numberOf, readBody, textOf } from "./read-json.ts";
import type { RelayConnection, RelaySocket } from "./relay.ts";

/** Status codes of our own for closing (RFC 6455, section 7.4.2). */
export const closeCodes = { badFrame: 4000, gone: 4001, replaced: 4002, shutdown: 1001, fault: 1011 } as const;

const lowCount = 10;
const maxRequestsAtOnce = 64;

/**
 * One device's WebSocket: messages go out in order, at most a window of them without acknowledgement, and any operation can
 * be asked for over it.
 */
export class DeviceConnection implements RelayConnection {
  readonly #context: RelayContext;
  readonly #caller: Caller;
  readonly #socket: RelaySocket;
  readonly #onFault: FaultListener;
  readonly #stopListening: () => void;
  readonly #toldLow = new Set<string>();
  /** Sequence numbers that went out and were not acknowledged. */
  #inFlight: number[] = [];
  #lastSent = 0;
  #toldEmpty = false;
  #requests = 0;
  #isOpen = true;

  constructor(context: RelayContext, caller: Caller, socket: RelaySocket, onFault: FaultListener) {
    this.#context = context;
    this.#caller = caller;
    this.#socket = socket;
    this.#onFault = onFault;
    this.#stopListening = context.mailboxes.listen(caller.device, (about) => {
      this.#safely(() => (about === "keys" ? this.#tellLowKeys() : this.#pump()));
    });
    this.#safely(() => {
      this.#tellLowKeys();
      this.#pump();
    });
  }

  receive(text: string): void {
    if (!this.#isOpen) return;
    if (text.length > this.#context.limits.bodyBytes) {
      this.close(closeCodes.badFrame, "a frame is too large");
      return;
    }
    this.#run(text).catch((cause: unknown) => {
      if (!(cause instanceof RelayRefusal)) this.#onFault("socket", cause);
      this.close(closeCodes.badFrame, cause instanceof RelayRefusal ? cause.message.slice(0, 100) : "a fault");
    });
  }

  closed(): void {
    this.#isOpen = false;
    this.#stopListening();
  }

  drained(): void {
    this.#safely(() => this.#pump());
  }

  /** Ends it from this side. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.closed();
    this.#socket.close(code, reason);
  }

  async #run(text: string): Promise<void> {
    const frame = readBody(Buffer.from(text));
    if (frame["type"] === "ack") return this.#acknowledge(frame);
    if (frame["type"] === "request") return this.#request(frame);
    throw invalid("A frame's type is ack or request.");
  }

  async #acknowledge(frame: Readonly<Record<string, unknown>>): Promise<void> {
    const upTo = numberOf(frame["upTo"], "upTo", 0);
    await acknowledge(this.#context, this.#caller, upTo, numberOf(frame["vaultVersion"], "vaultVersion", 0));
    this.#inFlight = this.#inFlight.filter((seq) => seq > upTo);
    this.#lastSent = Math.max(this.#lastSent, upTo);
    this.#pump();
  }

  async #request(frame: Readonly<Record<string, unknown>>): Promise<void> {
    const id = numberOf(frame["id"], "id", 0);
    const method = textOf(frame["method"], "method", 10);
    const url = URL.parse(textOf(frame["path"], "path", 4096), "http://relay");
    if (url === null || this.#requests >= maxRequestsAtOnce) throw invalid("A request over the socket cannot be run.");
    if (this.#socket.bufferedBytes > this.#context.limits.socketBufferedBytes) throw invalid("Answers are not read.");
    const { body } = frame;
    const request = {
      method,
      path: url.pathname,
      query: url.searchParams,
      header: () => undefined,
      body: body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)),
      peer: this.#caller.device.toString("hex"),
    };
    this.#requests++;
    try {
      const answer = await runOperation(this.#context, request, this.#caller);
      if ("octets" in answer) throw invalid("Blobs are not sent over the socket.");
      this.#send({ type: "answer", id, status: answer.status, body: answer.json });
    } catch (cause) {
      const { status, headers, body: problem } = renderFailure(cause, this.#onFault);
      const retryAfter = headers["retry-after"];
      this.#send({
        type: "answer",
        id,
        status,
        body: JSON.parse(Buffer.from(problem).toString()),
        ...(retryAfter === undefined ? {} : { retryAfter: Number(retryAfter) }),
      });
    } finally {
      this.#requests--;
    }
  }

  /** What fails here is this connection's alone, and not the sender's whose message woke it. */
  #safely(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#onFault("socket", cause);
      this.close(closeCodes.fault, "a fault");
    }
  }

  /** Sends what waits, as far as the window and the socket have room. */
  #pump(): void {
    if (!this.#isOpen) return;
    const { mailboxes, limits } = this.#context;
    const { device } = this.#caller;
    if (!isCurrent(this.#context, this.#caller)) {
      this.close(closeCodes.gone, "the device is not in its user's list any more");
      return;
    }
    for (;;) {
      const room = limits.messagesPerAnswer - this.#inFlight.length;
      if (room <= 0 || this.#socket.bufferedBytes > limits.socketBufferedBytes) return;
      const messages = mailboxes.read(device, this.#lastSent, room);
      for (const message of messages) {
        this.#send({ type: "message", message });
        this.#inFlight.push(message.seq);
        this.#lastSent = message.seq;
        this.#toldEmpty = false;
      }
      if (messages.length < room) break;
    }
    if (!this.#toldEmpty) this.#send({ type: "queueEmpty" });
    this.#toldEmpty = true;
  }

  #tellLowKeys(): void {
    for (const [set, count] of Object.entries(countKeys(this.#context, this.#caller.device))) {
      if (count >= lowCount) this.#toldLow.delete(set);
      else if (!this.#toldLow.has(set)) {
        this.#toldLow.add(set);
        this.#send({ type: "keysLow", set, count });
      }
    }
  }

  #send(frame: object): void {
    if (this.#isOpen) this.#socket.send(JSON.stringify(frame));
  }
}
