import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { encodeIdentity, type SecretBytes, unwrapKeyMaterial } from "@coffer/crypto";
import type { Seal, SealedRootKey, Store } from "@coffer/service";
import { openSqliteStore } from "@coffer/store";

/** Secret bytes and what they are. */
export interface NamedSecret {
  readonly name: string;
  readonly bytes: Buffer;
}

const account = "000000000000";
const region = "us-east-1";
const most = 1000;

/** The bytes as they are: what these tests look for. Nothing but a test does this. */
export function bytesOf(secret: SecretBytes | undefined, name: string): Buffer {
  assert.ok(secret !== undefined, `${name} opens`);
  return secret.use((bytes) => Buffer.copyBytesFrom(bytes));
}

/**
 * Opens a stopped server's store with its seal and takes every secret out of it, as somebody with both could: root key,
 * wrapping keys, key material, secret access keys, the key that signs audit checkpoints.
 */
export async function readStoredSecrets(dataDir: string, seal: Seal): Promise<NamedSecret[]> {
  const store = await openSqliteStore({ path: join(dataDir, "coffer.db"), durability: "os", exclusive: true });
  try {
    return await readAll(store, seal);
  } finally {
    await store.close();
  }
}

async function readAll(store: Store, seal: Seal): Promise<NamedSecret[]> {
  const sealed = await store.get("settings", { name: "seal.rootKey" });
  const root = await seal.unseal(JSON.parse(sealed?.value ?? "{}") as SealedRootKey);
  const found: NamedSecret[] = [{ name: "root key", bytes: bytesOf(root, "the root key") }];
  const rootKey = root?.toKeyObject();
  const wrappingKeys = new Map<string, KeyObject>();
  const open = (name: string, key: KeyObject | undefined, wrapped: Uint8Array, identity: readonly string[]) => {
    const secret = key === undefined ? undefined : unwrapKeyMaterial(key, wrapped, encodeIdentity(identity));
    found.push({ name, bytes: bytesOf(secret, name) });
    return secret;
  };
  for (const { wrappingKeyId, wrappedKey } of await store.listWrappingKeys()) {
    const identity = ["coffer wrapping key v1", wrappingKeyId];
    const secret = open(`wrapping key ${wrappingKeyId}`, rootKey, wrappedKey, identity);
    if (secret !== undefined) wrappingKeys.set(wrappingKeyId, secret.toKeyObject());
  }
  for (const { keyId } of await store.listKeys(account, region, undefined, most)) {
    for (const { version, wrappingKeyId, wrappedMaterial } of await store.listKeyVersions(region, keyId, 0, most)) {
      const identity = ["coffer key version v1", region, keyId, String(version)];
      open(`material of ${keyId} version ${version}`, wrappingKeys.get(wrappingKeyId), wrappedMaterial, identity);
    }
  }
  const principals = await store.listPrincipals(account, undefined, most);
  for (const arn of [`arn:aws:iam::${account}:root`, ...principals.map((principal) => principal.arn)]) {
    for (const { accessKeyId, wrappingKeyId, wrappedSecret } of await store.listAccessKeys(arn, undefined, most)) {
      const identity = ["coffer access key v1", accessKeyId, arn];
      open(`secret of ${accessKeyId}`, wrappingKeys.get(wrappingKeyId), wrappedSecret, identity);
    }
  }
  const name = "audit.checkpointKey";
  const setting = await store.get("settings", { name });
  const { wrappingKeyId, wrapped } = JSON.parse(setting?.value ?? "{}") as { wrappingKeyId: string; wrapped: string };
  const key = wrappingKeys.get(wrappingKeyId);
  open("checkpoint key", key, Buffer.from(wrapped, "base64"), ["coffer setting v1", name]);
  return found;
}
