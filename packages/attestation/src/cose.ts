import { type KeyObject, verify } from "node:crypto";
import { demand } from "./attestation-error.ts";
import { decodeCbor, encodeCborHead } from "./cbor.ts";
import { documentLimits } from "./limits.ts";

/** A COSE_Sign1 message (RFC 9052 section 4.2), its signature not verified yet. */
export interface CoseSign1 {
  /** The protected header as it was signed. */
  readonly protectedHeader: Uint8Array;
  readonly payload: Uint8Array;
  /** 96 bytes: r and s. */
  readonly signature: Uint8Array;
}

const malformed = "The attestation document is not a COSE_Sign1 message signed with ES384.";
/** RFC 9052 section 2: the tag of COSE_Sign1. AWS sends it without. */
const sign1Tag = 0xd2;
const algorithmLabel = 1;
/** RFC 9053 section 2.1: ECDSA with SHA-384. */
const es384 = -35;
const es384SignatureBytes = 96;

/**
 * Parses a COSE_Sign1 message with the one algorithm that AWS Nitro uses, ES384, in its protected header, and an empty
 * unprotected header.
 *
 * @throws AttestationError
 */
export function parseCoseSign1(bytes: Uint8Array): CoseSign1 {
  demand(bytes.byteLength <= documentLimits.envelopeBytes, "The attestation document is too large.");
  const message = decodeCbor(bytes[0] === sign1Tag ? bytes.subarray(1) : bytes);
  demand(Array.isArray(message) && message.length === 4, malformed);
  const [protectedHeader, unprotected, payload, signature] = message;
  demand(protectedHeader instanceof Uint8Array && payload instanceof Uint8Array, malformed);
  demand(signature instanceof Uint8Array && signature.byteLength === es384SignatureBytes, malformed);
  demand(unprotected instanceof Map && unprotected.size === 0, malformed);
  demand(payload.byteLength >= 1 && payload.byteLength <= documentLimits.payloadBytes, malformed);
  const header = decodeCbor(protectedHeader);
  demand(header instanceof Map && header.size === 1 && header.get(algorithmLabel) === es384, malformed);
  return { protectedHeader, payload, signature };
}

const context = Buffer.from("Signature1");

/** Whether the message was signed with the private key of `key`, a P-384 key (RFC 9052 section 4.4, no external data). */
export function verifyCoseSign1(message: CoseSign1, key: KeyObject): Promise<boolean> {
  const { protectedHeader, payload, signature } = message;
  const signed = Buffer.concat([
    encodeCborHead("array", 4),
    encodeCborHead("text", context.byteLength),
    context,
    encodeCborHead("bytes", protectedHeader.byteLength),
    protectedHeader,
    encodeCborHead("bytes", 0),
    encodeCborHead("bytes", payload.byteLength),
    payload,
  ]);
  return verifySha384(signed, key, signature, "ieee-p1363");
}

/** ECDSA with SHA-384, off the event loop: a P-384 verification takes about a millisecond. */
export function verifySha384(
  signed: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
  dsaEncoding: "der" | "ieee-p1363",
): Promise<boolean> {
  return new Promise((resolve) => {
    verify("sha384", signed, { key, dsaEncoding }, signature, (error, valid) => resolve(error === null && valid));
  });
}
