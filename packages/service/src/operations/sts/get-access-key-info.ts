import { ServiceError } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { stsEventSource } from "./assume-role.ts";
import { accountInKeyId } from "./session-key-id.ts";

/** AWS STS: GetAccessKeyInfo. Needs the permission of the caller's policies; tells the account of any access key. */
export const getAccessKeyInfo = defineOperation<{ readonly accessKeyId: string }, { readonly account: string }>({
  name: "GetAccessKeyInfo",
  plane: "control",
  readOnly: true,
  eventSource: stsEventSource,
  keys: [],
  resources: () => [{ action: "sts:GetAccessKeyInfo", resource: "*" }],
  record: ({ accessKeyId }) => ({ accessKeyId }),
  async run({ core, input: { accessKeyId } }) {
    const stored = await core.store.get("accessKeys", { accessKeyId });
    const account = stored?.account ?? (accessKeyId.startsWith("ASIA") ? accountInKeyId(accessKeyId) : undefined);
    if (account !== undefined) return { account };
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "The access key id is not known." });
  },
});
