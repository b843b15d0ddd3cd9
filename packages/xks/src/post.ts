import type { ClientRequest, IncomingMessage } from "node:http";
import { type Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { type Clock, ExternalKeyError, type ExternalKeyFailure } from "@coffer/service";

/** One request to a proxy. */
export interface PostRequest {
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** What sends. */
export interface Sender {
  readonly agent: Agent;
  readonly clock: Clock;
  /** From the start of the call to the last byte of its answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends one POST and reads its answer. Redirects are answers like any other.
 *
 * @throws ExternalKeyError `unreachable`, `tls`, `timeout`, `malformed` for an answer that is too long
 */
export async function post(sender: Sender, request: PostRequest): Promise<Answer> {
  const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
  let current: Attempt | undefined;
  const cancel = sender.clock.schedule(sender.timeoutMs, () => {
    giveUp(new ExternalKeyError("timeout"));
    current?.abort();
  });
  // Nobody waits for it any more when the answer came first.
  late.catch(() => {});
  try {
    for (let attempt = 1; ; attempt += 1) {
      current = new Attempt(sender, request);
      try {
        return await Promise.race([current.answer, late]);
      } catch (error) {
        // The proxy closed a kept connection just when we took it: nothing was read, and every call can be repeated.
        if (attempt === 1 && current.wasStale) continue;
        throw error;
      }
    }
  } finally {
    cancel();
  }
}

/** One try of a request, over one connection. */
class Attempt {
  readonly answer: Promise<Answer>;
  readonly #request: ClientRequest;
  #failure: ExternalKeyFailure = "unreachable";
  #answered = false;

  constructor(sender: Sender, { url, headers, body }: PostRequest) {
    const options: RequestOptions = {
      agent: sender.agent,
      method: "POST",
      headers: Object.fromEntries(headers),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#request = httpsRequest(url, options);
    this.#request.once("socket", (socket: Socket) => {
      if (!socket.connecting) return;
      socket.once("connect", () => {
        this.#failure = "tls";
      });
      socket.once("secureConnect", () => {
        this.#failure = "unreachable";
      });
    });
    this.#request.once("error", (error) => reject(new ExternalKeyError(this.#failure, error)));
    this.#request.once("response", (message) => {
      this.#answered = true;
      readAll(message, sender.maxAnswerBytes).then(
        (read) => resolve({ status: message.statusCode ?? 0, body: read }),
        (error: unknown) => {
          this.abort();
          reject(error);
        },
      );
    });
    this.#request.end(body);
  }

  /** Whether it failed because a kept connection was closed before anything came back. */
  get wasStale(): boolean {
    return this.#request.reusedSocket && !this.#answered;
  }

  abort(): void {
    this.#request.destroy();
  }
}

async function readAll(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new ExternalKeyError("malformed");
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ExternalKeyError ? error : new ExternalKeyError("unreachable", error);
  }
  return Buffer.concat(chunks);
}
