import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { randomId } from "@coffer/crypto";
import { type AdapterError, type AdapterErrorRequest, adapterError } from "./adapter-errors.ts";
import { encodeAnswer } from "./answer.ts";
import { type ConnectionState, closeAfter, connectionState, takeConnection } from "./connection.ts";
import type { HttpAdapter } from "./http-adapter.ts";
import { findListRequest, isListBeginning, isListRequest, ListConnection } from "./list-method.ts";
import { SocketRequest } from "./wire-request.ts";

/** An error that Node's parser or its timeouts report about a connection. */
interface ConnectionFault extends Error {
  readonly code?: string;
  /** The parser's own fixed words. */
  readonly reason?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** Answers what Node could not parse or did not get in time, and passes LIST requests on. */
export class ConnectionFaults {
  readonly #adapter: HttpAdapter;
  readonly #adopt: (connection: ListConnection) => void;

  /** @param adopt gives a connection to Node's HTTP server */
  constructor(adapter: HttpAdapter, adopt: (connection: ListConnection) => void) {
    this.#adapter = adapter;
    this.#adopt = adopt;
  }

  /** Handles the server's event `clientError`. */
  handle(fault: ConnectionFault, socket: Socket): void {
    const state = connectionState(socket);
    // The parser that lost a LIST request may still report that this one is late; the new one speaks for it.
    if (state?.successor !== undefined) return;
    if (state === undefined || !socket.writable || fault.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const { response } = state;
    if (response === undefined) {
      this.#handleAtRest(fault, socket, state, []);
    } else if (response.req.complete) {
      // What is wrong is a later request, sent without waiting: the answers before it go out first.
      takeConnection(socket, state);
      const chunks: Buffer[] = [];
      const stop = this.#collect(socket, chunks);
      response.once("finish", () => {
        stop();
        if (socket.writable) this.#handleAtRest(fault, socket, state, chunks);
      });
    } else if (response.headersSent || response.socket === null) {
      // An answer that has begun, or that waits behind another one, cannot be replaced.
      socket.destroy();
    } else {
      this.#close(socket, state, errorOf(fault), response.req);
    }
  }

  /** Refuses a connection beyond the limit. */
  refuseConnection(socket: Socket, state: ConnectionState): void {
    const error = adapterError("tooManyConnections", "The server has as many connections as it may; try again.");
    this.#close(socket, state, error, undefined);
  }

  /** Refuses CONNECT, which would make the server a proxy. */
  refuseConnect(message: IncomingMessage, socket: Socket): void {
    const error = adapterError("methodNotAllowed", "This server is not a proxy.");
    this.#end(socket, error, message);
  }

  #handleAtRest(fault: ConnectionFault, socket: Socket, state: ConnectionState, later: readonly Buffer[]): void {
    const request = fault.code === "HPE_INVALID_METHOD" ? listRequestOf(fault, socket, state) : undefined;
    takeConnection(socket, state);
    if (request === undefined) this.#close(socket, state, errorOf(fault), undefined);
    else this.#awaitMethod(fault, socket, state, Buffer.concat([request, ...later]));
  }

  #awaitMethod(fault: ConnectionFault, socket: Socket, state: ConnectionState, request: Buffer): void {
    if (isListRequest(request)) {
      const connection = new ListConnection(socket, request);
      state.successor = connection;
      // The wait for a next request is over.
      socket.setTimeout(0);
      this.#adopt(connection);
    } else if (isListBeginning(request)) {
      socket.once("data", (chunk: Buffer) => {
        socket.pause();
        this.#awaitMethod(fault, socket, state, Buffer.concat([request, chunk]));
      });
      socket.resume();
    } else {
      this.#close(socket, state, errorOf(fault), undefined);
    }
  }

  /** Keeps what arrives on a taken connection; returns what stops that. */
  #collect(socket: Socket, chunks: Buffer[]): () => void {
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > this.#adapter.limits.maxHeaderBytes) socket.destroy();
      else chunks.push(chunk);
    };
    socket.on("data", onData);
    return () => {
      socket.pause();
      socket.off("data", onData);
    };
  }

  #close(socket: Socket, state: ConnectionState, error: AdapterError, message: IncomingMessage | undefined): void {
    takeConnection(socket, state);
    this.#end(socket, error, message);
  }

  #end(socket: Socket, error: AdapterError, message: IncomingMessage | undefined): void {
    const request = message === undefined ? unparsedRequest() : new SocketRequest(message, message.method ?? "");
    closeAfter(socket, encodeAnswer(this.#adapter.describe(error, request)), this.#adapter.limits);
  }
}

function listRequestOf(fault: ConnectionFault, socket: Socket, state: ConnectionState): Buffer | undefined {
  const { rawPacket, bytesParsed } = fault;
  if (rawPacket === undefined || bytesParsed === undefined) return undefined;
  const bytesBefore = socket.bytesRead - rawPacket.length - state.bytesReadAtRest;
  return findListRequest(rawPacket, bytesParsed, bytesBefore);
}

function unparsedRequest(): AdapterErrorRequest {
  return { requestId: randomId(), method: undefined, path: undefined, headers: new Map() };
}

/** What each code of Node's parser and timeouts means; every other one is a bad request. */
const faults: ReadonlyMap<string, AdapterError> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", adapterError("requestTimeout", "The request did not arrive in time.")],
  ["HPE_HEADER_OVERFLOW", adapterError("headersTooLarge", "The request line and the headers are too large.")],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", adapterError("bodyTooLarge", "The extensions of the body's chunks are too large.")],
]);

function errorOf(fault: ConnectionFault): AdapterError {
  const known = faults.get(fault.code ?? "");
  if (known !== undefined) return known;
  const reason = fault.reason === undefined ? "" : ` (${fault.reason})`;
  return adapterError("badRequest", `The request is not valid HTTP/1.1${reason}.`);
}
