import { connect } from "node:net";

/** What to send, how often, over how many connections at once. */
export interface Load {
  readonly port: number;
  /** One whole HTTP/1.1 request with keep-alive. */
  readonly request: Buffer;
  readonly requests: number;
  readonly connections: number;
  /** Asked before each request: whether to stop early. */
  readonly stopped?: () => boolean;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("\r\n0\r\n\r\n");

/** Sends the same request over and over, one in flight a connection. @throws Error when an answer is not a 2xx */
export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies = new Float64Array(load.requests);
  let sent = 0;
  let done = 0;
  const startedMs = performance.now();
  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(load.port, "127.0.0.1");
      socket.setNoDelay(true);
      let sentMs = 0;
      let pending: Buffer = Buffer.alloc(0);
      const next = () => {
        if (sent >= load.requests || load.stopped?.() === true) {
          socket.end();
          resolve();
          return;
        }
        sent += 1;
        sentMs = performance.now();
        socket.write(load.request);
      };
      socket.on("connect", next);
      socket.on("error", reject);
      socket.on("data", (part: Buffer) => {
        pending = pending.length === 0 ? part : Buffer.concat([pending, part]);
        const bodyAt = pending.indexOf(headEnd);
        if (bodyAt < 0) return;
        const head = pending.toString("latin1", 0, bodyAt);
        if (!isWhole(head, pending, bodyAt + headEnd.length)) return;
        if (!head.startsWith("HTTP/1.1 2")) {
          reject(new Error(pending.toString()));
          socket.destroy();
          return;
        }
        pending = Buffer.alloc(0);
        latencies[done] = performance.now() - sentMs;
        done += 1;
        next();
      });
    });
  await Promise.all(Array.from({ length: load.connections }, connection));
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = latencies.subarray(0, done).sort();
  return {
    requestsPerSecond: done / seconds,
    p50Ms: sorted[Math.floor(done * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(done * 0.99)] ?? 0,
  };
}

/** Whether the body that begins at `bodyAt` is there: by its length, or by its last chunk. */
function isWhole(head: string, answer: Buffer, bodyAt: number): boolean {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return answer.length >= bodyAt + Number(length);
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return true;
  return answer.subarray(-lastChunk.length).equals(lastChunk);
}
