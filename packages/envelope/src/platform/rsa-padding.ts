import { type EnvelopeError, invalidInput } from "../errors.ts";
import type { RsaPadding } from "./platform.ts";

/** Bits of a modulus at least. Source: NIST SP 800-131A Rev. 2, table 5. */
const minModulusBits = 2048;

/** The hash of each padding, by Node's name and the Web Cryptography API's; PKCS #1 v1.5 has none. */
export const rsaPaddings: ReadonlyMap<RsaPadding, { readonly node: string; readonly web: string } | undefined> =
  new Map([
    ["pkcs1", undefined],
    ["oaep-sha1", { node: "sha1", web: "SHA-1" }],
    ["oaep-sha256", { node: "sha256", web: "SHA-256" }],
    ["oaep-sha384", { node: "sha384", web: "SHA-384" }],
    ["oaep-sha512", { node: "sha512", web: "SHA-512" }],
  ]);

/** @throws EnvelopeError InvalidInput when the modulus is too short */
export function checkModulus(modulusBits: number): void {
  if (modulusBits < minModulusBits) {
    throw invalidInput(`The RSA key has ${modulusBits} bits; ${minModulusBits} is the least.`);
  }
}

/** A key in another form. Its bytes are not told. */
export function notRsa(half: "public" | "private"): EnvelopeError {
  const form = half === "public" ? "SubjectPublicKeyInfo" : "PKCS #8 PrivateKeyInfo";
  return invalidInput(`The ${half} key is no RSA key as a ${form}.`);
}
