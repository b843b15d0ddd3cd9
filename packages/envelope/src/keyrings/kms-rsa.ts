import { platform } from "#platform";
import { concatBytes, utf8 } from "../bytes.ts";
import type { KmsClient } from "../clients/kms-client.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { serializeContext } from "../encryption-context.ts";
import { invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { derOfKey } from "../pem.ts";
import type { RsaPadding } from "../platform/platform.ts";
import { generateAndWrap } from "./generate-and-wrap.ts";
import type { Keyring, WrapRequest } from "./keyring.ts";
import { parseKmsArn, sameMultiRegionKey } from "./kms-arn.ts";
import { problemOf } from "./problem.ts";

/** An RSA key of KMS. */
export interface KmsRsaKeyringOptions {
  /** The key's ARN. */
  readonly keyId: string;
  /** Encrypts, without a call. PEM, or DER as bytes, as GetPublicKey gives it. */
  readonly publicKey?: string | Uint8Array;
  /** Decrypts, with a call each time. */
  readonly client?: KmsClient;
  /** Default `RSAES_OAEP_SHA_256`. */
  readonly encryptionAlgorithm?: "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256";
  readonly grantTokens?: readonly string[];
}

const providerId = "aws-kms-rsa";
const digestBytes = 48;
const paddings: ReadonlyMap<string, RsaPadding> = new Map([
  ["RSAES_OAEP_SHA_1", "oaep-sha1"],
  ["RSAES_OAEP_SHA_256", "oaep-sha256"],
]);

/**
 * Wraps data keys with the public half of an RSA key whose private half stays in KMS. KMS binds nothing to an RSA
 * ciphertext, so that the context's SHA-384 is in it, before the data key. Suites that sign are refused, as AWS does:
 * whoever has the public key can encrypt. Source: AWS Encryption SDK specification, framework/aws-kms/aws-kms-rsa-keyring.md.
 *
 * @throws EnvelopeError InvalidInput
 */
export function kmsRsaKeyring(options: KmsRsaKeyringOptions): Keyring {
  const { keyId, publicKey, client, encryptionAlgorithm = "RSAES_OAEP_SHA_256" } = options;
  const padding = paddings.get(encryptionAlgorithm);
  if (parseKmsArn(keyId)?.kind !== "key") throw invalidInput("A KMS RSA keyring has a key that its ARN names.");
  if (padding === undefined) throw invalidInput(`KMS has RSA with ${[...paddings.keys()].join(" and ")}.`);
  if (publicKey === undefined && client === undefined) {
    throw invalidInput("A KMS RSA keyring has a public key, a client or both.");
  }
  const spki = publicKey === undefined ? undefined : derOfKey(publicKey, "PUBLIC KEY");
  const wrap = async (dataKey: PlaintextDataKey, request: WrapRequest): Promise<readonly EncryptedDataKey[]> => {
    refuseSignature(request);
    if (spki === undefined) throw invalidInput("This KMS RSA keyring only decrypts: give its public key.");
    const key = await platform.rsaEncryptionKey(spki, padding);
    using bound = await dataKey.use(async (bytes) =>
      PlaintextDataKey.takeFrom(concatBytes(await digestOf(request), bytes)),
    );
    const ciphertext = await bound.use((bytes) => key.encrypt(bytes));
    return [{ providerId, providerInfo: utf8(keyId), ciphertext }];
  };
  return {
    generateDataKey: (request) => generateAndWrap(request, (dataKey) => wrap(dataKey, request)),
    wrapDataKey: wrap,
    async unwrapDataKey(encryptedDataKeys, request) {
      const problems: string[] = [];
      for (const candidate of encryptedDataKeys) {
        if (!isUnder(keyId, candidate)) continue;
        const dataKey = await unwrap(options, encryptionAlgorithm, candidate, request);
        if (dataKey instanceof PlaintextDataKey) return { dataKey, problems };
        problems.push(`${keyId}: ${dataKey}`);
      }
      return { problems };
    },
  };
}

function refuseSignature({ suite }: WrapRequest): void {
  if (suite.signature !== undefined) {
    throw invalidInput(
      "Data keys that a public key wraps are not for messages that are signed: anybody can make them.",
    );
  }
}

async function digestOf({ context }: WrapRequest): Promise<Uint8Array> {
  return platform.digest("sha384", serializeContext(context));
}

function isUnder(keyId: string, candidate: EncryptedDataKey): boolean {
  if (candidate.providerId !== providerId) return false;
  const text = new TextDecoder().decode(candidate.providerInfo);
  const [ours, theirs] = [parseKmsArn(keyId), parseKmsArn(text)];
  return text === keyId || (ours !== undefined && theirs !== undefined && sameMultiRegionKey(ours, theirs));
}

/** @returns the data key, or why there is none */
async function unwrap(
  { keyId, client, grantTokens }: KmsRsaKeyringOptions,
  encryptionAlgorithm: "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256",
  { ciphertext }: EncryptedDataKey,
  request: WrapRequest,
): Promise<PlaintextDataKey | string> {
  if (client === undefined) return "the keyring has no client";
  try {
    refuseSignature(request);
    const { Plaintext, KeyId } = await client.decrypt({
      KeyId: keyId,
      CiphertextBlob: ciphertext,
      EncryptionAlgorithm: encryptionAlgorithm,
      ...(grantTokens === undefined ? {} : { GrantTokens: [...grantTokens] }),
    });
    if (Plaintext === undefined) return "the key server answered without a plaintext";
    using bound = PlaintextDataKey.takeFrom(Plaintext);
    if (KeyId !== keyId) return `the key server answered with another key, ${KeyId}`;
    const digest = await digestOf(request);
    return bound.use((bytes) => {
      const good = bytes.length === digestBytes + request.suite.keyBytes;
      if (!good || !platform.equalBytes(bytes.subarray(0, digestBytes), digest)) return "does not unwrap it";
      return PlaintextDataKey.takeFrom(bytes.slice(digestBytes));
    });
  } catch (error) {
    return problemOf(error);
  }
}
