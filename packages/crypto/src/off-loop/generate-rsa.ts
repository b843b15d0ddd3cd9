import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SecretBytes } from "../secret-bytes.ts";
import type { PairReply, PairRequest } from "./pair-messages.ts";

interface Waiting {
  readonly modulusBits: number;
  readonly resolve: (privateKey: SecretBytes) => void;
  readonly reject: (error: Error) => void;
}

/** One core stays free for everything else. */
const maxThreads = Math.max(1, availableParallelism() - 1);
const waiting: Waiting[] = [];
const idle: Worker[] = [];
let threads = 0;

/**
 * An RSA private key, PKCS#8 DER; the caller disposes of it. It takes up to seconds of one core (RSA-4096), hence
 * threads of their own with a low priority, one less than there are cores: others' requests go first, and so do the
 * writes of the audit log, which share Node's thread pool. Whoever comes when all are busy waits for their turn.
 *
 * @throws Error when the thread dies or OpenSSL fails
 */
export function generateRsaPrivateKey(modulusBits: number): Promise<SecretBytes> {
  return new Promise((resolve, reject) => {
    waiting.push({ modulusBits, resolve, reject });
    startNext();
  });
}

function startNext(): void {
  if (waiting.length === 0) return;
  const worker = idle.pop() ?? (threads < maxThreads ? start() : undefined);
  const job = worker && waiting.shift();
  if (job !== undefined) run(worker as Worker, job);
}

// A thread keeps no process alive that has nothing else to do.
function start(): Worker {
  threads++;
  const worker = new Worker(new URL("./pair-worker.ts", import.meta.url), { name: "pairs", env: {}, execArgv: [] });
  worker.unref();
  // Reported with its exit.
  worker.on("error", () => undefined);
  worker.on("exit", () => {
    threads--;
    const index = idle.indexOf(worker);
    if (index >= 0) idle.splice(index, 1);
    startNext();
  });
  return worker;
}

function run(worker: Worker, { modulusBits, resolve, reject }: Waiting): void {
  const fail = () => reject(new Error("The thread for key pairs has made none."));
  worker.ref();
  worker.once("exit", fail);
  worker.once("message", ({ privateKey }: PairReply) => {
    worker.off("exit", fail);
    worker.unref();
    idle.push(worker);
    if (privateKey === undefined) fail();
    else resolve(SecretBytes.takeFrom(privateKey));
    startNext();
  });
  const request: PairRequest = { modulusBits };
  worker.postMessage(request);
}
