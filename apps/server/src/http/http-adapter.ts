import type { IncomingMessage, ServerResponse } from "node:http";
import type { WireAnswer, WireHandler } from "@coffer/service";
import {
  type AdapterError,
  adapterError,
  adapterErrorKinds,
  type DescribeAdapterError,
  describeAsProblem,
} from "./adapter-errors.ts";
import { beginAnswer, endResponse, sendAnswer } from "./answer.ts";
import { connectionState } from "./connection.ts";
import type { HttpLimits } from "./limits.ts";
import { ListConnection } from "./list-method.ts";
import { announcedBytes, hasBody, readBody } from "./request-body.ts";
import { SocketRequest } from "./wire-request.ts";

export interface HttpAdapterOptions {
  readonly handler: WireHandler;
  readonly describeAdapterError: DescribeAdapterError;
  readonly limits: HttpLimits;
  /** Told of what should never happen: a handler that throws, an answer that cannot be sent. */
  readonly onUnexpectedError: (error: unknown, requestId: string) => void;
}

/** Between node:http and a wire: makes plain requests, sends plain answers, refuses what is beyond the limits. */
export class HttpAdapter {
  readonly limits: HttpLimits;
  /** Set when the server stops: every answer then ends its connection. */
  draining = false;
  readonly #options: HttpAdapterOptions;

  constructor(options: HttpAdapterOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  /** Serves a request. `awaitsContinue`: its body comes once it is asked for (RFC 9110 10.1.1). */
  serve(message: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const { socket } = message;
    const isList = socket instanceof ListConnection;
    if (isList && !socket.takeRequest()) return;
    const state = connectionState(socket);
    if (state !== undefined) state.response = response;

    const request = new SocketRequest(message, isList ? "LIST" : (message.method ?? ""));
    const error = this.#check(message, request);
    if (error !== undefined) {
      this.#refuse(error, request, message, response, awaitsContinue);
    } else if (hasBody(message.headers)) {
      if (awaitsContinue) response.writeContinue();
      this.#serveWithBody(request, message, response);
    } else {
      void this.#answer(request, response);
    }
  }

  #serveWithBody(request: SocketRequest, message: IncomingMessage, response: ServerResponse): void {
    readBody(
      message,
      this.limits.maxBodyBytes,
      (body) => {
        request.body = body;
        void this.#answer(request, response);
      },
      () => this.#refuse(this.#bodyTooLarge(), request, message, response, false),
    );
  }

  /** Refuses a request for an expectation that is not `100-continue`. */
  refuseExpectation(message: IncomingMessage, response: ServerResponse): void {
    const state = connectionState(message.socket);
    if (state !== undefined) state.response = response;
    const error = adapterError("expectationFailed", "The only expectation that this server meets is 100-continue.");
    this.#refuse(error, new SocketRequest(message, message.method ?? ""), message, response, true);
  }

  /** The answer to an adapter error, with the headers that its status demands. Never throws. */
  describe(error: AdapterError, request: Parameters<DescribeAdapterError>[1]): WireAnswer {
    let answer: WireAnswer;
    try {
      answer = this.#options.describeAdapterError(error, request);
    } catch (fault) {
      this.#options.onUnexpectedError(fault, request.requestId);
      answer = describeAsProblem(error, request);
    }
    return { ...answer, headers: { ...answer.headers, ...adapterErrorKinds[error.kind].headers } };
  }

  #check(message: IncomingMessage, request: SocketRequest): AdapterError | undefined {
    const { rawHeaders } = message;
    const { maxHeaders, maxUrlBytes } = this.limits;
    if (rawHeaders.length > maxHeaders * 2) {
      return adapterError("headersTooLarge", `A request has at most ${maxHeaders} header lines.`);
    }
    if (message.url !== undefined && message.url.length > maxUrlBytes) {
      return adapterError("urlTooLong", `Path and query have at most ${maxUrlBytes} bytes.`);
    }
    if (!request.path.startsWith("/") && request.path !== "*") {
      return adapterError("badRequest", "The request target is neither a path nor a URL.");
    }
    // RFC 9112 3.2: exactly one Host. HTTP/1.0 had none.
    const hosts = countHosts(rawHeaders);
    if (hosts > 1 || (hosts === 0 && message.httpVersionMinor > 0)) {
      return adapterError("badRequest", "A request has exactly one Host header.");
    }
    if (message.method === "TRACE") {
      // It would echo credentials (RFC 9110 9.3.8).
      return adapterError("methodNotAllowed", "This server does not trace requests.");
    }
    return announcedBytes(message.headers) > this.limits.maxBodyBytes ? this.#bodyTooLarge() : undefined;
  }

  #bodyTooLarge(): AdapterError {
    return adapterError("bodyTooLarge", `A request body has at most ${this.limits.maxBodyBytes} bytes.`);
  }

  async #answer(request: SocketRequest, response: ServerResponse): Promise<void> {
    let answer: WireAnswer;
    try {
      answer = await this.#options.handler(request);
    } catch (error) {
      answer = this.#internal(error, request);
    }
    // The client may have gone meanwhile.
    if (response.destroyed) return;
    const close = this.draining || request.method === "LIST";
    try {
      sendAnswer(response, answer, close);
    } catch (error) {
      sendAnswer(response, this.#internal(error, request), true);
    }
  }

  #internal(error: unknown, request: SocketRequest): WireAnswer {
    this.#options.onUnexpectedError(error, request.requestId);
    return this.describe(adapterError("internal", "Something went wrong inside the server."), request);
  }

  /** Answers an error and closes the connection. What is left of the body is read for a while, not kept. */
  #refuse(
    error: AdapterError,
    request: SocketRequest,
    message: IncomingMessage,
    response: ServerResponse,
    awaitsContinue: boolean,
  ): void {
    const answer = this.describe(error, request);
    if (awaitsContinue || message.complete || !hasBody(message.headers)) {
      sendAnswer(response, answer, true);
      return;
    }
    beginAnswer(response, answer);
    let remainingBytes = this.limits.lingerBytes;
    const end = (): void => {
      clearTimeout(timer);
      message.removeAllListeners("data");
      if (!response.writableEnded && !response.destroyed) endResponse(response);
    };
    const timer = setTimeout(end, this.limits.lingerTimeoutMs);
    message.on("data", (chunk: Uint8Array) => {
      remainingBytes -= chunk.length;
      if (remainingBytes < 0) end();
    });
    message.once("end", end);
    response.once("close", end);
  }
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts;
}
