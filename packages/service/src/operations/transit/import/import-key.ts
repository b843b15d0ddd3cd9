import { SecretBytes } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import { aliasArn } from "../../../model/arn.ts";
import type { KeyRecord, RotationSettings, TransitAttributes } from "../../../model/key.ts";
import type { MountRecord } from "../../../model/mount.ts";
import type { RequestContext } from "../../../model/request.ts";
import { defineOperation } from "../../../pipeline/operation.ts";
import { StoreConflict } from "../../../ports/store.ts";
import { dayMs } from "../../shared.ts";
import { defaultTransitAttributes } from "../attributes.ts";
import { foreignKeyWrites } from "../foreign-key.ts";
import { foreignKeyConditions } from "./conditions.ts";
import { type ForeignMaterial, openForeignMaterial } from "./unwrap-import.ts";

export interface ImportTransitKeyInput {
  readonly mount: MountRecord;
  /** The alias that the key gets. */
  readonly alias: string;
  /** Vault's name of the key's type, a known one. */
  readonly type: string;
  /** Undefined where it cannot be read; then `problem` says why, once it is known that the key is a new one. */
  readonly material: ForeignMaterial | undefined;
  readonly problem?: string | undefined;
  readonly transit: Partial<TransitAttributes>;
  readonly rotation?: RotationSettings | undefined;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

const hmacKeyBytes = 32;

/** A public key has nothing to derive the key of its HMACs of. */
export function hmacKeyFor(isPublic: boolean): { readonly hmacKey?: SecretBytes } {
  return isPublic ? { hmacKey: SecretBytes.random(hmacKeyBytes) } : {};
}

/**
 * Vault API: Transit, import key. The key is a KMS key with the origin `EXTERNAL`.
 *
 * @throws ServiceError InvalidInput
 */
export const importTransitKey = defineOperation<ImportTransitKeyInput, { readonly key: KeyRecord }>({
  name: "ImportTransitKey",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: ({ alias }, request) => [
    { action: "kms:CreateKey", resource: "*" },
    { action: "kms:ImportKeyMaterial", resource: "*" },
    { action: "kms:CreateAlias", resource: aliasArn(request.region, request.principal.account, alias) },
  ],
  conditions: ({ type }) => foreignKeyConditions(type),
  record: ({ alias, type, transit }) => ({ aliasName: alias, type, ...transit }),
  recordOutput: ({ key }) => ({ keyId: key.keyId, keySpec: key.spec }),
  async run({ core, input, request, nowMs }) {
    const { mount, alias: name, type, material: foreign } = input;
    await refuseTaken(core, name, request);
    if (foreign === undefined) refuse(input.problem ?? "there is no key material");
    const opened = await openForeignMaterial(core, mount, type, foreign);
    const { spec, isPublic } = opened;
    using material = opened.material;
    if (isPublic && input.transit.kdf !== undefined) {
      refuse(
        "unable to import only public key for derived Ed25519 key: imported key should not be an Ed25519 key pair but is instead an HKDF key",
      );
    }
    const { hmacKey } = hmacKeyFor(isPublic);
    const version = {
      version: 1,
      createdAtMs: nowMs,
      material,
      isPublic,
      ...(hmacKey === undefined ? {} : { hmacKey }),
    };
    const transit: TransitAttributes = {
      ...defaultTransitAttributes,
      ...input.transit,
      allUses: true,
      imported: true,
      ...(type === "hmac" ? { secretBytes: material.byteLength } : {}),
    };
    const rotation = input.rotation ?? { enabled: false, periodMs: 365 * dayMs };
    try {
      const { key, writes } = await foreignKeyWrites(
        core,
        { spec, transit, rotation, latestVersion: 1, imported: true, versions: [version] },
        name,
        request,
        nowMs,
      );
      const { account, region, keyId } = key;
      const alias = { account, region, name, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 };
      await core.commit([...writes, { op: "insert", table: "aliases", row: alias }]);
      core.onDueChanged(key.dueAtMs);
      return { key };
    } catch (error) {
      if (error instanceof StoreConflict && error.kind === "exists" && error.table === "aliases") refuseExisting();
      throw error;
    } finally {
      hmacKey?.dispose();
    }
  },
});

function refuseExisting(): never {
  refuse("the import path cannot be used with an existing key; use import-version to rotate an existing imported key");
}

async function refuseTaken(core: Core, name: string, request: RequestContext): Promise<void> {
  const { account } = request.principal;
  if ((await core.store.get("aliases", { account, region: request.region, name })) !== undefined) refuseExisting();
}
