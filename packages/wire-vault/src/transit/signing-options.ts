import { findTransitHash, ServiceError, type TransitHash, type TransitSigning } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";

const defaultHash = "sha2-256";
/** No salt is longer than the longest modulus. */
const maxSaltBytes = 1024;

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

/**
 * The hash algorithm of a call: of its path, else `hash_algorithm`. `algorithm` counts only where that is given and
 * empty, since its default comes first (OpenBao, path_sign_verify.go).
 */
export function readHashName({ fields, captures }: VaultCall): string {
  return captures[1] ?? ((fields.text("hash_algorithm") ?? defaultHash) || fields.text("algorithm") || defaultHash);
}

/** @throws ServiceError InvalidInput unless there is such a hash */
export function readHash(name: string): TransitHash {
  return findTransitHash(name) ?? refuse(`invalid hash algorithm ${quoted(name)}`);
}

/** OpenBao, path_sign_verify.go: `getSaltLength`. */
function readSaltLength(text: string | undefined): TransitSigning["saltLength"] {
  const given = (text ?? "auto").toLowerCase();
  if (given === "auto" || given === "hash") return given;
  if (!/^[+-]?[0-9]{1,9}$/.test(given)) refuse(`salt length neither 'auto', 'hash', nor an int: ${given.slice(0, 64)}`);
  const bytes = Number(given);
  if (bytes < -1) refuse(`salt length is invalid: ${bytes}`);
  // Go's own numbers for these words.
  if (bytes === -1) return "hash";
  if (bytes === 0) return "auto";
  return Math.min(bytes, maxSaltBytes);
}

/**
 * How a call wants its signatures (Vault API: Transit, sign data).
 *
 * @throws ServiceError InvalidInput
 */
export function readSigning(call: VaultCall): TransitSigning {
  const { fields } = call;
  const hashName = readHashName(call);
  const marshaling = fields.text("marshaling_algorithm") ?? "asn1";
  const padding = fields.text("signature_algorithm") || "pss";
  const prehashed = fields.boolean("prehashed") ?? false;
  const hash = hashName === "none" ? undefined : readHash(hashName);
  if (marshaling !== "asn1" && marshaling !== "jws") refuse(`invalid marshaling type ${quoted(marshaling)}`);
  const saltLength = readSaltLength(fields.text("salt_length"));
  if (hash === undefined && (!prehashed || padding !== "pkcs1v15")) {
    refuse("hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15");
  }
  if (padding !== "pss" && padding !== "pkcs1v15")
    refuse(`unsupported rsa signature algorithm ${padding.slice(0, 64)}`);
  return { hash, prehashed, padding, saltLength, marshaling };
}

/** How signatures are written: JWS is base64url without padding. */
export function encodingOf({ marshaling }: TransitSigning): "base64" | "base64url" {
  return marshaling === "jws" ? "base64url" : "base64";
}
