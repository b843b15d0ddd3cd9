import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import {
  generateHeadKey,
  loadHeadKey,
  localHeadSigner,
  openRelay,
  type Relay,
  type RelayLimits,
} from "@coffer/messaging-relay";
import {
  MessagingError,
  type RelayCall,
  type RelayClient,
  type RelayReply,
  type SignedDeviceList,
} from "../../index.ts";

/** Where a request is stopped, as a crash of the program would: before it is sent, or before its answer is there. */
export type Stop = "before" | "after";

/** What a crash looks like in these tests: no error of ours. */
export class Crash extends Error {}

/** The real relay in this process, and what goes to it. */
export class TestRelay {
  readonly relay: Relay;
  /** By which it signs the heads of its log. */
  readonly headKey: KeyObject;
  /** `METHOD PATH STATUS` of each request, and the bodies of requests. */
  readonly log: string[] = [];
  readonly bodies: string[] = [];
  /** Nobody answers. */
  isDown = false;
  stopAt: ((call: RelayCall) => Stop | undefined) | undefined;
  /** An evil relay's: what it answers instead. */
  rewrite: ((call: RelayCall, answer: unknown) => unknown) | undefined;
  readonly faults: unknown[] = [];
  readonly #closers = new Set<() => void>();

  private constructor(relay: Relay, headKey: KeyObject, faults: unknown[]) {
    this.relay = relay;
    this.headKey = headKey;
    this.faults = faults;
  }

  static async open(limits: Partial<RelayLimits> = {}, registrationToken?: string): Promise<TestRelay> {
    const faults: unknown[] = [];
    const headKey = loadHeadKey(generateHeadKey());
    const relay = await openRelay({
      databasePath: ":memory:",
      rowKey: createSecretKey(randomBytes(32)),
      headSigner: localHeadSigner(headKey),
      nowMs: Date.now,
      limits,
      registrationToken,
      onFault: (_, cause) => faults.push(cause),
    });
    return new TestRelay(relay, headKey, faults);
  }

  /** A way to the relay without sockets. */
  client(): RelayClient {
    return { call: (call) => this.#call(call) };
  }

  /** Likewise with sockets. */
  socketClient(): Required<RelayClient> {
    return {
      call: (call) => this.#call(call),
      connect: async (token, listener) => {
        this.#refuseWhenDown();
        let isOpen = true;
        const end = () => {
          if (!isOpen) return;
          isOpen = false;
          this.#closers.delete(end);
          listener.closed();
        };
        const socket = {
          bufferedBytes: 0,
          send: (text: string) => {
            if (isOpen) listener.received(text);
          },
          close: end,
        };
        const connection = await this.relay.connect(
          {
            ...plainRequest("GET", "/v1/websocket"),
            header: (name) => (name === "authorization" ? `Bearer ${token}` : undefined),
          },
          socket,
        );
        if ("status" in connection) throw new MessagingError("RelayUnavailable", `refused: ${connection.status}`);
        this.#closers.add(end);
        return {
          send: (text) => connection.receive(text),
          close: () => {
            connection.closed();
            end();
          },
        };
      },
    };
  }

  /** What the relay says to anybody, unaltered. */
  async get(path: string): Promise<unknown> {
    const [route = "", query] = path.split("?");
    const request = { ...plainRequest("GET", route), query: new URLSearchParams(query) };
    return JSON.parse(new TextDecoder().decode((await this.relay.answer(request)).body));
  }

  async deviceList(userId: string): Promise<SignedDeviceList> {
    const { text, signature } = (await this.get(`/v1/users/${userId}/device-list`)) as SignedDeviceList;
    return { text, signature };
  }

  /** Breaks all connections. */
  breakSockets(): void {
    for (const end of [...this.#closers]) end();
  }

  /** Requests whose line matches, since the last time. */
  requests(pattern: RegExp): string[] {
    return this.log.filter((line) => pattern.test(line));
  }

  async #call(call: RelayCall): Promise<RelayReply> {
    this.#refuseWhenDown();
    const stop = this.stopAt?.(call);
    if (stop === "before") throw new Crash(`before ${call.method} ${call.path}`);
    const [path = "", query] = call.path.split("?");
    const answer = await this.relay.answer({
      ...plainRequest(call.method, path),
      query: new URLSearchParams(query),
      header: (name) => call.headers[name],
      body: call.body ?? new Uint8Array(),
    });
    this.log.push(`${call.method} ${call.path} ${answer.status}`);
    if (call.body !== undefined) this.bodies.push(new TextDecoder().decode(call.body));
    if (stop === "after") throw new Crash(`after ${call.method} ${call.path}`);
    const body = this.rewrite === undefined ? answer.body : rewritten(this.rewrite, call, answer.body);
    // What the true relay does not have, an evil one may.
    const status = answer.status === 404 && body !== answer.body ? 200 : answer.status;
    return { status, header: (name) => answer.headers[name], body };
  }

  #refuseWhenDown(): void {
    if (this.isDown) throw new MessagingError("RelayUnavailable", "The relay does not answer.");
  }
}

function rewritten(rewrite: (call: RelayCall, answer: unknown) => unknown, call: RelayCall, body: Uint8Array) {
  const answer: unknown = body.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(body));
  const other = rewrite(call, answer);
  if (other === answer) return body;
  return other === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(other));
}

function plainRequest(method: string, path: string) {
  return {
    method,
    path,
    query: new URLSearchParams(),
    header: (_: string): string | undefined => undefined,
    body: new Uint8Array(),
    peer: "test",
  };
}
