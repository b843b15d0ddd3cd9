import type { SecretBytes } from "@coffer/crypto";
import { settingIdentity } from "../keys/identity.ts";
import type { Store, Write } from "../ports/store.ts";
import type { Keyring } from "./keyring.ts";

/** The setting that holds the key that signs audit checkpoints. */
export const checkpointKeySetting = "audit.checkpointKey";

/** Settings that hold a wrapped secret. All are rewrapped when the keyring rotates, so there are no others. */
export const secretSettingNames = [checkpointKeySetting] as const;

export type SecretSettingName = (typeof secretSettingNames)[number];

/** A wrapped secret setting as the store keeps it. */
export interface StoredSecretSetting {
  readonly wrappingKeyId: string;
  /** Base64. */
  readonly wrapped: string;
  /** What belongs to the secret and is public, such as its public key in PEM. */
  readonly publicPart: string;
}

export interface SecretSetting {
  readonly secret: SecretBytes;
  readonly publicPart: string;
}

/** Reads a wrapped secret of the instance. The caller disposes of it. */
export async function openSecretSetting(
  store: Store,
  keyring: Keyring,
  name: SecretSettingName,
): Promise<SecretSetting | undefined> {
  const stored = await store.get("settings", { name });
  if (stored === undefined) return undefined;
  const fields = JSON.parse(stored.value) as StoredSecretSetting;
  return { secret: unwrapSecretSetting(keyring, name, fields), publicPart: fields.publicPart };
}

/** The secret of a stored setting. The caller disposes of it. */
export function unwrapSecretSetting(
  keyring: Keyring,
  name: SecretSettingName,
  { wrappingKeyId, wrapped }: StoredSecretSetting,
): SecretBytes {
  return keyring.unwrap({ wrappingKeyId, wrapped: Buffer.from(wrapped, "base64") }, settingIdentity(name));
}

/** The value of a setting that holds a wrapped secret. */
export function encodeSecretSetting(
  keyring: Keyring,
  name: SecretSettingName,
  secret: SecretBytes,
  publicPart: string,
): string {
  const { wrappingKeyId, wrapped } = keyring.wrap(secret, settingIdentity(name));
  const fields: StoredSecretSetting = {
    wrappingKeyId,
    wrapped: Buffer.from(wrapped).toString("base64"),
    publicPart,
  };
  return JSON.stringify(fields);
}

/** The write that stores a new wrapped secret of the instance. */
export function secretSettingWrite(
  keyring: Keyring,
  name: SecretSettingName,
  secret: SecretBytes,
  publicPart: string,
): Write {
  const value = encodeSecretSetting(keyring, name, secret, publicPart);
  return { op: "insert", table: "settings", row: { name, value, revision: 1 } };
}
