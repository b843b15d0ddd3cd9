import type { SecretBytes } from "@coffer/crypto";
import { settingIdentity } from "../keys/identity.ts";
import type { Store, Write } from "../ports/store.ts";
import type { Keyring } from "./keyring.ts";

/** The setting that holds the key that signs audit checkpoints. */
export const checkpointKeySetting = "audit.checkpointKey";

/** Settings that hold a wrapped secret. */
export const secretSettingNames: readonly string[] = [checkpointKeySetting];

interface SecretSettingFields {
  readonly wrappingKeyId: string;
  /** Base64. */
  readonly wrapped: string;
  /** What belongs to the secret and is public, such as its public key in PEM. */
  readonly publicPart: string;
}

export interface SecretSetting {
  readonly secret: SecretBytes;
  readonly publicPart: string;
  readonly wrappingKeyId: string;
  readonly fields: SecretSettingFields;
  readonly revision: number;
}

/** Reads a wrapped secret of the instance. The caller disposes of it. */
export async function openSecretSetting(
  store: Store,
  keyring: Keyring,
  name: string,
): Promise<SecretSetting | undefined> {
  const stored = await store.get("settings", { name });
  if (stored === undefined) return undefined;
  const fields = JSON.parse(stored.value) as SecretSettingFields;
  const { wrappingKeyId, wrapped, publicPart } = fields;
  const secret = keyring.unwrap({ wrappingKeyId, wrapped: Buffer.from(wrapped, "base64") }, settingIdentity(name));
  return { secret, publicPart, wrappingKeyId, fields, revision: stored.revision };
}

/** The write that stores a new wrapped secret of the instance. */
export function secretSettingWrite(keyring: Keyring, name: string, secret: SecretBytes, publicPart: string): Write {
  const { wrappingKeyId, wrapped } = keyring.wrap(secret, settingIdentity(name));
  const fields: SecretSettingFields = { wrappingKeyId, wrapped: Buffer.from(wrapped).toString("base64"), publicPart };
  return { op: "insert", table: "settings", row: { name, value: JSON.stringify(fields), revision: 1 } };
}
