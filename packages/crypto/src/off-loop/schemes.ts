import type { KeyObject } from "node:crypto";
import { signEcdsaDigest, verifyEcdsaDigest } from "../signing/ecdsa-digest.ts";
import { signEd25519ph, verifyEd25519ph } from "../signing/ed25519ph.ts";
import { signMu, verifyMu } from "../signing/ml-dsa-mu.ts";
import { isEncodedUnder, signEncoded } from "../signing/rsa-raw.ts";

/** Signatures that take about a millisecond and that Node makes in no thread of its own. */
export type SchemeName = "ecdsa" | "ed25519ph" | "ml-dsa-mu" | "rsa";

/** What the worker does for a scheme. `bytes` are what is signed: a digest, a message, a mu, an encoded message. */
export interface Scheme {
  readonly sign: (privateKey: KeyObject, bytes: Uint8Array) => Uint8Array;
  readonly verify: (publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array) => boolean;
}

export const schemes: Readonly<Record<SchemeName, Scheme>> = {
  ecdsa: { sign: signEcdsaDigest, verify: verifyEcdsaDigest },
  ed25519ph: { sign: signEd25519ph, verify: verifyEd25519ph },
  "ml-dsa-mu": { sign: signMu, verify: verifyMu },
  rsa: {
    sign: signEncoded,
    verify: (publicKey, encoded, signature) => isEncodedUnder(publicKey, signature, encoded),
  },
};
