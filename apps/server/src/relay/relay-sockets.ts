import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Relay, RelayAnswer, RelayConnection, RelaySocket } from "@coffer/messaging-relay";
import { WebSocket, WebSocketServer } from "ws";

const protocol = "coffer.relay.1";
/** A frame has at most what a request's body has. */
const maxFrameBytes = 4 << 20;
/** A peer that answers no ping in that time is gone. */
const pingMs = 30_000;

/** The relay's WebSockets (RFC 6455) on the listeners of HTTP. */
export class RelaySockets {
  readonly #relay: Relay;
  readonly #origins: ReadonlySet<string>;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: maxFrameBytes,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  readonly #unanswered = new WeakSet<WebSocket>();
  readonly #pings: NodeJS.Timeout;

  constructor(relay: Relay, origins: ReadonlySet<string>) {
    this.#relay = relay;
    this.#origins = origins;
    this.#pings = setInterval(() => this.#ping(), pingMs);
    this.#pings.unref();
  }

  /** Takes a connection that asks for another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const url = URL.parse(request.url ?? "", "http://relay");
    if (url?.pathname !== "/v1/websocket") {
      refuse(socket, 404);
      return;
    }
    const { origin } = request.headers;
    // A page of another origin can open a socket without being asked: only those that are named may.
    if (origin !== undefined && !this.#origins.has(origin) && !isSameOrigin(origin, request.headers.host)) {
      refuse(socket, 403);
      return;
    }
    void this.#connect(request, url, socket, head);
  }

  async #connect(request: IncomingMessage, url: URL, socket: Duplex, head: Buffer): Promise<void> {
    const link = new SocketLink();
    const header = (name: string) => request.headersDistinct[name]?.[0];
    const asked = { method: "GET", path: url.pathname, query: url.searchParams, header, body: new Uint8Array() };
    const peer = request.socket.remoteAddress ?? "";
    const opened = await this.#relay.connect({ ...asked, peer }, link);
    if (!("receive" in opened)) return refuse(socket, opened.status, opened);
    if (socket.destroyed) return opened.closed();
    // The library refuses what is no handshake, and closes the socket: the connection then ends as well.
    socket.once("close", () => opened.closed());
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#serve(webSocket, link, opened));
  }

  #serve(webSocket: WebSocket, link: SocketLink, connection: RelayConnection): void {
    webSocket.on("message", (data, isBinary) => {
      if (isBinary) webSocket.close(1003, "frames are text");
      else connection.receive(data.toString());
    });
    webSocket.on("pong", () => this.#unanswered.delete(webSocket));
    webSocket.on("close", () => connection.closed());
    webSocket.on("error", () => webSocket.terminate());
    link.attach(webSocket, () => connection.drained());
  }

  #ping(): void {
    for (const webSocket of this.#server.clients) {
      if (this.#unanswered.has(webSocket)) {
        webSocket.terminate();
        continue;
      }
      this.#unanswered.add(webSocket);
      webSocket.ping();
    }
  }

  /** Ends the pings. Sockets are closed by the relay. */
  close(): void {
    clearInterval(this.#pings);
    for (const webSocket of this.#server.clients) webSocket.terminate();
    this.#server.close();
  }
}

/** What the relay sends before the handshake is done waits here. */
class SocketLink implements RelaySocket {
  #webSocket: WebSocket | undefined;
  #drained: () => void = () => undefined;
  #early: string[] = [];
  #earlyClose: { code: number; reason: string } | undefined;

  get bufferedBytes(): number {
    return this.#webSocket?.bufferedAmount ?? 0;
  }

  attach(webSocket: WebSocket, drained: () => void): void {
    this.#webSocket = webSocket;
    this.#drained = drained;
    for (const text of this.#early) this.send(text);
    this.#early = [];
    if (this.#earlyClose !== undefined) webSocket.close(this.#earlyClose.code, this.#earlyClose.reason);
  }

  send(text: string): void {
    const webSocket = this.#webSocket;
    if (webSocket === undefined) {
      this.#early.push(text);
      return;
    }
    if (webSocket.readyState !== WebSocket.OPEN) return;
    webSocket.send(text, (error) => {
      if (error == null && webSocket.bufferedAmount === 0) this.#drained();
    });
  }

  close(code: number, reason: string): void {
    if (this.#webSocket === undefined) this.#earlyClose = { code, reason };
    else this.#webSocket.close(code, reason);
  }
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return URL.parse(origin)?.host === host;
}

function refuse(socket: Duplex, status: number, answer?: RelayAnswer): void {
  const body = Buffer.from(answer?.body ?? new Uint8Array());
  const headers = Object.entries({ ...answer?.headers, "content-length": String(body.length), connection: "close" });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
}
