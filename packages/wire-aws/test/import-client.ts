import assert from "node:assert/strict";
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import type { AwsTest, Json } from "./aws-client.ts";

/** Wraps key material as AWS KMS documents it, by hand, to the public key of GetParametersForImport. */
export function wrapForImport(publicKey: string, algorithm: string, material: Uint8Array): Buffer {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
  const oaepHash = algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const oaep = (bytes: Uint8Array) =>
    publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bytes);
  if (algorithm.startsWith("RSAES_OAEP")) return oaep(material);
  const aesKey = randomBytes(32);
  const cipher = createCipheriv("id-aes256-wrap-pad", aesKey, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([oaep(aesKey), cipher.update(material), cipher.final()]);
}

/** How material is imported, where it differs from the usual. */
export interface ImportOptions {
  readonly algorithm?: string;
  readonly wrappingKeySpec?: string;
  readonly region?: string;
  /** Further members of ImportKeyMaterial. */
  readonly more?: Json;
}

/** The request that imports some material into a key, from new parameters. */
export async function importRequest(
  aws: AwsTest,
  KeyId: string,
  material: Uint8Array,
  options: ImportOptions = {},
): Promise<Json> {
  const WrappingAlgorithm = options.algorithm ?? "RSA_AES_KEY_WRAP_SHA_256";
  const WrappingKeySpec = options.wrappingKeySpec ?? "RSA_2048";
  const scope = { region: options.region ?? "us-east-1" };
  const answer = await aws.call("GetParametersForImport", { KeyId, WrappingAlgorithm, WrappingKeySpec }, { scope });
  assert.equal(answer.status, 200, answer.text);
  const { ImportToken, PublicKey } = answer.json;
  return {
    KeyId,
    ImportToken,
    EncryptedKeyMaterial: wrapForImport(String(PublicKey), WrappingAlgorithm, material).toString("base64"),
    ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE",
    ...options.more,
  };
}

/** Imports material, which has to succeed. */
export async function importMaterial(
  aws: AwsTest,
  KeyId: string,
  material: Uint8Array,
  options: ImportOptions = {},
): Promise<Json> {
  const request = await importRequest(aws, KeyId, material, options);
  const answer = await aws.call("ImportKeyMaterial", request, { scope: { region: options.region ?? "us-east-1" } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** The last arcs of NIST's object identifiers (2.16.840.1.101.3.4): their family, and the parameter set. */
const nistArcs: ReadonlyMap<string, readonly [family: number, set: number]> = new Map([
  ["ML_DSA_44", [3, 17]],
  ["ML_DSA_65", [3, 18]],
  ["ML_DSA_87", [3, 19]],
  ["ML_KEM_512", [4, 1]],
  ["ML_KEM_768", [4, 2]],
  ["ML_KEM_1024", [4, 3]],
]);

/** PKCS#8 of an ML-DSA or ML-KEM key of any length: its seed, or its expanded form (RFC 9881 and 9935, section 6). */
export function encodePkcs8(
  spec: string,
  { seed, expanded }: { readonly seed?: Buffer; readonly expanded?: Buffer },
): Buffer {
  const oid = Buffer.of(0x60, 0x86, 0x48, 1, 0x65, 3, 4, ...(nistArcs.get(spec) ?? assert.fail(spec)));
  const key = expanded === undefined ? der(0x80, seed ?? Buffer.alloc(0)) : der(0x04, expanded);
  return der(0x30, Buffer.concat([der(0x02, Buffer.of(0)), der(0x30, der(0x06, oid)), der(0x04, key)]));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(...header), content]);
}
