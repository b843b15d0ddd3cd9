import { type KeyObject, sign, verify } from "node:crypto";
import { generateRsaPrivateKey } from "../off-loop/generate-rsa.ts";
import { publicExponent } from "../off-loop/pair-messages.ts";
import { publicKeyOf } from "../public-key.ts";
import { loadPkcs8 } from "./pkcs8.ts";
import type { KeySpec, KeySpecRow } from "./row.ts";

/** RSA keys. The order of the algorithms is AWS KMS's, in DescribeKey. */
export const rsaRows: readonly KeySpecRow[] = [
  rsa("RSA_2048", 2048, "rsa-2048"),
  rsa("RSA_3072", 3072, "rsa-3072"),
  rsa("RSA_4096", 4096, "rsa-4096"),
];

function rsa(spec: KeySpec, modulusBits: number, transitType: string): KeySpecRow {
  return {
    spec,
    kind: "pair",
    algorithms: new Map([
      ["ENCRYPT_DECRYPT", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]],
      [
        "SIGN_VERIFY",
        [
          "RSASSA_PKCS1_V1_5_SHA_256",
          "RSASSA_PKCS1_V1_5_SHA_384",
          "RSASSA_PKCS1_V1_5_SHA_512",
          "RSASSA_PSS_SHA_256",
          "RSASSA_PSS_SHA_384",
          "RSASSA_PSS_SHA_512",
        ],
      ],
    ]),
    restName: spec,
    transitType,
    generate: () => generateRsaPrivateKey(modulusBits),
    load: (material) => {
      const key = loadPkcs8(material);
      return key !== undefined && isRsa(key, modulusBits) && isOnePair(key) ? key : undefined;
    },
  };
}

/** A key of the type `rsa` alone: one of the type `rsa-pss` is bound to PSS and its parameters. */
function isRsa(key: KeyObject, modulusBits: number): boolean {
  const details = key.asymmetricKeyDetails;
  return (
    key.asymmetricKeyType === "rsa" &&
    details?.modulusLength === modulusBits &&
    details.publicExponent === BigInt(publicExponent)
  );
}

const probe = Buffer.from("coffer");

/** Whether the private numbers belong to the modulus: PKCS#8 holds all of them, and OpenSSL believes what stands there. */
function isOnePair(key: KeyObject): boolean {
  try {
    return verify("sha256", probe, publicKeyOf(key), sign("sha256", probe, key));
  } catch {
    return false;
  }
}
