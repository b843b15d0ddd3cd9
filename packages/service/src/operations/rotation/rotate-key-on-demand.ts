import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { rotateImported } from "../imports/rotate-imported.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";
import { requireRotatableOnDemand } from "./checks.ts";
import { rotate } from "./rotate.ts";

export interface RotateKeyInput extends KeyInput {
  /** AWS KMS limits the rotations on demand of a key; Vault and REST do not. */
  readonly limited: boolean;
}

/** A key that Transit imported gets material made here only where its importer allowed it. @throws ServiceError InvalidInput */
function checkTransitImport({ transit }: KeyRecord, keyId: string): void {
  if (transit.imported !== true || transit.allowsImportedRotation === true) return;
  const name = keyId.slice(keyId.lastIndexOf("/") + 1);
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    reason: `imported key ${name} does not allow rotation within Vault`,
  });
}

/** AWS KMS: RotateKeyOnDemand. The new material is current when this returns. */
export const rotateKeyOnDemand = defineOperation<RotateKeyInput, { readonly key: KeyRecord }>({
  name: "RotateKeyOnDemand",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:RotateKeyOnDemand", activeOnly, { customerOnly: true, inKeyStore: false })],
  record: ({ keyId }) => ({ keyId }),
  recordOutput: ({ key }) => ({ keyId: key.keyId }),
  async run({ core, keys, input, nowMs }) {
    const key = keys[0]!;
    requireRotatableOnDemand(key, !input.limited);
    const { onDemandRotations } = key.record;
    const max = limits.onDemandRotations.value;
    if (input.limited && onDemandRotations >= max) {
      throw ServiceError.of("LimitExceeded", {
        limit: limits.onDemandRotations.name,
        max,
        reason: `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${key.arn}`,
      });
    }
    const counted = input.limited ? onDemandRotations + 1 : onDemandRotations;
    if (key.record.origin === "EXTERNAL" && key.record.transit.imported !== undefined) {
      checkTransitImport(key.record, input.keyId);
    } else if (key.record.origin === "EXTERNAL") return { key: await rotateImported(core, key, counted, nowMs) };
    return { key: await rotate(core, key.record, "ON_DEMAND", { onDemandRotations: counted }) };
  },
});
