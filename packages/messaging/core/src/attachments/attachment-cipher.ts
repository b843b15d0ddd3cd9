import { type Keyring, rawAesKeyring } from "@coffer/envelope";

/** The keyring of an attachment's own key. @param key 32 bytes, copied */
export function attachmentKeyring(key: Uint8Array): Keyring {
  return rawAesKeyring({ namespace: "coffer", name: "attachment", wrappingKey: key });
}

const blobName = "coffer-attachment";

/** What an attachment's ciphertext is bound to. It does not stand in the ciphertext. */
export function attachmentContext(blobId: string): {
  readonly context: Readonly<Record<string, string>>;
  readonly requiredContextNames: readonly string[];
} {
  return { context: { [blobName]: blobId }, requiredContextNames: [blobName] };
}
