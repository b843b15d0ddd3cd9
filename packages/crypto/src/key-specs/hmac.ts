import { SecretBytes } from "../secret-bytes.ts";
import type { KeySpec, KeySpecRow } from "./row.ts";

/** AWS KMS imports HMAC keys of up to 1,024 bits. Beyond its hash's block HMAC hashes a key first (RFC 2104 section 2). */
const maxBytes = 128;
/** OpenBao, sdk/helper/keysutil: `HmacMaxKeySize`. */
const maxTransitBytes = 512;

/** HMAC keys. New ones are as long as the hash's output; imported ones are no shorter (RFC 2104 section 3). */
export const hmacRows: readonly KeySpecRow[] = [
  row("HMAC_224", "HMAC_SHA_224", 28),
  row("HMAC_256", "HMAC_SHA_256", 32),
  row("HMAC_384", "HMAC_SHA_384", 48),
  row("HMAC_512", "HMAC_SHA_512", 64),
];

function row(spec: KeySpec, algorithm: string, minBytes: number): KeySpecRow {
  return {
    spec,
    kind: "secret",
    algorithms: new Map([["GENERATE_VERIFY_MAC", [algorithm]]]),
    restName: spec,
    transitType: "hmac",
    generate: (secretBytes = minBytes) => SecretBytes.random(secretBytes),
    load: (material) =>
      material.byteLength >= minBytes && material.byteLength <= maxBytes ? material.toKeyObject() : undefined,
  };
}

/** HMAC keys that are longer than AWS KMS has them; Transit's go to 512 bytes. */
export const longHmacRow: KeySpecRow = {
  spec: "HMAC_LONG",
  kind: "secret",
  transitOnly: true,
  algorithms: new Map([["GENERATE_VERIFY_MAC", []]]),
  restName: "HMAC_LONG",
  transitType: "hmac",
  generate: (secretBytes = maxBytes + 1) => SecretBytes.random(secretBytes),
  load: (material) =>
    material.byteLength > maxBytes && material.byteLength <= maxTransitBytes ? material.toKeyObject() : undefined,
};
