import type { IncomingMessage } from "node:http";
import { type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { randomId } from "@coffer/crypto";
import type { WireRequest } from "@coffer/service";
import { HeaderView } from "./header-view.ts";

const noBody = new Uint8Array(0);
const mappedPrefix = "::ffff:";

/** A request from the socket as the wires see it. */
export class SocketRequest implements WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderView;
  readonly peerAddress: string;
  readonly secureTransport: boolean;
  readonly requestId: string;
  readonly #socket: IncomingMessage["socket"];
  /** Set once, when the body has arrived and before a wire sees the request. */
  body: Uint8Array = noBody;

  constructor(message: IncomingMessage, method: string) {
    this.method = method;
    const target = originForm(message.url ?? "");
    const mark = target.indexOf("?");
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? "" : target.slice(mark + 1);
    this.headers = new HeaderView(message);
    this.peerAddress = plainAddress(message.socket.remoteAddress ?? "");
    this.secureTransport = (message.socket as { readonly encrypted?: boolean }).encrypted === true;
    this.requestId = randomId();
    this.#socket = message.socket;
  }

  /** Read from TLS only when somebody asks. */
  get peerCertificates(): readonly Uint8Array[] {
    return presentedCertificates(this.#socket);
  }

  firstHeader(name: string): string | undefined {
    return this.headers.first(name);
  }
}

const mostCertificates = 10;

function presentedCertificates(socket: IncomingMessage["socket"]): readonly Uint8Array[] {
  if (!(socket instanceof TLSSocket)) return [];
  const presented: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // The last one issued itself.
  while (next?.raw !== undefined && presented.length < mostCertificates) {
    presented.push(next.raw);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return presented;
}

/** The target without scheme and authority: a server takes the absolute form from any client (RFC 9112 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const rest = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  if (rest === undefined) return target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** An IPv4 peer of an IPv6 socket shows as `::ffff:192.0.2.1` (RFC 4291 2.5.5.2); policies compare plain IPv4. */
function plainAddress(address: string): string {
  return address.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address;
}
