import { MessagingError, type StateTransaction } from "@coffer/messaging";
import type { CiphersuiteImpl } from "ts-mls";
import { signingKeyRecord } from "./state-keys.ts";

/** A device's Ed25519 key: its leaves, its key packages and its messages are signed by it. */
export interface SigningKey {
  /** PKCS #8. */
  readonly signKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

const publicBytes = 32;

/** The device's key, which is made when there is none. @throws MessagingError VaultUnreadable */
export async function openSigningKey(state: StateTransaction, suite: CiphersuiteImpl): Promise<SigningKey> {
  const record = await state.get(signingKeyRecord);
  if (record === undefined) {
    const { signKey, publicKey } = await suite.signature.keygen();
    const bytes = new Uint8Array(publicKey.length + signKey.length);
    bytes.set(publicKey);
    bytes.set(signKey, publicKey.length);
    state.put(signingKeyRecord, bytes);
    return { signKey, publicKey };
  }
  if (record.length <= publicBytes) {
    throw new MessagingError("VaultUnreadable", "The signing key cannot be read: restore the vault of a backup.");
  }
  return { publicKey: record.slice(0, publicBytes), signKey: record.slice(publicBytes) };
}
