import { base64, type Json } from "./aws-client.ts";
import {
  type Ask,
  ofKey,
  plain,
  type RecordedAnswer,
  type RequestExpectation,
  some,
  text,
  validationError,
} from "./recorded-request.ts";

/** Key specs with the algorithms whose signing was recorded. */
const signingRows: readonly [spec: string, algorithm: string][] = [
  ["RSA_2048", "RSASSA_PSS_SHA_256"],
  ["RSA_2048", "RSASSA_PSS_SHA_384"],
  ["RSA_2048", "RSASSA_PSS_SHA_512"],
  ["RSA_4096", "RSASSA_PKCS1_V1_5_SHA_256"],
  ["RSA_4096", "RSASSA_PKCS1_V1_5_SHA_512"],
  ["ECC_NIST_P256", "ECDSA_SHA_256"],
  ["ECC_SECG_P256K1", "ECDSA_SHA_256"],
  ["ECC_NIST_P384", "ECDSA_SHA_384"],
];

function signing([spec, algorithm]: readonly [spec: string, algorithm: string]): RecordedAnswer[] {
  const key = { KeySpec: spec, KeyUsage: "SIGN_VERIFY" };
  const request = { MessageType: "RAW", Message: text, SigningAlgorithm: algorithm };
  const source = (name: string) => `sign_verify[${spec}-${algorithm}] ${name}`;
  const verify =
    (changes: Json, expected: (arn: string) => RequestExpectation): Ask =>
    async (aws) => {
      const { KeyId, Arn } = await aws.createKey(key);
      const { Signature } = await aws.ok("Sign", { KeyId, ...request });
      return { operation: "Verify", input: { KeyId, ...request, Signature, ...changes }, expected: expected(Arn) };
    };
  return [
    {
      source: source("signature"),
      ask: ofKey(key, "Sign", request, (KeyId) => ({
        members: { KeyId, Signature: some.text, SigningAlgorithm: algorithm },
      })),
    },
    {
      source: source("verification"),
      ask: verify({}, (KeyId) => ({ members: { KeyId, SignatureValid: true, SigningAlgorithm: algorithm } })),
    },
    {
      source: source("bad-digest"),
      ask: verify({ MessageType: "DIGEST" }, () =>
        validationError(`Digest is invalid length for algorithm ${algorithm}.`),
      ),
    },
    {
      source: source("bad-signature"),
      ask: verify({ Signature: base64("bad signature") }, () => ({ type: "KMSInvalidSignatureException" })),
    },
  ];
}

function macs(bits: number): RecordedAnswer[] {
  const key = { KeySpec: `HMAC_${bits}`, KeyUsage: "GENERATE_VERIFY_MAC" };
  const MacAlgorithm = `HMAC_SHA_${bits}`;
  const source = (name: string) => `generate_and_verify_mac[HMAC_${bits}] ${name}`;
  const notFound = { type: "NotFoundException", message: "Invalid keyId 'key_id'" };
  const unknown = { KeyId: "key_id", Message: text, MacAlgorithm };
  return [
    {
      source: source("generate-mac"),
      ask: ofKey(key, "GenerateMac", { Message: text, MacAlgorithm }, (KeyId) => ({
        members: { KeyId, Mac: some.text, MacAlgorithm },
      })),
    },
    {
      source: source("verify-mac"),
      ask: verifyMac(key, { Message: text, MacAlgorithm }, {}, (KeyId) => ({
        members: { KeyId, MacAlgorithm, MacValid: true },
      })),
    },
    { source: source("generate-mac-invalid-key-id"), ask: plain("GenerateMac", unknown, notFound) },
    { source: source("verify-mac-invalid-key-id"), ask: plain("VerifyMac", { ...unknown, Mac: text }, notFound) },
  ];
}

/** VerifyMac of a MAC that a new key made, with a change. */
export function verifyMac(key: Json, made: Json, changes: Json, expected: (arn: string) => RequestExpectation): Ask {
  return async (aws) => {
    const { KeyId, Arn } = await aws.createKey(key);
    const { Mac } = await aws.ok("GenerateMac", { KeyId, ...made });
    return { operation: "VerifyMac", input: { KeyId, ...made, Mac, ...changes }, expected: expected(Arn) };
  };
}

/** Every response that was recorded of the operations that sign. */
export const recordedSigning: readonly RecordedAnswer[] = [
  ...signingRows.flatMap(signing),
  ...[224, 256, 384, 512].flatMap(macs),
];
