import type { KmsCaller } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { DataKeys, RunRelayOptions } from "@coffer/server/relay";
import { tellingService } from "./tell-envelope-error.ts";

const keyBytes = 32;
/** Binds the wrapped key to its use: policies can ask for it, and the audit trail has it. */
const context = { purpose: "coffer relay tables" };

/** Data keys of a KMS server's key: GenerateDataKey and Decrypt, with the encryption context `purpose`. */
export function kmsDataKeys(kms: KmsCaller, keyId: string): DataKeys {
  return {
    name: keyId,
    async generate() {
      const made = await tellingService(
        () => kms.generateDataKey({ KeyId: keyId, NumberOfBytes: keyBytes, EncryptionContext: context }),
        "the relay's key",
      );
      return { plaintext: made.Plaintext!, wrapped: made.CiphertextBlob! };
    },
    async unwrap(wrapped) {
      const opened = await tellingService(
        () => kms.decrypt({ KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: context }),
        "the relay's key",
      );
      return opened.Plaintext!;
    },
  };
}

type HeadSigner = NonNullable<RunRelayOptions["headSigner"]>;

const signingAlgorithms: ReadonlyMap<string, HeadSigner["algorithm"]> = new Map<string, HeadSigner["algorithm"]>([
  ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512"],
  ["ECC_NIST_P256", "ECDSA_SHA_256"],
  ["ECC_NIST_P384", "ECDSA_SHA_384"],
]);

/** Signs heads by a KMS server's key: GetPublicKey and Sign. */
export async function kmsHeadSigner(kms: KmsCaller, keyId: string): Promise<HeadSigner> {
  const subject = "the key that signs heads";
  const found = await tellingService(() => kms.call("GetPublicKey", { KeyId: keyId }), subject);
  const algorithm = signingAlgorithms.get(String(found["KeySpec"]));
  if (algorithm === undefined || found["KeyUsage"] !== "SIGN_VERIFY") {
    throw new OperatorError(
      `--sign-key: ${keyId} signs no heads; make one with --key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY.`,
    );
  }
  return {
    keyId: String(found["KeyId"]),
    algorithm,
    publicKey: bytesOf(found["PublicKey"]),
    async sign(message) {
      const input = { KeyId: keyId, Message: message, MessageType: "RAW", SigningAlgorithm: algorithm };
      return bytesOf((await tellingService(() => kms.call("Sign", input), subject))["Signature"]);
    },
  };
}

/** `call` gives bytes as bytes, or as the base64 of the wire. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value), "base64");
}
