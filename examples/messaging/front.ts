import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { PageFile } from "./bundle-page.ts";
import type { Tamper } from "./evil-relay.ts";
import { RelayView } from "./relay-view.ts";

/** The page, the relay behind it, and what the relay gets to see, on one origin. */
export interface Front {
  readonly url: string;
  readonly view: RelayView;
  close(): void;
}

/** What a page may load and do: nothing from elsewhere, and WebAssembly (Content Security Policy Level 3). */
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'";
const maxBodyBytes = 1 << 20;

/**
 * Serves the page and hands everything below `/v1/` to the relay.
 *
 * @param relay such as `http://127.0.0.1:8300`
 * @param tamper what an evil relay does to its answers
 */
export async function startFront(
  port: number,
  relay: string,
  files: ReadonlyMap<string, PageFile>,
  tamper?: Tamper,
): Promise<Front> {
  const view = new RelayView();
  const server = createServer((request, response) => {
    answer(request, response, { relay, files, view, tamper }).catch((cause: Error) => {
      if (!response.headersSent) response.writeHead(502, { "content-type": "text/plain" });
      response.end(`The relay does not answer: ${cause.message}\n`);
    });
  });
  bridgeSockets(server, relay, view, tamper);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    view,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Context {
  readonly relay: string;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly view: RelayView;
  readonly tamper: Tamper | undefined;
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const path = request.url ?? "/";
  if (path.startsWith("/v1/")) return passOn(request, response, path, context);
  if (path.startsWith("/what-the-relay-sees")) {
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(context.view.entries));
    return;
  }
  const file = context.files.get(path.split("?")[0] ?? "");
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": file.type, "content-security-policy": contentSecurityPolicy });
  response.end(file.body);
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { relay, view, tamper }: Context,
): Promise<void> {
  const body = await readBody(request);
  const headers = new Headers();
  for (const name of ["authorization", "content-type", "x-registration-token"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const method = request.method ?? "GET";
  view.add(method, path, body);
  const answered = await fetch(`${relay}${path}`, {
    method,
    headers,
    redirect: "manual",
    body: method === "GET" || body.length === 0 ? null : new Uint8Array(body),
  });
  const given = Buffer.from(await answered.arrayBuffer());
  const changed = tamper?.(method, path, given) ?? given;
  const type = answered.headers.get("content-type");
  response.writeHead(answered.status, {
    ...(type === null ? {} : { "content-type": type }),
    "content-length": changed.length,
    "cache-control": "no-store",
  });
  response.end(changed);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new Error("a request is too large for the demo");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function bridgeSockets(server: Server, relay: string, view: RelayView, tamper: Tamper | undefined): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBodyBytes,
    handleProtocols: (offered) => (offered.has("coffer.relay.1") ? "coffer.relay.1" : false),
  });
  server.on("upgrade", (request, socket, head) => {
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const back = new WebSocket(`${relay.replace(/^http/, "ws")}${request.url ?? ""}`, offered);
    back.once("error", () => socket.destroy());
    back.once("open", () => {
      sockets.handleUpgrade(request, socket, head, (page) => {
        const asked = new Map<unknown, string>();
        page.on("message", (data: Buffer) => {
          const text = data.toString();
          const frame = JSON.parse(text) as { type?: string; id?: unknown; method?: string; path?: string };
          view.add(frame.method ?? "WebSocket", frame.path ?? `/v1/websocket ${frame.type}`, data);
          if (frame.type === "request") asked.set(frame.id, `${frame.method} ${frame.path}`);
          back.send(text);
        });
        back.on("message", (data: Buffer) => page.send(changeFrame(data.toString(), asked, tamper)));
        page.on("close", () => back.close());
        back.on("close", () => page.close());
        page.on("error", () => back.terminate());
      });
    });
  });
  server.on("close", () => sockets.close());
}

/** An answer over the socket, as the evil relay changes it. */
function changeFrame(text: string, asked: Map<unknown, string>, tamper: Tamper | undefined): string {
  const frame = JSON.parse(text) as { type?: string; id?: unknown; body?: unknown };
  if (tamper === undefined || frame.type !== "answer") return text;
  const [method = "", path = ""] = (asked.get(frame.id) ?? "").split(" ");
  asked.delete(frame.id);
  const changed = tamper(method, path, Buffer.from(JSON.stringify(frame.body ?? null)));
  return changed === undefined ? text : JSON.stringify({ ...frame, body: JSON.parse(changed.toString()) });
}
