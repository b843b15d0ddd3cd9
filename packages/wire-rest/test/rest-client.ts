import type { WireHandler } from "@coffer/service";
import { openTestCore, type TestCore, type TestCoreOptions, wireRequest } from "@coffer/testkit";
import { createRestWire } from "../src/index.ts";

/** An answer with its parsed body. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A REST wire over a core of real parts, called without a socket. */
export interface RestTest {
  readonly test: TestCore;
  readonly wire: WireHandler;
  /** Calls as the root, unless `headers` say otherwise. */
  call(method: string, path: string, body?: unknown, headers?: Headers): Promise<RestAnswer>;
  close(): Promise<void>;
}

export async function openRestTest(options: TestCoreOptions = {}): Promise<RestTest> {
  const test = await openTestCore(options);
  const wire = createRestWire(test.core, { version: "1.2.3" });
  const call = async (method: string, path: string, body?: unknown, headers?: Headers): Promise<RestAnswer> => {
    const authorized = headers ?? { Authorization: `Bearer ${test.root.token}` };
    const answer = await wire(wireRequest({ method, path, headers: authorized, body }));
    const text = typeof answer.body === "string" ? answer.body : Buffer.from(answer.body).toString();
    return { status: answer.status, headers: answer.headers, text, json: text === "" ? undefined : JSON.parse(text) };
  };
  return { test, wire, call, close: () => test.close() };
}
