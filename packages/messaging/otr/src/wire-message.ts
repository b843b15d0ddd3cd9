import { bytesOfBase64 } from "@coffer/messaging";

/** What a conversation's messages are called. */
export const kinds = { handshake: "handshake", message: "message" } as const;

/** A message as its header shows it (OTR protocol version 3, "Overview of a conversation" and "Data exchange"). */
export interface WireMessage {
  readonly kind: (typeof kinds)[keyof typeof kinds];
  /** Whether it begins a handshake: a query or a D-H commit message. */
  readonly isFirst: boolean;
  /** Instance tag of its sender; undefined of a query. */
  readonly senderTag: number | undefined;
  readonly text: string;
}

const maxOctets = 4 * 1024 * 1024;
const dataType = 0x03;
const commitType = 0x02;
const handshakeTypes: ReadonlySet<number> = new Set([commitType, 0x0a, 0x11, 0x12]);
const headerBytes = 11;
const minTag = 0x100;

/** A message of version 3, whole; undefined for everything else: other versions, fragments, plaintext. */
export function parseWireMessage(body: Uint8Array): WireMessage | undefined {
  if (body.length > maxOctets || body.some((octet) => octet < 0x20 || octet > 0x7e)) return undefined;
  const text = new TextDecoder().decode(body);
  if (/^\?OTR\??v[0-9a-zA-Z]*3[0-9a-zA-Z]*\?/.test(text)) {
    return { kind: kinds.handshake, isFirst: true, senderTag: undefined, text };
  }
  const encoded = /^\?OTR:([^.]*)\.$/.exec(text)?.[1];
  const octets = bytesOfBase64(encoded);
  if (octets === undefined || octets.length < headerBytes) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset);
  const [version, type, senderTag] = [view.getUint16(0), octets[2]!, view.getUint32(3)];
  if (version !== 3 || senderTag < minTag) return undefined;
  if (type === dataType) return { kind: kinds.message, isFirst: false, senderTag, text };
  if (!handshakeTypes.has(type)) return undefined;
  return { kind: kinds.handshake, isFirst: type === commitType, senderTag, text };
}

/** A text as octets that travel. */
export function encodeWireMessage(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
