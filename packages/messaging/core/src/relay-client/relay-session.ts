import { addressName, type DeviceAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { nowMs, runAfter } from "../platform.ts";
import type { RelayClient } from "./relay-client.ts";
import { problemOf, RelayProblem } from "./relay-problem.ts";

/** An operation of the relay's. */
export interface RelayOperation {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** From `/v1/` on, with its query; what comes from outside is percent-encoded. */
  readonly path: string;
  /** Written as JSON. */
  readonly body?: unknown;
  /** Whether it goes without the device's token. */
  readonly anonymous?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection over which operations go; undefined when it is gone before the answer is there. */
export interface OperationSocket {
  request(method: string, path: string, body: unknown): Promise<SocketAnswer | undefined>;
  /** @returns false when the connection is gone. There is no answer: what was not acknowledged comes again */
  acknowledge(upTo: number, vaultVersion: number): boolean;
}

/** What a socket answers. */
export interface SocketAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: number | undefined;
}

/** How often a request is repeated that was too much, and how long is waited for it at most. */
const maxThrottledTries = 4;
const maxThrottledWaitMs = 30_000;
/** A token is renewed that long before it ends. */
const renewBeforeMs = 60_000;
const answerCharacters = 64 * 1024 * 1024;

/** The device's dealings with its relay: proves which device it is, and gives answers as values or as errors. */
export class RelaySession {
  readonly #client: RelayClient;
  readonly #self: DeviceAddress;
  readonly #sign: (message: Uint8Array) => Uint8Array;
  #relayId: string | undefined;
  #token: { readonly text: string; readonly expiresAtMs: number } | undefined;
  #renewal: Promise<string> | undefined;
  readonly #closing = new AbortController();
  /** While it is there, operations go over it. */
  socket: OperationSocket | undefined;

  /** @param sign signs by the device's signing key (Ed25519, RFC 8032) */
  constructor(client: RelayClient, self: DeviceAddress, sign: (message: Uint8Array) => Uint8Array) {
    this.#client = client;
    this.#self = self;
    this.#sign = sign;
  }

  get client(): RelayClient {
    return this.#client;
  }

  /**
   * Runs an operation.
   *
   * @returns the answer's JSON, undefined when it has none
   * @throws MessagingError RelayUnavailable, RelayRefused (a RelayProblem), VaultRolledBack
   */
  async run(operation: RelayOperation): Promise<unknown> {
    let waitedMs = 0;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#runWithToken(operation);
      } catch (cause) {
        const waitMs = retryAfterMs(cause);
        waitedMs += waitMs ?? 0;
        if (waitMs === undefined || tries >= maxThrottledTries || waitedMs > maxThrottledWaitMs) throw cause;
        await this.wait(waitMs);
      }
    }
  }

  /** Stores octets. @throws MessagingError RelayUnavailable, RelayRefused */
  async putOctets(path: string, octets: Uint8Array): Promise<void> {
    const headers = { "content-type": "application/octet-stream" };
    await this.#withToken((token) => this.#exchange("PUT", path, { ...headers, ...bearer(token) }, octets));
  }

  /** Fetches octets. @throws MessagingError RelayUnavailable, RelayRefused */
  getOctets(path: string): Promise<Uint8Array> {
    return this.#withToken((token) => this.#exchange("GET", path, bearer(token), undefined));
  }

  /** A token that holds, of this device's. */
  token(): Promise<string> {
    if (this.#token !== undefined && this.#token.expiresAtMs - renewBeforeMs > nowMs()) {
      return Promise.resolve(this.#token.text);
    }
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** Forgets a token that the relay does not know any more. */
  dropToken(): void {
    this.#token = undefined;
  }

  /** Waits; closing ends it. @throws MessagingError RelayUnavailable once closed */
  wait(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      const end = () => {
        callOff();
        reject(closed());
      };
      const callOff = runAfter(milliseconds, () => {
        signal.removeEventListener("abort", end);
        resolve();
      });
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  close(): void {
    this.#closing.abort();
    this.#token = undefined;
  }

  async #runWithToken(operation: RelayOperation): Promise<unknown> {
    if (operation.anonymous) return this.#call(operation, undefined);
    const { method, path, body } = operation;
    const answer = await this.socket?.request(method, path, body);
    if (answer !== undefined) {
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      throw refusalOf(answer.status, answer.body, answer.retryAfter);
    }
    return this.#withToken((token) => this.#call(operation, token));
  }

  async #withToken<T>(run: (token: string) => Promise<T>): Promise<T> {
    const token = await this.token();
    try {
      return await run(token);
    } catch (cause) {
      if (!(cause instanceof RelayProblem) || cause.status !== 401) throw cause;
      // The relay may have forgotten the token before its time.
      this.dropToken();
      return run(await this.token());
    }
  }

  async #call({ method, path, body, headers }: RelayOperation, token: string | undefined): Promise<unknown> {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const json = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
    return readJson(await this.#exchange(method, path, { ...headers, ...bearer(token), ...type }, json));
  }

  /** @returns the octets of an answer that is none of a refusal */
  async #exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    if (this.#closing.signal.aborted) throw closed();
    const reply = await this.#client.call({ method, path, headers, body });
    if (reply.status >= 200 && reply.status < 300) return reply.body;
    throw refusalOf(reply.status, readJson(reply.body), Number(reply.header("retry-after") ?? "1"));
  }

  /** Proves which device it is: signs a challenge (`POST /v1/challenges`, `/v1/tokens`). */
  async #renew(): Promise<string> {
    this.#relayId ??= textMember(await this.#call({ method: "GET", path: "/v1/relay" }, undefined), "relayId");
    const self = { userId: this.#self.userId, deviceId: this.#self.deviceId };
    const asked = await this.#call({ method: "POST", path: "/v1/challenges", body: self }, undefined);
    const challenge = textMember(asked, "challenge");
    if (bytesOfBase64(challenge)?.length !== 32) throw dishonest("its challenge is not of 32 bytes");
    const signed = `coffer relay token 1\n${this.#relayId}\n${addressName(this.#self)}\n${challenge}`;
    const signature = base64OfBytes(this.#sign(new TextEncoder().encode(signed)));
    const body = { ...self, challenge, signature };
    const answer = await this.#call({ method: "POST", path: "/v1/tokens", body }, undefined);
    const text = textMember(answer, "token");
    const expiresAtMs = Number((answer as { readonly expiresAtMs?: unknown }).expiresAtMs);
    this.#token = { text, expiresAtMs: Number.isFinite(expiresAtMs) ? expiresAtMs : 0 };
    return text;
  }
}

/** The error of an answer that is no success. */
function refusalOf(status: number, value: unknown, retryAfterSeconds: number | undefined): MessagingError {
  const problem = problemOf(status, value);
  if (status === 429) throttled.set(problem, retryAfterSeconds ?? 1);
  return problem;
}

function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

const throttled = new WeakMap<MessagingError, number>();

function retryAfterMs(cause: unknown): number | undefined {
  const seconds = cause instanceof MessagingError ? throttled.get(cause) : undefined;
  if (seconds === undefined) return undefined;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 1000;
}

function readJson(body: Uint8Array): unknown {
  if (body.length === 0 || body.length > answerCharacters) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function textMember(value: unknown, name: string): string {
  const text = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof text !== "string" || text.length > 4096) throw dishonest(`its answer has no ${name}`);
  return text;
}

function dishonest(why: string): MessagingError {
  return new MessagingError("RelayDishonest", `The relay does not keep to its protocol: ${why}.`);
}

function closed(): MessagingError {
  return new MessagingError("RelayUnavailable", "The service was closed. What was to be sent waits in the outbox.");
}
