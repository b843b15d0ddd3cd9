import type { TestContext } from "node:test";
import type { WireAnswer, WireHandler, WireRequest } from "@coffer/service";
import { describeAsProblem } from "./adapter-errors.ts";
import { defaultLimits, type HttpLimits } from "./limits.ts";
import { type Listeners, startListeners } from "./listeners.ts";
import { RawClient } from "./raw-client.ts";

/** What the echo handler saw of a request. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly peerAddress: string;
  readonly requestId: string;
}

/** Answers with what the request was, as JSON. */
export const echo: WireHandler = async (request) => json(describe(request));

/** A plain answer in JSON. */
export function json(value: unknown): WireAnswer {
  return { status: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

function describe(request: WireRequest): Echo {
  return {
    method: request.method,
    path: request.path,
    query: request.query,
    headers: [...request.headers],
    body: Buffer.from(request.body).toString("latin1"),
    peerAddress: request.peerAddress,
    requestId: request.requestId,
  };
}

/** A server of a test, stopped after it. */
export interface TestServer {
  readonly url: string;
  readonly listeners: Listeners;
  /** What should never happen, and did. */
  readonly unexpected: unknown[];
  connect(): Promise<RawClient>;
}

/** Starts a server on loopback for a test. */
export async function startTestServer(
  test: TestContext,
  options: {
    readonly handler?: WireHandler;
    readonly limits?: Partial<HttpLimits>;
    readonly tls?: { readonly certFile: string; readonly keyFile: string };
  } = {},
): Promise<TestServer> {
  const unexpected: unknown[] = [];
  const listeners = await startListeners({
    handler: options.handler ?? echo,
    describeAdapterError: describeAsProblem,
    limits: { ...defaultLimits, ...options.limits },
    onUnexpectedError: (error) => unexpected.push(error),
    listen: [{ host: "127.0.0.1", port: 0 }],
    tls: options.tls,
  });
  const clients: RawClient[] = [];
  test.after(async () => {
    for (const client of clients) await client.close();
    await listeners.drain(0);
  });
  const url = listeners.urls[0] ?? "";
  return {
    url,
    listeners,
    unexpected,
    connect: async () => {
      const client = await RawClient.connect(url);
      clients.push(client);
      return client;
    },
  };
}

/** A request as text: request line, Host and what else is given. */
export function requestText(method: string, target: string, headers: readonly string[] = [], body = ""): string {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  return `${[`${method} ${target} HTTP/1.1`, "Host: localhost", ...headers, ...length].join("\r\n")}\r\n\r\n${body}`;
}
