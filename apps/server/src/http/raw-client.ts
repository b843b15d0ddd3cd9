import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** An answer as it came over the wire. For tests. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and header lines, as spelt. */
  readonly head: readonly string[];
  /** The value of a header by its exact spelling. */
  header(name: string): string | undefined;
  readonly body: string;
}

/** A client that sends exact bytes and shows exact bytes. For tests. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that was received and not yet read as an answer; complete once the connection is closed. */
  readonly closed: Promise<string>;
  #received = "";
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
      this.#wake?.();
    });
    // A reset by the server is a way of closing.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#ended = true;
        this.#wake?.();
        resolve(this.#received);
      });
    });
  }

  /** Connects; over TLS without checking the certificate. `allowHalfOpen`: goes on sending when the server has ended. */
  static async connect(url: string, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const { hostname, port, protocol } = new URL(url);
    const target = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port), ...options };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket =
      protocol === "https:" ? connectTls({ ...target, rejectUnauthorized: false }, resolve) : connect(target, resolve);
    socket.once("error", reject);
    await promise;
    socket.off("error", reject);
    return new RawClient(socket);
  }

  /** Sends bytes in one packet, and returns once a server in this process has read them. */
  async send(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.write(Buffer.from(text, "latin1"), () => resolve());
    await promise;
    // Loopback delivers at once: two turns of the event loop later the server has polled its sockets.
    await turnOfEventLoop();
    await turnOfEventLoop();
  }

  /** Sends a text as it is and reads one answer. `bodyless`: an answer to HEAD. */
  async exchange(text: string, bodyless = false): Promise<RawAnswer> {
    await this.send(text);
    return this.readAnswer(bodyless);
  }

  /** Reads the next answer. Fails when the connection ends before it is complete. */
  async readAnswer(bodyless = false): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#takeAnswer(bodyless);
      if (answer !== undefined) return answer;
      if (this.#ended) throw new Error(`connection closed after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  close(): Promise<string> {
    this.socket.destroy();
    return this.closed;
  }

  #takeAnswer(bodyless: boolean): RawAnswer | undefined {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd === -1) return undefined;
    const head = this.#received.slice(0, headEnd).split("\r\n");
    const header = (name: string): string | undefined =>
      head.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const bodyStart = headEnd + 4;
    const bodyBytes = bodyless ? 0 : Number(header("Content-Length") ?? 0);
    if (this.#received.length < bodyStart + bodyBytes) return undefined;
    const body = this.#received.slice(bodyStart, bodyStart + bodyBytes);
    this.#received = this.#received.slice(bodyStart + bodyBytes);
    return { status: Number(head[0]?.split(" ")[1]), head, header, body: Buffer.from(body, "latin1").toString("utf8") };
  }
}

/** Waits for one turn of the event loop. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
