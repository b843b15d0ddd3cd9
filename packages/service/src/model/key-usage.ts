/** The last successful cryptographic operation with a key (AWS KMS: KeyLastUsageData). One row a key. */
export interface KeyUsageRecord {
  readonly region: string;
  readonly keyId: string;
  /** AWS KMS: KeyLastUsageTrackingOperation. */
  readonly operation: string;
  readonly usedAtMs: number;
  /** `eventID` of its audit record. */
  readonly eventId: string;
  readonly requestId: string;
  readonly revision: number;
}

/**
 * The operations that count as usage, by the names of core operations, which are AWS's (AWS KMS developer guide: tracked
 * cryptographic operations; Encapsulate and Decapsulate are in the model only).
 */
export const trackedOperations: ReadonlySet<string> = new Set([
  "Decapsulate",
  "Decrypt",
  "DeriveSharedSecret",
  "Encapsulate",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "GenerateDataKeyWithoutPlaintext",
  "GenerateMac",
  "ReEncrypt",
  "Sign",
  "Verify",
  "VerifyMac",
]);
