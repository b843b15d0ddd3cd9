import { addressName, checkId, type DeviceAddress, parseAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { type ProtocolId, protocols } from "../protocols.ts";
import { isRecord } from "./records.ts";

/** One ciphertext for one device, with what a carrier needs. All of it but what is inside `body` is seen by the carrier. */
export interface Envelope {
  readonly protocol: ProtocolId;
  /** 1 to 64 characters of `A-Z a-z 0-9 - _`; the same for all devices that a message goes to. */
  readonly messageId: string;
  readonly from: DeviceAddress;
  readonly to: DeviceAddress;
  /** What kind of ciphertext the protocol calls it. */
  readonly kind: string;
  readonly groupId?: string | undefined;
  readonly body: Uint8Array;
}

/** The most characters of an envelope's text: 1 MiB. */
export const maxEnvelopeCharacters = 1024 * 1024;

const messageIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const kindPattern = /^[A-Za-z0-9.-]{1,32}$/;

/** Whether a text can be a message's id. */
export function isMessageId(id: unknown): id is string {
  return typeof id === "string" && messageIdPattern.test(id);
}

/** An envelope as JSON text. */
export function writeEnvelope(envelope: Envelope): string {
  const { protocol, messageId, from, to, kind, groupId, body } = envelope;
  const addresses = { from: addressName(from), to: addressName(to) };
  return JSON.stringify({ v: 1, protocol, messageId, ...addresses, kind, groupId, body: base64OfBytes(body) });
}

/**
 * Reads an envelope that somebody carried.
 *
 * @throws MessagingError InvalidInput when it is none; that says nothing about what is inside
 */
export function parseEnvelope(text: string): Envelope {
  if (typeof text !== "string" || text.length > maxEnvelopeCharacters) throw refused("it is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused("it is no JSON");
  }
  if (!isRecord(value) || value["v"] !== 1) throw refused("it is of no known version");
  return readEnvelope(value);
}

/** Reads the members of an envelope, as they come in a mailbox too. @throws MessagingError InvalidInput */
function readEnvelope(value: Readonly<Record<string, unknown>>): Envelope {
  const { protocol, messageId, from, to, kind, groupId } = value;
  const body = bytesOfBase64(value["body"]);
  if (!protocols.has(protocol as ProtocolId)) throw refused("its protocol is unknown");
  if (!isMessageId(messageId)) throw refused("its message id is none");
  if (typeof from !== "string" || typeof to !== "string") throw refused("it names no sender or recipient");
  if (typeof kind !== "string" || !kindPattern.test(kind)) throw refused("its kind is none");
  if (groupId !== undefined) checkId(groupId, "group's id");
  if (body === undefined) throw refused("its body is no base64");
  const addresses = { from: parseAddress(from), to: parseAddress(to) };
  return {
    protocol: protocol as ProtocolId,
    messageId,
    ...addresses,
    kind,
    groupId: groupId as string | undefined,
    body,
  };
}

function refused(why: string): MessagingError {
  return new MessagingError("InvalidInput", `The text is no envelope: ${why}.`);
}
