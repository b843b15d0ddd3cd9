import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import { createKeyFailure, notConnected } from "../../key-stores/proxy-failures.ts";
import { keyArn } from "../../model/arn.ts";
import type { KeyOrigin, KeyRecord } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Write } from "../../ports/store.ts";
import { findKeyStore, refuseKeyStore } from "../key-stores/checks.ts";

/** A key behind an external key store proxy. */
export interface ExternalKeyReference {
  readonly customKeyStoreId: string;
  /** What the proxy calls the key. */
  readonly xksKeyId: string;
}

const xksKeyIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** @throws ServiceError InvalidInput unless a key has an external key exactly when its origin says so */
export function checkExternalOrigin(origin: KeyOrigin, externalKey: ExternalKeyReference | undefined): void {
  if ((origin === "EXTERNAL_KEY_STORE") === (externalKey !== undefined)) return;
  const reason = "Origin EXTERNAL_KEY_STORE and an external key belong together.";
  throw ServiceError.of("InvalidInput", { kind: "validation", member: "origin", reason });
}

/**
 * Makes sure that a new key may have an external key: the key store is connected, no other key has it, and the proxy
 * knows it as an AES-256 key that is enabled and encrypts and decrypts.
 *
 * @returns the write that goes with the key's own: two keys that are made at once do not both get it
 * @throws ServiceError KeyStoreInvalid, InvalidInput, Unsupported
 */
export async function claimExternalKey(core: Core, key: KeyRecord, request: RequestContext): Promise<readonly Write[]> {
  const { region, account, keyId, customKeyStoreId, xksKeyId } = key;
  invariant(customKeyStoreId !== undefined && xksKeyId !== undefined, "the key names its external key");
  if (!xksKeyIdPattern.test(xksKeyId) || /^\.{1,2}$/.test(xksKeyId)) {
    const reason = "XksKeyId has 1 to 128 letters, digits, periods, hyphens and underscores.";
    throw ServiceError.of("InvalidInput", { kind: "validation", member: "xksKeyId", reason });
  }
  if (key.spec !== "SYMMETRIC_DEFAULT" || key.rotation.enabled || key.multiRegion !== undefined) {
    const reason =
      "A KMS key in an external key store is a symmetric encryption key of one Region without automatic rotation.";
    throw ServiceError.of("Unsupported", { reason });
  }
  const { record, proxy } = await findKeyStore(core, request, customKeyStoreId);
  if (record.state !== "connected") refuseKeyStore("invalidState", notConnected);
  const [holder] = await core.store.listKeysInStore(region, customKeyStoreId, xksKeyId, 1);
  if (holder?.xksKeyId === xksKeyId) {
    refuseKeyStore(
      "keyInUse",
      `The external key ${xksKeyId} is the key of ${keyArn(region, account, holder.keyId)} already.`,
    );
  }
  const metadata = {
    awsPrincipalArn: request.principal.arn,
    kmsKeyArn: keyArn(region, account, keyId),
    kmsOperation: "CreateKey",
    kmsRequestId: request.requestId,
  };
  try {
    const { keySpec, keyUsage, enabled } = await core.externalKeys.describeKey({ proxy, metadata }, xksKeyId);
    if (keySpec !== "AES_256" || !keyUsage.includes("ENCRYPT") || !keyUsage.includes("DECRYPT") || !enabled) {
      const reason = `The external key ${xksKeyId} must be an enabled AES-256 key that encrypts and decrypts.`;
      refuseKeyStore("keyInvalid", reason);
    }
  } catch (error) {
    throw createKeyFailure(error);
  }
  return [{ op: "update", table: "customKeyStores", row: { ...record, revision: record.revision + 1 } }];
}
