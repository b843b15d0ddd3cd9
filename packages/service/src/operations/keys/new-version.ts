import { findKeySpec, keyMaterialId } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { invariant } from "../../errors.ts";
import { keyVersionIdentity } from "../../keys/identity.ts";
import type { KeyRecord, KeyVersionRecord, RotationType } from "../../model/key.ts";

/** Generates material for version `version` of a key and wraps it. Nothing is stored yet. */
export function generateVersion(
  core: Core,
  key: Pick<KeyRecord, "region" | "account" | "keyId" | "spec">,
  version: number,
  rotationType: RotationType | undefined,
): KeyVersionRecord {
  const spec = findKeySpec(key.spec);
  invariant(spec !== undefined, "a stored key has a known spec");
  const { region, account, keyId } = key;
  const material = spec.generate();
  const { wrappingKeyId, wrapped } = core.keyring.wrap(material, keyVersionIdentity({ region, keyId, version }));
  material.dispose();
  return {
    region,
    keyId,
    version,
    materialId: keyMaterialId({ account, region, keyId, keyVersion: version }),
    wrappingKeyId,
    wrappedMaterial: wrapped,
    createdAtMs: core.clock.nowMs(),
    ...(rotationType === undefined ? {} : { rotationType }),
    revision: 1,
  };
}
