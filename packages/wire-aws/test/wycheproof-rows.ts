import { constants, createHash, createHmac, createPublicKey, publicEncrypt } from "node:crypto";
import { findMacAlgorithm } from "@coffer/crypto";
import type { Json } from "./aws-client.ts";
import { encodePkcs8 } from "./import-client.ts";

/** A case of a file of vectors, with the members that the row of its file reads. */
export interface VectorCase {
  readonly tcId: number;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags?: readonly string[];
  readonly [member: string]: unknown;
}

/** The key that a case needs, to import. */
export interface VectorKey {
  readonly KeySpec: string;
  readonly KeyUsage: string;
  readonly material: Buffer;
  /** How AWS KMS takes the material in; else wrapped by RSA_AES_KEY_WRAP_SHA_256. */
  readonly wrap?: (publicKey: string) => Buffer;
  /** The modelled error of its import, where it has one. */
  readonly refusedAs?: string;
}

/** A request, and what its answer has to be: members of a success, or the name of an error. */
export interface VectorRequest {
  readonly operation: string;
  readonly input: Json;
  readonly expected: Json | string;
}

interface RunRow {
  readonly key: (vector: VectorCase) => VectorKey;
  readonly requests: (vector: VectorCase) => readonly VectorRequest[];
}

interface AbsentRow {
  readonly absent: string;
}

const base64Of = (hex: unknown): string => fromHex(hex).toString("base64");
const hasFlag = ({ flags = [] }: VectorCase, end: string) => flags.some((flag) => flag.endsWith(end));
const messageMost = 4096;
const publicKeysAlone = "public keys alone: AWS KMS imports private keys, and verifies with keys of its own";

function fromHex(hex: unknown): Buffer {
  return Buffer.from(String(hex), "hex");
}

/** Verify and VerifyMac take messages of 1 to 4,096 bytes, and neither signatures nor MACs of no bytes. */
function fits(message: Buffer, proof: Buffer): boolean {
  return message.length >= 1 && message.length <= messageMost && proof.length >= 1;
}

/** One row for each file of vectors/wycheproof: what its cases are through AWS KMS, or why they cannot be anything. */
export const wycheproofRows: ReadonlyMap<string, RunRow | AbsentRow> = new Map<string, RunRow | AbsentRow>([
  ["ecdsa-verify", { absent: publicKeysAlone }],
  ["ed25519-verify", { absent: publicKeysAlone }],
  ["ml-dsa-verify", { absent: publicKeysAlone }],
  ["rsa-pkcs1-verify", { absent: publicKeysAlone }],
  ["rsa-pss-verify", { absent: publicKeysAlone }],
  ["aes-kwp", { key: keyOfKwp, requests: () => [] }],
  ["ecdh", { key: keyOfEcdh, requests: ecdh }],
  ["hmac", { key: keyOfHmac, requests: hmac }],
  ["ml-dsa-sign", { key: keyOfMlDsa, requests: mlDsa }],
  ["ml-kem-decapsulate", { key: (vector) => keyOfKem(vector, "seed"), requests: decapsulate }],
  ["ml-kem-expanded", { key: (vector) => keyOfKem(vector, "expanded"), requests: decapsulate }],
  ["ml-kem-generate", { key: (vector) => keyOfKem(vector, "seed"), requests: publicKeyOfSeed }],
  ["rsa-oaep-decrypt", { key: (vector) => keyOfRsa(vector, "ENCRYPT_DECRYPT"), requests: oaep }],
  ["rsa-pkcs1-sign", { key: (vector) => keyOfRsa(vector, "SIGN_VERIFY"), requests: pkcs1 }],
]);

/** Files of vectors elsewhere that no AWS KMS request can hold. */
export const notThroughKms: ReadonlyMap<string, string> = new Map([
  ["nist/aes-256-gcm.json", "a ciphertext blob is sealed by a key of its own message and by a nonce nobody chooses"],
]);

/** The vector's AES key wraps HMAC key material: whether it comes in is the vector's result, and its length. */
function keyOfKwp(vector: VectorCase): VectorKey {
  const material = fromHex(vector["plaintextHex"]);
  const wrap = (publicKey: string) => {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const aesKey = publicEncrypt({ key, padding, oaepHash: "sha256" }, fromHex(vector["keyHex"]));
    return Buffer.concat([aesKey, fromHex(vector["wrappedHex"])]);
  };
  const isTaken = vector.result === "valid" && material.length >= 32 && material.length <= 128;
  return {
    KeySpec: "HMAC_256",
    KeyUsage: "GENERATE_VERIFY_MAC",
    material,
    wrap,
    ...(isTaken
      ? {}
      : { refusedAs: vector.result === "valid" ? "IncorrectKeyMaterialException" : "InvalidCiphertextException" }),
  };
}

const curves: ReadonlyMap<unknown, string> = new Map([
  ["secp256r1", "ECC_NIST_P256"],
  ["secp384r1", "ECC_NIST_P384"],
  ["secp521r1", "ECC_NIST_P521"],
]);

function keyOfEcdh(vector: VectorCase): VectorKey {
  const KeySpec = curves.get(vector["curve"]) ?? "";
  return { KeySpec, KeyUsage: "KEY_AGREEMENT", material: fromHex(vector["privateKeyDerHex"]) };
}

function ecdh(vector: VectorCase): VectorRequest[] {
  const isAccepted = vector.result === "valid" || vector.flags?.includes("CompressedPublic");
  const expected = isAccepted ? { SharedSecret: base64Of(vector["sharedSecretHex"]) } : "ValidationException";
  const input = { KeyAgreementAlgorithm: "ECDH", PublicKey: base64Of(vector["publicKeyDerHex"]) };
  return [{ operation: "DeriveSharedSecret", input, expected }];
}

/** Lengths that AWS KMS does not import are half of the hash's output; see mac-algorithms.vectors.test.ts. */
function keyOfHmac(vector: VectorCase): VectorKey {
  const bits = Number(String(vector["hash"]).slice(3));
  const material = fromHex(vector["keyHex"]);
  const refused = material.length < bits / 8 ? { refusedAs: "IncorrectKeyMaterialException" } : {};
  return { KeySpec: `HMAC_${bits}`, KeyUsage: "GENERATE_VERIFY_MAC", material, ...refused };
}

function hmac(vector: VectorCase): VectorRequest[] {
  const MacAlgorithm = `HMAC_SHA_${String(vector["hash"]).slice(3)}`;
  const [message, mac] = [fromHex(vector["messageHex"]), fromHex(vector["macHex"])];
  const input = { MacAlgorithm, Message: message.toString("base64") };
  const whole = createHmac(String(vector["hash"]), fromHex(vector["keyHex"])).update(message).digest();
  const isWhole = mac.length === findMacAlgorithm(MacAlgorithm)?.macBytes;
  const isValid = vector.result === "valid" && isWhole;
  return [
    {
      operation: "GenerateMac",
      input,
      // The vector's own bytes where it has them all and they are right, else what the standard library says.
      expected: fits(message, mac) ? { Mac: (isValid ? mac : whole).toString("base64") } : "ValidationException",
    },
    {
      operation: "VerifyMac",
      input: { ...input, Mac: mac.toString("base64") },
      expected: verdict(fits(message, mac), isValid, { MacValid: true }, "KMSInvalidMacException"),
    },
  ];
}

function verdict(isTaken: boolean, isValid: boolean, valid: Json, invalid: string): Json | string {
  if (!isTaken) return "ValidationException";
  return isValid ? valid : invalid;
}

function keyOfMlDsa(vector: VectorCase): VectorKey {
  const KeySpec = String(vector["spec"]);
  const refused = hasFlag(vector, "IncorrectPrivateKeyLength") ? { refusedAs: "IncorrectKeyMaterialException" } : {};
  const material = encodePkcs8(KeySpec, { seed: fromHex(vector["seedHex"]) });
  return { KeySpec, KeyUsage: "SIGN_VERIFY", material, ...refused };
}

/** A context is part of mu, and of no request: a message with one has no signature here. */
function mlDsa(vector: VectorCase): VectorRequest[] {
  const signature = fromHex(vector["signatureHex"]);
  const verify = (hex: unknown, MessageType: string, isValid: boolean): VectorRequest => ({
    operation: "Verify",
    input: {
      MessageType,
      Message: base64Of(hex),
      Signature: signature.toString("base64"),
      SigningAlgorithm: "ML_DSA_SHAKE_256",
    },
    expected: verdict(fits(fromHex(hex), signature), isValid, { SignatureValid: true }, "KMSInvalidSignatureException"),
  });
  const isValid = vector.result === "valid";
  const requests = [publicKeyOf(vector["publicKeySha256Hex"])];
  if (vector["muHex"] !== undefined) requests.push(verify(vector["muHex"], "EXTERNAL_MU", isValid));
  if (vector["messageHex"] !== undefined) {
    requests.push(verify(vector["messageHex"], "RAW", isValid && (vector["contextHex"] ?? "") === ""));
  }
  return requests;
}

/** GetPublicKey, compared by the digest of the raw key: what follows the 22 bytes of an SPKI's header. */
function publicKeyOf(sha256Hex: unknown): VectorRequest {
  return { operation: "GetPublicKey", input: {}, expected: { rawPublicKeySha256: sha256Hex } };
}

/** The digest that `publicKeyOf` compares. */
export function rawPublicKeySha256(spki: string): string {
  return createHash("sha256").update(Buffer.from(spki, "base64").subarray(22)).digest("hex");
}

function publicKeyOfSeed(vector: VectorCase): VectorRequest[] {
  return [publicKeyOf(vector["publicKeySha256Hex"])];
}

function keyOfKem(vector: VectorCase, form: "seed" | "expanded"): VectorKey {
  const KeySpec = String(vector["spec"]);
  const hex = form === "seed" ? vector["seedHex"] : vector["privateKeyHex"];
  const material = encodePkcs8(KeySpec, { [form]: fromHex(hex) });
  const isBad =
    form === "seed" ? fromHex(hex).length !== 64 : hasFlag(vector, "DecapsulationKey") || hasFlag(vector, "KeyLength");
  const refused = isBad ? { refusedAs: "IncorrectKeyMaterialException" } : {};
  return { KeySpec, KeyUsage: "ENCAPSULATE_DECAPSULATE", material, ...refused };
}

function decapsulate(vector: VectorCase): VectorRequest[] {
  const input = {
    EncapsulationAlgorithm: "ML_KEM",
    SharedSecretCiphertextBlob: base64Of(vector["ciphertextHex"]),
  };
  const expected =
    vector.result === "valid" ? { SharedSecret: base64Of(vector["sharedSecretHex"]) } : "InvalidCiphertextException";
  return [{ operation: "Decapsulate", input, expected }];
}

function keyOfRsa(vector: VectorCase, KeyUsage: string): VectorKey {
  const refused = hasFlag(vector, "SmallPublicKey") ? { refusedAs: "IncorrectKeyMaterialException" } : {};
  const material = fromHex(vector["privateKeyDerHex"]);
  return { KeySpec: `RSA_${vector["keyBits"]}`, KeyUsage, material, ...refused };
}

function oaep(vector: VectorCase): VectorRequest[] {
  const isOurs = vector["labelHex"] === "" && vector["mgfHash"] === vector["hash"];
  const ciphertext = fromHex(vector["ciphertextHex"]);
  const plaintext = { Plaintext: base64Of(vector["plaintextHex"]) };
  const expected = verdict(
    ciphertext.length > 0,
    isOurs && vector.result === "valid",
    plaintext,
    "InvalidCiphertextException",
  );
  const EncryptionAlgorithm = `RSAES_OAEP_${String(vector["hash"]).replace("-", "_")}`;
  const input = { EncryptionAlgorithm, CiphertextBlob: ciphertext.toString("base64") };
  return [{ operation: "Decrypt", input, expected }];
}

function pkcs1(vector: VectorCase): VectorRequest[] {
  const hashName = String(vector["hash"]).replace("-", "_");
  const message = fromHex(vector["messageHex"]);
  const digest = createHash(hashName.replace("SHA_", "sha")).update(message).digest();
  const Signature = base64Of(vector["signatureHex"]);
  const both = [
    { MessageType: "RAW", Message: message.toString("base64") },
    { MessageType: "DIGEST", Message: digest.toString("base64") },
  ];
  return both.flatMap((given) => {
    const input = { ...given, SigningAlgorithm: `RSASSA_PKCS1_V1_5_${hashName}` };
    const isTaken = given.Message !== "";
    return [
      { operation: "Sign", input, expected: isTaken ? { Signature } : "ValidationException" },
      {
        operation: "Verify",
        input: { ...input, Signature },
        expected: isTaken ? { SignatureValid: true } : "ValidationException",
      },
    ];
  });
}
