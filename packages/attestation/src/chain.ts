import type { KeyObject } from "node:crypto";
import { demand } from "./attestation-error.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { verifySha384 } from "./cose.ts";

/**
 * Validates the chain of a document: from a root that is trusted, over the rest of the bundle, to the certificate that
 * signed the document (AWS Nitro Enclaves: attestation process, sections 3.2.3 and 3.2.4; RFC 5280 section 6.1). There is
 * no revocation list, as AWS says.
 *
 * @param certificate DER
 * @param bundle DER, the root first
 * @param roots DER of the trusted roots
 * @returns the key that the document must be signed with
 * @throws AttestationError
 */
export async function validateChain(
  certificate: Uint8Array,
  bundle: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  nowMs: number,
): Promise<KeyObject> {
  const [first] = bundle;
  demand(
    first !== undefined && roots.some((root) => Buffer.compare(root, first) === 0),
    "The attestation document is not of a trusted root.",
  );
  const authorities = bundle.map(parseCertificate);
  const leaf = parseCertificate(certificate);
  for (const { notBeforeMs, notAfterMs } of [...authorities, leaf]) {
    demand(
      notBeforeMs <= nowMs && nowMs <= notAfterMs,
      "A certificate of the attestation document has expired or is not valid yet.",
    );
  }
  authorities.forEach((authority, index) => {
    const { isCa, maxPathLength, canSignCertificates } = authority;
    const authoritiesBelow = authorities.length - index - 1;
    demand(
      isCa && canSignCertificates && (maxPathLength ?? authoritiesBelow) >= authoritiesBelow,
      "A certificate of the attestation document may not issue the next one.",
    );
  });
  demand(
    leaf.canSign && !leaf.isCa && leaf.maxPathLength === undefined,
    "The certificate of the attestation document may not sign it.",
  );
  await verifySignatures([...authorities, leaf]);
  return leaf.publicKey;
}

async function verifySignatures(chain: readonly Certificate[]): Promise<void> {
  const unchained = "The certificates of the attestation document are no chain.";
  // The root signs itself; that it is the trusted one was compared byte by byte.
  const verified = chain.slice(1).map((subject, index) => {
    const issuer = chain[index];
    demand(issuer !== undefined && Buffer.compare(subject.issuer, issuer.subject) === 0, unchained);
    return verifySha384(subject.signed, issuer.publicKey, subject.signature, "der");
  });
  for (const valid of await Promise.all(verified)) demand(valid, unchained);
}
