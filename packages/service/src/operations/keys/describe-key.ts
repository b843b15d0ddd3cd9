import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";

export interface DescribeKeyOutput {
  readonly key: KeyRecord;
  readonly arn: string;
}

/** AWS KMS: DescribeKey. */
export const describeKey = defineOperation<KeyInput, DescribeKeyOutput>({
  name: "DescribeKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:DescribeKey", anyState)],
  record: ({ keyId }) => ({ keyId }),
  run: ({ keys }) => ({ key: keys[0]!.record, arn: keys[0]!.arn }),
});
