import { createPublicKey, type KeyObject } from "node:crypto";
import { AttestationError, demand } from "./attestation-error.ts";
import { validateChain } from "./chain.ts";
import { parseCoseSign1, verifyCoseSign1 } from "./cose.ts";
import { type AttestedKind, parseDocument } from "./document.ts";
import { maxDocumentAgeMs } from "./limits.ts";

/** What a genuine and current document says. */
export interface Attestation {
  readonly kind: AttestedKind;
  /** The enclave's id, or the instance's with its TPM's. */
  readonly moduleId: string;
  /** By index, 0 to 31; lower-case hexadecimal. */
  readonly pcrs: ReadonlyMap<number, string>;
  /** DER of the key that the attested program wants its answers encrypted to. */
  readonly publicKey: Uint8Array | undefined;
}

/**
 * Verifies an attestation document of AWS Nitro Enclaves or NitroTPM: its form, the certificates up to a trusted root, the
 * signature and its age (AWS Nitro Enclaves: attestation process, section 3). The same document passes again as long as
 * it is current: KMS gives no nonce, and the answer is of use only to who has the private key.
 *
 * @param document COSE_Sign1, as the hypervisor gave it
 * @param roots DER of the trusted roots
 * @throws AttestationError
 */
export async function verifyAttestation(
  document: Uint8Array,
  roots: readonly Uint8Array[],
  nowMs: number,
): Promise<Attestation> {
  const message = parseCoseSign1(document);
  const { kind, moduleId, timestampMs, pcrs, certificate, bundle, publicKey } = parseDocument(message.payload);
  const signingKey = await validateChain(certificate, bundle, roots, nowMs);
  demand(await verifyCoseSign1(message, signingKey), "The signature of the attestation document is not valid.");
  demand(
    Math.abs(nowMs - timestampMs) <= maxDocumentAgeMs,
    "The attestation document has expired or is not valid yet.",
  );
  const hex = [...pcrs].map(([index, value]) => [index, Buffer.from(value).toString("hex")] as const);
  return { kind, moduleId, pcrs: new Map(hex), publicKey };
}

const minModulusBits = 2048;
const maxModulusBits = 4096;
/** NIST SP 800-56B revision 2 section 6.2: the exponents of RSA keys that encrypt. */
const minExponent = 65_537n;
const maxExponent = 2n ** 256n;

/**
 * The key of a document that answers are encrypted to: RSA, 2,048 to 4,096 bits.
 *
 * @throws AttestationError when the document has none, or another kind
 */
export function parseRecipientKey({ publicKey }: Pick<Attestation, "publicKey">): KeyObject {
  demand(publicKey !== undefined, "The attestation document has no public_key.");
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  } catch {
    throw new AttestationError("The public_key of the attestation document is malformed.");
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  demand(
    key.asymmetricKeyType === "rsa" &&
      modulusLength >= minModulusBits &&
      modulusLength <= maxModulusBits &&
      publicExponent >= minExponent &&
      publicExponent < maxExponent,
    "The public_key of the attestation document is no RSA key of 2048 to 4096 bits.",
  );
  return key;
}
