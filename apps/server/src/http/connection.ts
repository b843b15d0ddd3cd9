import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** What the adapter knows of an open connection. */
export interface ConnectionState {
  /** The newest answer that is not yet sent; undefined while the connection waits for a request. */
  response: ServerResponse | undefined;
  /** `bytesRead` of the socket when it last began to wait for a request. */
  bytesReadAtRest: number;
  /** Whether Node's parser no longer reads this connection. */
  taken: boolean;
  /** The connection that a LIST request goes on in. */
  successor: Duplex | undefined;
}

const stateKey = Symbol("connection state");

interface TrackedStream extends Duplex {
  [stateKey]?: ConnectionState;
}

/** Begins to track a connection. */
export function trackConnection(socket: Duplex): void {
  (socket as TrackedStream)[stateKey] = {
    response: undefined,
    bytesReadAtRest: 0,
    taken: false,
    successor: undefined,
  };
}

/** The state of a connection; undefined before it is one, as in a TLS handshake. */
export function connectionState(socket: Duplex): ConnectionState | undefined {
  return (socket as TrackedStream)[stateKey];
}

/** Whether a request's answer is still owed on a connection. */
export function isBusy(socket: Duplex): boolean {
  const state = connectionState(socket);
  if (state === undefined) return false;
  return state.response !== undefined || (state.successor !== undefined && isBusy(state.successor));
}

/** Takes a connection away from Node's parser, and stops reading it. Answers under way on it still go out. */
export function takeConnection(socket: Duplex, state: ConnectionState): void {
  if (state.taken) return;
  state.taken = true;
  // node:http reads the handle itself until somebody else listens for data; then it gives the handle back.
  socket.on("data", () => {});
  socket.removeAllListeners("data");
  socket.removeAllListeners("end");
  socket.pause();
}

/** Sends the last bytes of a connection, and reads on for a while: closing at once could destroy them on their way. */
export function closeAfter(
  socket: Duplex,
  bytes: Uint8Array,
  limits: { readonly lingerBytes: number; readonly lingerTimeoutMs: number },
): void {
  let remainingBytes = limits.lingerBytes;
  const timer = setTimeout(() => socket.destroy(), limits.lingerTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Uint8Array) => {
    remainingBytes -= chunk.length;
    if (remainingBytes < 0) socket.destroy();
  });
  socket.resume();
  socket.end(bytes);
}
