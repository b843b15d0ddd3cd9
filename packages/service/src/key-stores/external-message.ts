import {
  decryptKmsBlob,
  type ExternalBlob,
  encodeExternalBlob,
  encryptKmsBlob,
  externalBlobAad,
  parseKmsBlob,
} from "@coffer/crypto";
import { invariant, ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { Call } from "../pipeline/operation.ts";
import type { ExternalKeyCall } from "../ports/external-keys.ts";
import { useFailure } from "./proxy-failures.ts";

/** The request behind a use of an external key. */
export interface ExternalUse extends Pick<Call<unknown>, "core" | "request"> {
  /** The operation of AWS KMS, which the proxy is told. */
  readonly kmsOperation: string;
}

/** Whether a key is in a custom key store. */
export function isExternal({ record }: KeyEntry): boolean {
  return record.customKeyStoreId !== undefined;
}

/** Whether a key is in a custom key store that is not connected (AWS KMS: key state Unavailable). */
export async function isUnavailable(core: ExternalUse["core"], key: KeyEntry): Promise<boolean> {
  const { account, region, customKeyStoreId } = key.record;
  if (customKeyStoreId === undefined) return false;
  return (await core.keyStores.find(account, region, customKeyStoreId))?.record.state !== "connected";
}

/**
 * A ciphertext blob under two keys: the key's own material inside, the external key outside (AWS KMS developer guide: how
 * external key stores work, double encryption). So neither the key manager nor this store opens it alone, and the proxy
 * sees ciphertext only.
 *
 * @throws ServiceError KeyStateInvalid when the proxy or the key store does not serve
 */
export async function sealExternally(
  use: ExternalUse,
  key: KeyEntry,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Promise<Buffer> {
  const { keyId, currentVersion: keyVersion } = key.record;
  const call = await callOf(use, key);
  const material = key.cachedCurrentMaterial ?? (await key.currentMaterial());
  const inner = encryptKmsBlob({ material, keyId, keyVersion, plaintext, aad });
  const bound = externalBlobAad(keyId, keyVersion, aad);
  try {
    const parts = await use.core.externalKeys.encrypt(call, xksKeyIdOf(key), inner, bound);
    return encodeExternalBlob(keyId, keyVersion, parts);
  } catch (error) {
    throw useFailure(error, key.arn);
  }
}

/**
 * The plaintext of a blob that `sealExternally` made.
 *
 * @throws ServiceError CiphertextInvalid; KeyStateInvalid when the proxy or the key store does not serve
 */
export async function openExternally(
  use: ExternalUse,
  key: KeyEntry,
  blob: ExternalBlob,
  aad: Uint8Array,
): Promise<Buffer> {
  const call = await callOf(use, key);
  const material = key.cachedMaterial(blob.keyVersion) ?? (await key.material(blob.keyVersion));
  if (material === undefined) throw ServiceError.of("CiphertextInvalid", {});
  const bound = externalBlobAad(blob.keyId, blob.keyVersion, aad);
  let inner: Buffer;
  try {
    inner = await use.core.externalKeys.decrypt(call, xksKeyIdOf(key), blob.parts, bound);
  } catch (error) {
    throw useFailure(error, key.arn);
  }
  const parsed = parseKmsBlob(inner);
  // Only a blob of this very material opens, whatever the proxy answers.
  const plaintext = parsed === undefined ? undefined : decryptKmsBlob(parsed, material, aad);
  if (plaintext === undefined) throw ServiceError.of("CiphertextInvalid", {});
  return plaintext;
}

function xksKeyIdOf({ record }: KeyEntry): string {
  invariant(record.xksKeyId !== undefined, "a key in an external key store has an external key");
  return record.xksKeyId;
}

async function callOf({ core, request, kmsOperation }: ExternalUse, key: KeyEntry): Promise<ExternalKeyCall> {
  const { account, region, customKeyStoreId } = key.record;
  invariant(customKeyStoreId !== undefined, "the key is in a custom key store");
  const keyStore = await core.keyStores.find(account, region, customKeyStoreId);
  if (keyStore?.record.state !== "connected") {
    throw ServiceError.of("KeyStateInvalid", {
      keyArn: key.arn,
      state: "unavailable",
      reason: `${key.arn} is unavailable.`,
    });
  }
  const metadata = {
    awsPrincipalArn: request.principal.arn,
    kmsKeyArn: key.arn,
    kmsOperation,
    kmsRequestId: request.requestId,
  };
  return { proxy: keyStore.proxy, metadata };
}
