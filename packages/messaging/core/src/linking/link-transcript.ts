import { sha256 } from "@noble/hashes/sha2.js";
import { bytesOfBase64 } from "../base64.ts";
import { type LinkOffer, writeLinkOffer } from "./link-offer.ts";

/** What an HPKE context of mode PSK is bound to (RFC 9180, section 5.1.2): the whole offer, and its secret. */
export interface LinkTranscript {
  readonly info: Uint8Array;
  readonly psk: { readonly id: ArrayBuffer; readonly key: ArrayBuffer };
}

/** The transcript of an offer. Its hash stands for it: the library takes 128 bytes of `info`. */
export function linkTranscript(offer: LinkOffer): LinkTranscript {
  const encoder = new TextEncoder();
  const hash = sha256(encoder.encode(writeLinkOffer(offer)));
  const label = encoder.encode("coffer device link 1\n");
  const info = new Uint8Array(label.length + hash.length);
  info.set(label);
  info.set(hash, label.length);
  const key = Uint8Array.from(bytesOfBase64(offer.secret)!);
  return { info, psk: { id: encoder.encode("coffer device link secret").slice().buffer, key: key.buffer } };
}
