import { encodeIdentity } from "@coffer/crypto";

/** What a wrapped key version is bound to. */
export function keyVersionIdentity(version: { region: string; keyId: string; version: number }): Buffer {
  return encodeIdentity(["coffer key version v1", version.region, version.keyId, String(version.version)]);
}

/** What the wrapped key of a key version's HMACs is bound to. */
export function hmacKeyIdentity(version: { region: string; keyId: string; version: number }): Buffer {
  return encodeIdentity(["coffer key version hmac v1", version.region, version.keyId, String(version.version)]);
}

/** What a wrapped secret access key is bound to. */
export function accessKeyIdentity(accessKey: { accessKeyId: string; principalArn: string }): Buffer {
  return encodeIdentity(["coffer access key v1", accessKey.accessKeyId, accessKey.principalArn]);
}

/** What a wrapped instance secret (a setting) is bound to. */
export function settingIdentity(name: string): Buffer {
  return encodeIdentity(["coffer setting v1", name]);
}

/** What the wrapped secret of a custom key store's credential is bound to. */
export function keyStoreIdentity(keyStore: { account: string; region: string; customKeyStoreId: string }): Buffer {
  const { account, region, customKeyStoreId } = keyStore;
  return encodeIdentity(["coffer key store credential v1", account, region, customKeyStoreId]);
}

/** What a wrapped record of the Vault API is bound to. */
export function vaultEntryIdentity(entry: { area: string; name: string }): Buffer {
  return encodeIdentity(["coffer vault entry v1", entry.area, entry.name]);
}
