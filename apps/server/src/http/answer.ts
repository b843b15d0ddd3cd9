import { type ServerResponse, STATUS_CODES } from "node:http";
import type { WireAnswer } from "@coffer/service";
import { systemClock } from "../system-clock.ts";
import { connectionState } from "./connection.ts";

const noContent = 204;

/** The header lines of an answer: the wire's in its order, then ours. Some clients need `Content-Length` so spelt. */
function headerLines(answer: WireAnswer, close: boolean): string[] {
  const lines: string[] = [];
  for (const name of Object.keys(answer.headers)) lines.push(name, answer.headers[name]!);
  // RFC 9110 8.6: no Content-Length with 204.
  if (answer.status !== noContent) lines.push("Content-Length", String(Buffer.byteLength(answer.body)));
  if (close) lines.push("Connection", "close");
  return lines;
}

/**
 * Sends an answer.
 *
 * @throws TypeError when a header holds what no header can; nothing was sent then
 */
export function sendAnswer(response: ServerResponse, answer: WireAnswer, close: boolean): void {
  response.writeHead(answer.status, headerLines(answer, close));
  endResponse(response, answer.body);
}

/** Sends an answer but does not end it: its request is still being sent. */
export function beginAnswer(response: ServerResponse, answer: WireAnswer): void {
  response.writeHead(answer.status, headerLines(answer, true));
  if (answer.body.length > 0) response.write(answer.body);
  else response.flushHeaders();
}

/** Ends a response and, once it is sent, notes that its connection waits for a request. */
export function endResponse(response: ServerResponse, body?: string | Uint8Array): void {
  response.once("finish", onSent);
  response.end(body);
}

function onSent(this: ServerResponse): void {
  const { socket } = this.req;
  const state = connectionState(socket);
  if (state === undefined || state.response !== this) return;
  state.response = undefined;
  state.bytesReadAtRest = socket.bytesRead;
}

/** An answer as bytes, for a connection without a request that Node could parse. */
export function encodeAnswer(answer: WireAnswer): Buffer {
  const lines = headerLines(answer, true);
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n`;
  for (let index = 0; index < lines.length; index += 2) head += `${lines[index]}: ${lines[index + 1]}\r\n`;
  head += `Date: ${new Date(systemClock.nowMs()).toUTCString()}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(answer.body)]);
}
