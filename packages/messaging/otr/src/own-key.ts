import { base64OfBytes, bytesOfBase64, MessagingError, type StateTransaction } from "@coffer/messaging";
import library, { type DsaKey } from "otr";

const record = "protocol/otr/key";

/**
 * The device's DSA key, which is made when there is none.
 *
 * @throws MessagingError VaultUnreadable
 */
export async function openKey(state: StateTransaction, generateKey: () => Promise<string>): Promise<DsaKey> {
  const kept = await state.get(record);
  try {
    const packed = kept === undefined ? await generateKey() : new TextDecoder().decode(kept);
    const key = library.DSA.parsePrivate(packed);
    if (kept === undefined) state.put(record, new TextEncoder().encode(packed));
    return key;
  } catch (cause) {
    if (kept === undefined) throw cause;
    throw new MessagingError("VaultUnreadable", "The DSA key cannot be read: restore the vault of a backup.");
  }
}

/** Base64 of a key's fingerprint: SHA-1 of the public key (OTR protocol version 3, "Fingerprints"). */
export function identityKeyOf(key: DsaKey): string {
  return base64OfBytes(Uint8Array.fromHex(key.fingerprint()));
}

/** A public key as it is published. */
export function packKey(key: DsaKey): string {
  return base64OfBytes(Uint8Array.from(key.packPublic(), (character) => character.charCodeAt(0)));
}

/** The identity key of a published public key; undefined when it is malformed. */
export function identityKeyOfPacked(packed: string | undefined): string | undefined {
  const bytes = bytesOfBase64(packed);
  if (bytes === undefined) return undefined;
  try {
    return identityKeyOf(library.DSA.parsePublic(String.fromCharCode(...bytes)));
  } catch {
    return undefined;
  }
}
