import type { CurveName, HashName } from "./platform/platform.ts";

/** One algorithm suite of the AWS Encryption SDK: a row that holds all there is to know about it. */
export interface Suite {
  /** Two bytes in the message. */
  readonly id: number;
  /** As the specification names it. */
  readonly name: string;
  /** The message format that it is written in. */
  readonly version: 1 | 2;
  /** Bytes of the data key, and of the key derived from it. */
  readonly keyBytes: 16 | 24 | 32;
  /** The hash of HKDF; none: the data key itself encrypts. */
  readonly kdfHash: HashName | undefined;
  /** Whether the message commits to its key, so that nothing else decrypts it. */
  readonly commits: boolean;
  readonly signature: { readonly curve: CurveName; readonly hash: HashName } | undefined;
}

const p256 = { curve: "P-256", hash: "sha256" } as const;
const p384 = { curve: "P-384", hash: "sha384" } as const;

function row(
  id: number,
  name: string,
  keyBytes: Suite["keyBytes"],
  kdfHash: Suite["kdfHash"],
  signature?: Suite["signature"],
): readonly [number, Suite] {
  const commits = id >= 0x0400;
  return [id, { id, name: `ALG_AES_${name}`, version: commits ? 2 : 1, keyBytes, kdfHash, commits, signature }];
}

/**
 * Every suite that is read, by its number. Source: AWS Encryption SDK specification, framework/algorithm-suites.md,
 * "Supported Algorithm Suites".
 */
export const suites: ReadonlyMap<number, Suite> = new Map([
  row(0x0578, "256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", 32, "sha512", p384),
  row(0x0478, "256_GCM_HKDF_SHA512_COMMIT_KEY", 32, "sha512"),
  row(0x0378, "256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 32, "sha384", p384),
  row(0x0346, "192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 24, "sha384", p384),
  row(0x0214, "128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256", 16, "sha256", p256),
  row(0x0178, "256_GCM_IV12_TAG16_HKDF_SHA256", 32, "sha256"),
  row(0x0146, "192_GCM_IV12_TAG16_HKDF_SHA256", 24, "sha256"),
  row(0x0114, "128_GCM_IV12_TAG16_HKDF_SHA256", 16, "sha256"),
  row(0x0078, "256_GCM_IV12_TAG16_NO_KDF", 32, undefined),
  row(0x0046, "192_GCM_IV12_TAG16_NO_KDF", 24, undefined),
  row(0x0014, "128_GCM_IV12_TAG16_NO_KDF", 16, undefined),
]);

/** The two suites that are written. Both commit to the key. */
export const committingSuite: Suite = suites.get(0x0478)!;
export const signingSuite: Suite = suites.get(0x0578)!;
