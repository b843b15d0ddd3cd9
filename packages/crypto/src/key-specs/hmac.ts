import type { KeySpec, KeySpecRow } from "../algorithms.ts";
import { SecretBytes } from "../secret-bytes.ts";

interface Hmac {
  readonly spec: KeySpec;
  readonly algorithm: string;
  readonly restName: string;
  /** The hash's output: what new keys have, and the least that an imported one may have. */
  readonly minBytes: number;
  /** The hash's block: a longer key would be hashed first (FIPS 198-1 section 4), which adds nothing. */
  readonly maxBytes: number;
}

/** HMAC keys. AWS KMS takes imported ones from the length of the hash's output to that of its block. */
export const hmacRows: readonly KeySpecRow[] = [
  row({ spec: "HMAC_224", algorithm: "HMAC_SHA_224", restName: "HMAC-SHA-224", minBytes: 28, maxBytes: 64 }),
  row({ spec: "HMAC_256", algorithm: "HMAC_SHA_256", restName: "HMAC-SHA-256", minBytes: 32, maxBytes: 64 }),
  row({ spec: "HMAC_384", algorithm: "HMAC_SHA_384", restName: "HMAC-SHA-384", minBytes: 48, maxBytes: 128 }),
  row({ spec: "HMAC_512", algorithm: "HMAC_SHA_512", restName: "HMAC-SHA-512", minBytes: 64, maxBytes: 128 }),
];

function row({ spec, algorithm, restName, minBytes, maxBytes }: Hmac): KeySpecRow {
  return {
    spec,
    kind: "secret",
    algorithms: new Map([["GENERATE_VERIFY_MAC", [algorithm]]]),
    restName,
    generate: () => SecretBytes.random(minBytes),
    load: (material) =>
      material.byteLength >= minBytes && material.byteLength <= maxBytes ? material.toKeyObject() : undefined,
  };
}
