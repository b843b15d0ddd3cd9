import type { KeyObject } from "node:crypto";
import { encodePublicKey, findKeySpec, publicKeyOf } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { invariant } from "../../../errors.ts";
import { keyVersionIdentity } from "../../../keys/identity.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { defineOperation } from "../../../pipeline/operation.ts";
import { StoreConflict, type TableKeys, type Write } from "../../../ports/store.ts";
import { vaultPathAccess } from "../../../vault/vault-principal.ts";
import { wrapMaterial } from "../../keys/new-version.ts";

/** The original's: a new pair takes a second and more, so each mount keeps one. */
const wrappingSpec = "RSA_4096";

/**
 * Where the wrapping pair of a mount is: material of a key that has no record, so that no API finds it, and which is
 * rewrapped with all other material.
 */
function placeOf({ uuid }: MountRecord): TableKeys["keyVersions"] {
  return { region: "*", keyId: `transit-wrapping-key-${uuid}`, version: 1 };
}

/** The write that destroys a mount's wrapping key. */
export function wrappingKeyRemoval(mount: MountRecord): Write {
  return { op: "delete", table: "keyVersions", key: placeOf(mount), revision: "any" };
}

/** The private key to which material for a mount is wrapped; made when it is first asked for. */
export async function wrappingKeyOf(core: Core, mount: MountRecord): Promise<KeyObject> {
  const place = placeOf(mount);
  const spec = findKeySpec(wrappingSpec);
  invariant(spec !== undefined, "there are RSA keys");
  let stored = await core.store.get("keyVersions", place);
  if (stored === undefined) {
    using material = await spec.generate();
    const row = {
      ...place,
      materialId: "",
      ...wrapMaterial(core, material, place),
      createdAtMs: core.clock.nowMs(),
      revision: 1,
    };
    try {
      await core.commit([{ op: "insert", table: "keyVersions", row }]);
      stored = row;
    } catch (error) {
      // Another request made it meanwhile: that one serves.
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      stored = await core.store.get("keyVersions", place);
    }
  }
  invariant(stored !== undefined, "a wrapping key stays while its mount does");
  const { wrappingKeyId, wrappedMaterial: wrapped } = stored;
  using secret = core.keyring.unwrap({ wrappingKeyId, wrapped }, keyVersionIdentity(place));
  const key = spec.load(secret);
  invariant(key !== undefined, "a stored wrapping key is of its spec");
  return key;
}

/** Vault API: Transit, get wrapping key. */
export const readWrappingKey = defineOperation<
  { readonly mount: MountRecord },
  { /** SubjectPublicKeyInfo, DER. */ readonly publicKey: Buffer }
>({
  name: "GetTransitWrappingKey",
  plane: "control",
  readOnly: false,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ mount }) => ({ mount: mount.path }),
  async run({ core, input }) {
    return { publicKey: encodePublicKey(publicKeyOf(await wrappingKeyOf(core, input.mount))) };
  },
});
