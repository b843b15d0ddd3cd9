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

/** AWS's names of the operations that count as usage; core operations have the same. */
const tracked = [
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
];

/**
 * The name of a use by that of the core operation (AWS KMS developer guide: tracked cryptographic operations; Encapsulate
 * and Decapsulate are in the model only). Other operations do not count.
 */
export const trackedOperations: ReadonlyMap<string, string> = new Map([
  ...tracked.map((name) => [name, name] as const),
  ["XksDecrypt", "Decrypt"],
  ["XksEncrypt", "Encrypt"],
]);
