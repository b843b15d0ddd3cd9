/** What a document may hold (AWS Nitro Enclaves: attestation process, section 3.2.2; lengths in bytes unless told). */
export const documentLimits = {
  payloadBytes: 16_384,
  /** Four fields of COSE around the payload: headers, lengths and the signature. */
  envelopeBytes: 16_384 + 256,
  moduleIdChars: 256,
  pcrs: 32,
  certificateBytes: 1024,
  /** Ours: AWS sends four (root, region, zone, instance). */
  bundleCertificates: 8,
  publicKeyBytes: 1024,
  userBytes: 512,
  /** Nesting of CBOR: the COSE array, or the map of PCRs in the document. */
  cborDepth: 4,
  cborItems: 256,
} as const;

/**
 * How far a document's timestamp may be from our clock. AWS tells no figure for KMS; this is the skew that it allows a
 * request's signature.
 */
export const maxDocumentAgeMs = 300_000;
