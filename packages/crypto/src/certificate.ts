import { type KeyObject, X509Certificate } from "node:crypto";

/** What is looked at of a certificate (RFC 5280). */
export interface CertificateFacts {
  /** Whether its basic constraints make it one of an authority. */
  readonly isAuthority: boolean;
  readonly publicKey: KeyObject;
}

/**
 * Reads an untrusted certificate, DER. Nobody's signature is checked.
 *
 * @returns undefined when it is none, or has bytes after its end
 */
export function readCertificate(der: Buffer): CertificateFacts | undefined {
  try {
    const certificate = new X509Certificate(der);
    if (!certificate.raw.equals(der)) return undefined;
    return { isAuthority: certificate.ca, publicKey: certificate.publicKey };
  } catch {
    return undefined;
  }
}
