import type { KeyObject } from "node:crypto";
import { Worker } from "node:worker_threads";
import { evpKeyOf } from "../openssl/evp-signatures.ts";
import type { SignatureReply, SignatureRequest } from "./messages.ts";
import { findOpensslScheme } from "./openssl-schemes.ts";
import type { SchemeName } from "./schemes.ts";

/**
 * A signature that would hold the event loop up for a millisecond and more, made in a worker thread.
 *
 * @param bytes what the scheme signs
 * @throws Error when the key does not fit the scheme, or the thread dies
 */
export async function signOffLoop(scheme: SchemeName, privateKey: KeyObject, bytes: Uint8Array): Promise<Buffer> {
  const result = await ask(scheme, privateKey, bytes, undefined);
  if (!(result instanceof Uint8Array)) throw failure();
  return Buffer.from(result.buffer, result.byteOffset, result.length);
}

/** Whether an untrusted signature is one of these bytes; as {@link signOffLoop} otherwise. */
export async function verifyOffLoop(
  scheme: SchemeName,
  publicKey: KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const result = await ask(scheme, publicKey, bytes, signature);
  if (typeof result !== "boolean") throw failure();
  return result;
}

function failure(): Error {
  return new Error("The thread for signatures has made none.");
}

type Result = SignatureReply["result"];

interface Asked {
  readonly resolve: (result: Result) => void;
  /** Kept alive: the worker may hold no more than its address. */
  readonly key: KeyObject;
}

const pending = new Map<number, Asked>();
let lastId = 0;
let worker: Worker | undefined;

function ask(
  scheme: SchemeName,
  key: KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array | undefined,
): Promise<Result> {
  worker ??= start();
  const running = worker;
  const id = ++lastId;
  // Copies: a view would take its whole buffer along, which others' bytes are in.
  const work = workOf(scheme, key);
  const request: SignatureRequest = { id, work, bytes: copy(bytes), signature: signature && copy(signature) };
  return new Promise((resolve) => {
    pending.set(id, { resolve, key });
    running.ref();
    running.postMessage(request);
  });
}

function workOf(scheme: SchemeName, key: KeyObject): SignatureRequest["work"] {
  const openssl = findOpensslScheme(scheme, key);
  if (openssl === undefined) return { by: "script", scheme, key };
  return { by: "openssl", scheme: openssl, key: evpKeyOf(key) };
}

function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

// One thread, from its first signature on. It keeps no process alive that has nothing else to do.
function start(): Worker {
  // `node:ffi` is experimental, and says so in every thread.
  const options = { name: "signatures", env: {}, execArgv: ["--disable-warning=ExperimentalWarning"] };
  const started = new Worker(new URL("./worker.ts", import.meta.url), options);
  started.unref();
  started.on("message", ({ id, result }: SignatureReply) => settle(started, id, result));
  // It is started anew with the next signature; those that it had are lost.
  const end = () => {
    if (worker !== started) return;
    worker = undefined;
    for (const id of [...pending.keys()]) settle(started, id, undefined);
  };
  started.on("error", end);
  started.on("exit", end);
  return started;
}

function settle(from: Worker, id: number, result: Result): void {
  const asked = pending.get(id);
  pending.delete(id);
  if (pending.size === 0) from.unref();
  asked?.resolve(result);
}
