import { bytesOfBase64 } from "./bytes.ts";
import { invalidInput } from "./errors.ts";

/** What to do with keys in other forms than this library reads. */
const advice: ReadonlyMap<string, string> = new Map([
  ["RSA PUBLIC KEY", "openssl rsa -RSAPublicKey_in -pubout"],
  ["RSA PRIVATE KEY", "openssl pkcs8 -topk8 -nocrypt"],
  ["ENCRYPTED PRIVATE KEY", "openssl pkcs8"],
  ["CERTIFICATE", "openssl x509 -pubkey -noout"],
]);

/**
 * The bytes of a key in PEM (RFC 7468): a copy, for the caller to wipe.
 *
 * @param key PEM as text or its bytes, or DER as bytes
 * @throws EnvelopeError InvalidInput
 */
export function derOfKey(key: string | Uint8Array, label: "PUBLIC KEY" | "PRIVATE KEY"): Uint8Array<ArrayBuffer> {
  if (typeof key !== "string" && key[0] !== 0x2d) return Uint8Array.from(key);
  const text = typeof key === "string" ? key : new TextDecoder().decode(key);
  const match = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(text);
  const bytes = match === null ? undefined : bytesOfBase64(match[2]!);
  if (match === null || bytes === undefined) throw invalidInput(`A key is no PEM: "-----BEGIN ${label}-----".`);
  if (match[1] === label) return bytes;
  const command = advice.get(match[1]!);
  throw invalidInput(`A key is a ${match[1]}, not a ${label}.${command === undefined ? "" : ` Try: ${command}`}`);
}
