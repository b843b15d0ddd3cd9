import { findKeySpec, keyMaterialId, type SecretBytes } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { invariant } from "../../errors.ts";
import { keyVersionIdentity } from "../../keys/identity.ts";
import { type KeyRecord, type KeyVersionRecord, materialRegion, type RotationType } from "../../model/key.ts";

type VersionedKey = Pick<KeyRecord, "region" | "account" | "keyId" | "spec" | "origin" | "multiRegion" | "transit">;

/** Generates material for version `version` of a key and wraps it. Nothing is stored yet. */
export async function generateVersion(
  core: Core,
  key: VersionedKey,
  version: number,
  rotationType: RotationType | undefined,
): Promise<KeyVersionRecord> {
  const spec = findKeySpec(key.spec);
  invariant(spec !== undefined, "a stored key has a known spec");
  const region = materialRegion(key);
  const { account, keyId } = key;
  using material = await spec.generate(key.transit.secretBytes);
  return {
    region,
    keyId,
    version,
    materialId: keyMaterialId({ account, region, keyId, keyVersion: version }),
    ...wrapMaterial(core, material, { region, keyId, version }),
    createdAtMs: core.clock.nowMs(),
    ...(rotationType === undefined ? {} : { rotationType }),
    revision: 1,
  };
}

/** Wraps material as a version's row holds it. */
export function wrapMaterial(
  core: Core,
  material: SecretBytes,
  version: Pick<KeyVersionRecord, "region" | "keyId" | "version">,
): Pick<KeyVersionRecord, "wrappingKeyId" | "wrappedMaterial"> {
  const { wrappingKeyId, wrapped } = core.keyring.wrap(material, keyVersionIdentity(version));
  return { wrappingKeyId, wrappedMaterial: wrapped };
}
