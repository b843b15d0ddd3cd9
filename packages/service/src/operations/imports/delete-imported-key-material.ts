import { ServiceError } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { updateKey } from "../keys/update.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";
import { hasMaterial, importedVersions, settle, withoutMaterial } from "./versions.ts";

export interface DeleteImportedKeyMaterialInput extends KeyInput {
  /** The material of this id; the current one when absent. */
  readonly materialId?: string | undefined;
}

export interface DeleteImportedKeyMaterialOutput {
  readonly keyArn: string;
  readonly keyMaterialId?: string;
}

/** AWS KMS: DeleteImportedKeyMaterial. The key waits for the same material to come again. Material that is gone is no error. */
export const deleteImportedKeyMaterial = defineOperation<
  DeleteImportedKeyMaterialInput,
  DeleteImportedKeyMaterialOutput
>({
  name: "DeleteImportedKeyMaterial",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:DeleteImportedKeyMaterial", anyState, { customerOnly: true, origins: ["EXTERNAL"] })],
  record: ({ keyId, materialId }) => ({ keyId, keyMaterialId: materialId }),
  recordOutput: ({ keyMaterialId }) => ({ keyMaterialId }),
  async run({ core, keys, input }) {
    const key = keys[0]!;
    const { record } = key;
    const versions = await importedVersions(core, record);
    const wanted = input.materialId;
    const found = versions.find(({ version, materialId }) =>
      wanted === undefined ? version === record.currentVersion : materialId === wanted,
    );
    if (found === undefined && wanted !== undefined) {
      throw ServiceError.of("NotFound", { resource: "keyVersion", id: `Key material ${wanted} of ${key.arn}` });
    }
    if (found === undefined || !hasMaterial(found)) {
      return { keyArn: key.arn, ...(found === undefined ? {} : { keyMaterialId: found.materialId }) };
    }
    const row = withoutMaterial(found);
    const writes: Write[] = [{ op: "update", table: "keyVersions", row }];
    const { changes, removed } = settle(
      record,
      versions.map((version) => (version === found ? row : version)),
    );
    await updateKey(core, record, changes, { removed, writes });
    return { keyArn: key.arn, keyMaterialId: found.materialId };
  },
});
