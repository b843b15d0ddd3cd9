import { constants, createPublicKey, createVerify, type KeyObject, verify } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { OperatorError } from "@coffer/server/config";
import { standardStream } from "./file-names.ts";
import { FileError, fileProblem } from "./file-problem.ts";
import { readAll } from "./transfer-bytes.ts";

/** What a signature is verified with, and of what. */
export interface OfflineSignature {
  /** PEM or DER (SubjectPublicKeyInfo). */
  readonly publicKeyFile: string;
  readonly signature: Uint8Array;
  /** As AWS KMS names it. */
  readonly algorithm: string;
  /** A path, or `-`. */
  readonly file: string;
}

/** Bytes of a message that an algorithm takes as a whole, at most. */
const maxWholeBytes = 256 * 1024 * 1024;

/** Algorithms that take the message itself. */
const whole: ReadonlySet<string> = new Set(["ED25519_SHA_512", "ML_DSA_SHAKE_256"]);

/**
 * Verifies a signature without a server.
 *
 * @throws OperatorError when key or file cannot be read, or the algorithm is not of the key
 */
export async function verifyOffline({ publicKeyFile, signature, algorithm, file }: OfflineSignature): Promise<boolean> {
  const key = readPublicKey(publicKeyFile);
  const source = file === standardStream ? process.stdin : createReadStream(file);
  try {
    if (whole.has(algorithm)) return verify(null, await readAll(source, maxWholeBytes), key, signature);
    const [, scheme, bits] = /^(RSASSA_PSS|RSASSA_PKCS1_V1_5|ECDSA)_SHA_(256|384|512)$/.exec(algorithm) ?? [];
    if (scheme === undefined)
      throw new FileError(`${algorithm} is verified by the server alone: name the key with --key.`);
    if (key.asymmetricKeyType !== (scheme === "ECDSA" ? "ec" : "rsa")) {
      throw new FileError(`the key in ${publicKeyFile} is not one of ${algorithm}.`);
    }
    const verifier = createVerify(`sha${bits}`);
    for await (const chunk of source) verifier.update(chunk);
    if (scheme !== "RSASSA_PSS") return verifier.verify(key, signature);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verifier.verify({ key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
  } catch (error) {
    throw fileProblem(file === standardStream ? "standard input" : file, error);
  }
}

function readPublicKey(file: string): KeyObject {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw fileProblem(file, error);
  }
  try {
    if (bytes.includes("PRIVATE KEY")) throw new Error("private");
    return bytes.includes("-----BEGIN")
      ? createPublicKey(bytes)
      : createPublicKey({ key: bytes, format: "der", type: "spki" });
  } catch {
    throw new OperatorError(`${file}: it is no public key (PEM, or DER of a SubjectPublicKeyInfo).`);
  }
}
