import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, namedKey } from "../shared.ts";
import { recordXks, type XksKeyInput, xksConditions, xksEventSource } from "./request-metadata.ts";

/** XKS Proxy API: GetKeyMetadata, for a KMS that is about to use this key as an external key. */
export const xksKeyMetadata = defineOperation<XksKeyInput, { readonly key: KeyRecord }>({
  name: "XksGetKeyMetadata",
  plane: "control",
  readOnly: true,
  eventSource: xksEventSource,
  keys: [namedKey("kms:DescribeKey", anyState, { inKeyStore: false })],
  conditions: xksConditions,
  record: recordXks,
  run: ({ keys }) => ({ key: keys[0]!.record }),
});
