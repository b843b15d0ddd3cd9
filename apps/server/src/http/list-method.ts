import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

const method = Buffer.from("LIST ", "latin1");
const substitute = Buffer.from("GET ", "latin1");
/** Node's parser knows LINK, so it finds out at the third letter. */
const lettersBeforeError = 2;

/**
 * Finds a request with the method LIST, which Node's parser refuses, in the bytes that it refused.
 *
 * @param packet the chunk that the parser failed in
 * @param errorOffset where in it the parser failed
 * @param bytesBefore how many bytes of this request came in earlier chunks, as far as known
 * @returns the request's bytes so far, which may be a beginning of `LIST `; undefined when it is something else
 */
export function findListRequest(packet: Buffer, errorOffset: number, bytesBefore: number): Buffer | undefined {
  const start = errorOffset - lettersBeforeError;
  const lost = Math.max(0, -start);
  // Letters of an earlier chunk are gone. The parser took two, so they were `LI` (or `BI` of BIND), and no more came.
  if (lost > 0 && bytesBefore !== lost) return undefined;
  // What precedes a method is nothing, or an empty line or the end of the headers before it.
  if (start > 0 && packet[start - 1] !== 0x0a) return undefined;
  const request = Buffer.concat([method.subarray(0, lost), packet.subarray(Math.max(0, start))]);
  return isListBeginning(request) ? request : undefined;
}

/** Whether bytes are `LIST ` and what follows, or as much of it as has arrived. */
export function isListBeginning(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, method.length);
  return bytes.compare(method, 0, length, 0, length) === 0;
}

/** Whether the method is there in full. */
export function isListRequest(bytes: Buffer): boolean {
  return bytes.length >= method.length && isListBeginning(bytes);
}

/**
 * The rest of a connection from its LIST request on, with the method replaced by one that Node's parser knows. That the
 * request is a LIST shows in nothing that a client can send, only in the request's socket being one of these. It
 * serves this one request.
 */
export class ListConnection extends Duplex {
  readonly #socket: Socket;
  #served = false;

  /** @param request the bytes read so far, beginning with `LIST ` */
  constructor(socket: Socket, request: Buffer) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.push(Buffer.concat([substitute, request.subarray(method.length)]));
    socket.on("data", (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** As `TLSSocket.encrypted`. */
  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Whether this is the first request; a further one, sent without waiting, is not served. */
  takeRequest(): boolean {
    const first = !this.#served;
    this.#served = true;
    return first;
  }

  /** As a socket's: node:http calls it once the last answer is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroySoon();
    callback(error);
  }
}
