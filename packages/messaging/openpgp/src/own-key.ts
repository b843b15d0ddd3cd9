import { base64OfBytes, type DeviceAddress, MessagingError, type StateTransaction } from "@coffer/messaging";
import { generateKey, type PartialConfig, type PrivateKey, readPrivateKey, type UserID } from "openpgp";
import { parseCertificate } from "./certificates.ts";
import { fullConfig, type OpenPgpSettings } from "./settings.ts";
import { readJson, stateKeys, writeJson } from "./state-keys.ts";
import type { OpenPgpFormat } from "./strict-config.ts";

/** The most encryption subkeys that a device keeps: with the next, the oldest goes, and what was encrypted for it is closed. */
export const maxEncryptionSubkeys = 8;

interface DeviceRecord {
  readonly v: 1;
  /** Base64 of the private key; the vault keeps it secret. */
  readonly privateKey: string;
  /** One more with each change of the certificate. */
  readonly certificateVersion: number;
}

/** A device's own key as the state has it. */
export interface OwnKey {
  readonly privateKey: PrivateKey;
  readonly certificateVersion: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const hourMs = 60 * 60 * 1000;

/** Curves that the format's readers know: 25519 all of them. */
const keyTypes: ReadonlyMap<OpenPgpFormat, object> = new Map<OpenPgpFormat, object>([
  // RFC 9580 calls these algorithms 22 and 18, of old; gpg 2.2 knows no others.
  ["v4", { type: "ecc", curve: "curve25519Legacy" }],
  ["v6", { type: "curve25519" }],
]);

/** Makes this device's key, or takes one that was imported, when the state has none. */
export async function ensureOwnKey(
  settings: OpenPgpSettings,
  self: DeviceAddress,
  state: StateTransaction,
  imported: string | undefined,
): Promise<void> {
  if ((await state.get(stateKeys.device)) !== undefined) return;
  const privateKey = imported === undefined ? await makeKey(settings, self) : await importKey(settings, imported);
  writeOwnKey(state, { privateKey, certificateVersion: 1 });
}

/** Reads a device's key, and keeps what it parsed last: parsing again gives the same. */
export function ownKeyReader(config: PartialConfig): (state: StateTransaction) => Promise<OwnKey> {
  let last: { readonly text: string; readonly privateKey: PrivateKey } | undefined;
  return async (state) => {
    const record = readJson<DeviceRecord>(await state.get(stateKeys.device));
    if (record === undefined)
      throw new MessagingError("InvalidInput", "The state is not this device's: open it first.");
    const { privateKey: text, certificateVersion } = record;
    if (last?.text !== text) {
      last = { text, privateKey: await readPrivateKey({ binaryKey: Uint8Array.fromBase64(text), config }) };
    }
    return { privateKey: last.privateKey, certificateVersion };
  };
}

/** Adds an encryption subkey, to which others encrypt once they have the new certificate. */
export async function rotateSubkey(
  { format, config, nowMs }: OpenPgpSettings,
  state: StateTransaction,
  { privateKey, certificateVersion }: OwnKey,
): Promise<void> {
  const date = new Date(nowMs());
  const options = { ...keyTypes.get(format), date, config: fullConfig(config) };
  const rotated = await privateKey.addSubkey(options);
  const dropped = rotated.subkeys.length - maxEncryptionSubkeys;
  if (dropped > 0) rotated.subkeys = rotated.subkeys.toSorted(byCreation).slice(dropped);
  writeOwnKey(state, { privateKey: rotated, certificateVersion: certificateVersion + 1 });
}

const byCreation = (a: { getCreationTime(): Date }, b: { getCreationTime(): Date }) =>
  a.getCreationTime().getTime() - b.getCreationTime().getTime();

function writeOwnKey(state: StateTransaction, { privateKey, certificateVersion }: OwnKey): void {
  const record: DeviceRecord = { v: 1, privateKey: base64OfBytes(privateKey.write()), certificateVersion };
  state.put(stateKeys.device, writeJson(record));
}

async function makeKey({ format, config, nowMs }: OpenPgpSettings, self: DeviceAddress): Promise<PrivateKey> {
  // The start of a day that is over for every clock that is a little behind.
  const date = new Date(Math.floor((nowMs() - hourMs) / dayMs) * dayMs);
  const options = { ...keyTypes.get(format), userIDs: [userIdOf(self)], date, format: "object" as const, config };
  return (await generateKey(options)).privateKey;
}

async function importKey(settings: OpenPgpSettings, armored: string): Promise<PrivateKey> {
  try {
    const privateKey = await readPrivateKey({ armoredKey: armored, config: settings.config });
    if (!privateKey.isDecrypted()) throw new Error("it is encrypted by a passphrase");
    await parseCertificate(settings, privateKey.toPublic().write());
    return privateKey;
  } catch (cause) {
    const why = "The private key cannot be used: export it without a passphrase, with keys to sign and to encrypt.";
    throw new MessagingError("InvalidInput", why, { cause });
  }
}

/** An address as a User ID (RFC 9580, section 5.11): the mail address, when the user's id is one. */
function userIdOf({ userId, deviceId }: DeviceAddress): UserID {
  return /^[A-Za-z0-9._=+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(userId)
    ? { email: userId }
    : { name: `${userId}/${deviceId}` };
}
