import { sha256 } from "@noble/hashes/sha2.js";
import { checkId } from "../addresses.ts";
import { bytesOfBase64 } from "../base64.ts";
import { type DeviceEntry, readDeviceEntry } from "../device-list.ts";
import { MessagingError } from "../errors.ts";

/** What a new device shows as a QR code or a text. Whoever sees it can answer it, so it is shown to the user alone. */
export interface LinkOffer {
  /** The user whose device it is to be. */
  readonly userId: string;
  /** The new device as the list is to name it. */
  readonly device: DeviceEntry;
  /** Base64, 32 bytes, X25519: what is sent to the new device is encrypted for it. */
  readonly linkKey: string;
  /** Base64, 32 random bytes, used once: the answer is from somebody who saw the offer. */
  readonly secret: string;
}

const prefix = "coffer-link:1:";
/** The most characters of an offer. A QR code has room for 2,953 bytes (ISO/IEC 18004, version 40-L). */
export const maxOfferCharacters = 2_900;

/** An offer as text: `coffer-link:1:` and JSON in base64url. */
export function writeLinkOffer({ userId, device, linkKey, secret }: LinkOffer): string {
  const json = new TextEncoder().encode(JSON.stringify({ userId, device, linkKey, secret }));
  return prefix + json.toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Reads an offer that was scanned or pasted. Nothing of it is trusted before the user compared its code.
 *
 * @throws MessagingError LinkingRefused
 */
export function parseLinkOffer(text: string): LinkOffer {
  if (typeof text !== "string" || text.length > maxOfferCharacters || !text.startsWith(prefix)) throw malformed();
  try {
    const json = Uint8Array.fromBase64(text.slice(prefix.length), { alphabet: "base64url" });
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    const { userId, device, linkKey, secret } = value as Readonly<Record<string, unknown>>;
    checkId(userId, "user's id");
    if (!isKey(linkKey) || !isKey(secret)) throw malformed();
    const offer = { userId, device: readDeviceEntry(device), linkKey, secret };
    // One text for each offer: what was compared is what is used.
    if (writeLinkOffer(offer) !== text) throw malformed();
    return offer;
  } catch (cause) {
    throw malformed(cause);
  }
}

const codeGroups = 8;

/**
 * What both devices show of an offer, for the user to compare: 40 digits in groups of five. Each group is 32 bits of
 * SHA-256 modulo 100,000; finding another offer with the same code takes about 2^132 tries.
 */
export function linkingCode(offerText: string): string {
  const hash = sha256(new TextEncoder().encode(`coffer device link code 1\n${offerText}`));
  const groups: string[] = [];
  for (let at = 0; at < codeGroups * 4; at += 4) {
    const number = new DataView(hash.buffer, hash.byteOffset + at).getUint32(0);
    groups.push(String(number % 100_000).padStart(5, "0"));
  }
  return groups.join(" ");
}

function isKey(value: unknown): value is string {
  return bytesOfBase64(value)?.length === 32;
}

function malformed(cause?: unknown): MessagingError {
  return new MessagingError(
    "LinkingRefused",
    "The text is no offer of a new device: show it anew, and scan it whole.",
    {
      cause,
    },
  );
}
