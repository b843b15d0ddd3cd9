import type { Principal } from "../model/principal.ts";
import { defineOperation } from "../pipeline/operation.ts";

/** AWS STS: GetCallerIdentity. Needs no permission. */
export const getCallerIdentity = defineOperation<null, Principal>({
  name: "GetCallerIdentity",
  plane: "control",
  readOnly: true,
  eventSource: "sts.amazonaws.com",
  keys: [],
  record: () => null,
  run: ({ request }) => request.principal,
});
