import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkDescription } from "../checks.ts";
import { type KeyInput, livingStates, namedKey } from "../shared.ts";
import { updateKey } from "./update.ts";

export interface UpdateKeyDescriptionInput extends KeyInput {
  readonly description: string;
}

/** AWS KMS: UpdateKeyDescription. */
export const updateKeyDescription = defineOperation<UpdateKeyDescriptionInput, { readonly key: KeyRecord }>({
  name: "UpdateKeyDescription",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:UpdateKeyDescription", livingStates, { customerOnly: true })],
  record: ({ keyId, description }) => ({ keyId, description }),
  async run({ core, keys, input }) {
    checkDescription(input.description);
    return { key: await updateKey(core, keys[0]!.record, { description: input.description }) };
  },
});
