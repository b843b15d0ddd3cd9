import { MessagingError } from "../errors.ts";
import type { RelayClient, RelayReply, RelaySocketHandle, RelaySocketListener } from "./relay-client.ts";

/** The most bytes of an answer that is read: a blob and a little. */
const maxAnswerBytes = 101 * 1024 * 1024;
const answerTimeoutMs = 60_000;
const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * A relay by its URL, over the platform's `fetch` and `WebSocket`.
 *
 * @param url `https:`, and `http:` to this machine itself; what precedes `/v1`
 * @throws MessagingError InvalidInput
 */
export function httpRelay(url: string): RelayClient {
  const base = readUrl(url);
  return {
    async call({ method, path, headers, body }) {
      const request = {
        method,
        headers,
        redirect: "error" as const,
        signal: AbortSignal.timeout(answerTimeoutMs),
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      };
      try {
        return await readReply(await fetch(base + path, request));
      } catch (cause) {
        throw unavailable(cause);
      }
    },
    connect: (token, listener) => connectSocket(`${base.replace(/^http/, "ws")}/v1/websocket`, token, listener),
  };
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && loopback.test(url.hostname));
  if (!isSafe || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new MessagingError(
      "InvalidInput",
      "The relay must be an https URL (http to this machine itself only), or a RelayClient.",
    );
  }
  return url.href.replace(/\/+$/, "");
}

async function readReply(response: Response): Promise<RelayReply> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Not every browser iterates over streams.
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > maxAnswerBytes) throw new Error("the answer is too long");
    chunks.push(part.value);
  }
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
}

/** Browsers send no headers of ours with a WebSocket: the token goes as a subprotocol, there and here. */
function connectSocket(url: string, token: string, listener: RelaySocketListener): Promise<RelaySocketHandle> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ["coffer.relay.1", `coffer.bearer.${token}`]);
    let isOpen = false;
    socket.onopen = () => {
      isOpen = true;
      resolve({ send: (text) => socket.send(text), close: () => socket.close(1000) });
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") listener.received(data);
    };
    socket.onclose = () => {
      if (isOpen) listener.closed();
      else reject(unavailable(undefined));
    };
    socket.onerror = () => {
      if (!isOpen) reject(unavailable(undefined));
    };
  });
}

function unavailable(cause: unknown): MessagingError {
  return new MessagingError(
    "RelayUnavailable",
    "The relay does not answer. What was to be sent waits in the outbox; flush sends it.",
    { cause },
  );
}
