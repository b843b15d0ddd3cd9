import { isUnavailable } from "../../key-stores/external-message.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";

export interface DescribeKeyOutput {
  readonly key: KeyRecord;
  readonly arn: string;
  /** It is in a custom key store that is not connected. */
  readonly unavailable: boolean;
}

/** AWS KMS: DescribeKey. */
export const describeKey = defineOperation<KeyInput, DescribeKeyOutput>({
  name: "DescribeKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:DescribeKey", anyState)],
  record: ({ keyId }) => ({ keyId }),
  run: async ({ core, keys }) => {
    const key = keys[0]!;
    return { key: key.record, arn: key.arn, unavailable: await isUnavailable(core, key) };
  },
});
