import { constants, type KeyObject, verify } from "node:crypto";
import { invariant } from "../invariant.ts";
import { signOffLoop } from "../off-loop/off-loop.ts";
import { assertMessage } from "./message.ts";
import { signOnPool } from "./native.ts";
import type { SigningAlgorithmRow } from "./row.ts";
import { isEncodedUnder, modulusBytes } from "./rsa-raw.ts";

/** RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2). The DigestInfo prefixes stand in section 9.2, note 1. */
export const rsaPkcs1Rows: readonly SigningAlgorithmRow[] = [
  pkcs1("RSASSA_PKCS1_V1_5_SHA_256", "sha256", 32, "3031300d060960864801650304020105000420"),
  pkcs1("RSASSA_PKCS1_V1_5_SHA_384", "sha384", 48, "3041300d060960864801650304020205000430"),
  pkcs1("RSASSA_PKCS1_V1_5_SHA_512", "sha512", 64, "3051300d060960864801650304020305000440"),
];

function pkcs1(name: string, hash: string, hashBytes: number, digestInfoHex: string): SigningAlgorithmRow {
  const messageTypes: SigningAlgorithmRow["messageTypes"] = new Map([
    ["RAW", undefined],
    ["DIGEST", hashBytes],
  ]);
  const digestInfo = Buffer.from(digestInfoHex, "hex");
  const padding = constants.RSA_PKCS1_PADDING;
  return {
    name,
    messageTypes,
    sign(privateKey, message, type) {
      assertMessage(messageTypes, message, type);
      if (type === "RAW") return signOnPool(hash, message, { key: privateKey, padding });
      return signOffLoop("rsa", privateKey, encodePkcs1(digestInfo, message, privateKey));
    },
    verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      if (type === "RAW") return verify(hash, message, { key: publicKey, padding }, signature);
      return isEncodedUnder(publicKey, signature, encodePkcs1(digestInfo, message, publicKey));
    },
  };
}

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) from the digest on: 00 01 | FF... | 00 | DigestInfo | digest. */
export function encodePkcs1(digestInfo: Uint8Array, digest: Uint8Array, key: KeyObject): Buffer {
  const encoded = Buffer.alloc(modulusBytes(key), 0xff);
  const tail = Buffer.concat([Buffer.of(0), digestInfo, digest]);
  // At least eight bytes of padding, as step 3 asks.
  invariant(encoded.length >= tail.length + 10, "the modulus has room for the digest");
  encoded.set([0, 1]);
  encoded.set(tail, encoded.length - tail.length);
  return encoded;
}
