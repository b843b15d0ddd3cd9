import type { WireHandler } from "@coffer/service";
import { openTestCore, type TestCore, type TestCoreOptions, wireRequest } from "@coffer/testkit";
import { createSealWire, createVaultWire } from "../src/index.ts";
import { openSealOf } from "./open-seal.ts";

/** An answer with its parsed body. */
export interface VaultAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A Vault wire over a core of real parts, called without a socket. */
export interface VaultTest {
  readonly test: TestCore;
  readonly wire: WireHandler;
  /** Calls as the root, below `/v1/`, unless `headers` say otherwise; patches are JSON merge patches. */
  call(method: string, path: string, body?: unknown, headers?: Headers): Promise<VaultAnswer>;
  close(): Promise<void>;
}

const patchType = { "Content-Type": "application/merge-patch+json" };

/** Opens a core with the mount `transit`. */
export async function openVaultTest(options: TestCoreOptions = {}): Promise<VaultTest> {
  const test = await openTestCore(options);
  const core = createVaultWire(test.core);
  const seal = createSealWire(openSealOf(test.core), { version: "1.2.3" });
  const wire: WireHandler = (request) => seal(request) ?? core(request);
  const call = async (method: string, path: string, body?: unknown, headers?: Headers): Promise<VaultAnswer> => {
    const asRoot = { "X-Vault-Token": test.root.token, ...(method === "PATCH" ? patchType : {}) };
    const answer = await wire(wireRequest({ method, path: `/v1/${path}`, headers: headers ?? asRoot, body }));
    const text = typeof answer.body === "string" ? answer.body : Buffer.from(answer.body).toString();
    return { status: answer.status, headers: answer.headers, text, json: text === "" ? undefined : JSON.parse(text) };
  };
  const enabled = await call("POST", "sys/mounts/transit", { type: "transit" });
  if (enabled.status !== 204) throw new Error(`the mount was not enabled: ${enabled.text}`);
  return { test, wire, call, close: () => test.close() };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
