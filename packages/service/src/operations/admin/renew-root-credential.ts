import type { RootCredential } from "../../identity/bootstrap.ts";
import { limits } from "../../limits.ts";
import { rootArn } from "../../model/arn.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { generateAccessKey } from "./access-keys.ts";
import { principalChanged, refuseRootCredential } from "./own-principal.ts";
import { adminEventSource } from "./principals.ts";
import { generateToken } from "./tokens.ts";

/** Replaces every credential of the account root by new ones: for whoever lost them and has the data directory and the seal. */
export const renewRootCredential = defineOperation<null, RootCredential>({
  name: "RenewRootCredential",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  instanceWide: true,
  keys: [],
  resources: (_input, { principal }) => [
    { action: "coffer:RenewRootCredential", resource: rootArn(principal.account) },
  ],
  record: () => null,
  recordOutput: ({ accessKeyId }) => ({ accessKeyId }),
  async run({ core, request }) {
    const { account } = core;
    const arn = rootArn(account);
    refuseRootCredential(request, "coffer:RenewRootCredential", arn);
    const changed = await principalChanged(core, arn, request);
    const accessKey = generateAccessKey(core, arn, account);
    const token = generateToken(core, arn, account, { displayName: "root" });
    const page = limits.pageItems.value;
    const writes: Write[] = [
      ...changed,
      { op: "insert", table: "accessKeys", row: accessKey.record },
      { op: "insert", table: "tokens", row: token.record },
    ];
    for (const { accessKeyId } of await core.store.listAccessKeys(arn, undefined, page)) {
      writes.push({ op: "delete", table: "accessKeys", key: { accessKeyId }, revision: "any" });
    }
    for (const { digest } of await core.store.listTokens(arn, undefined, page)) {
      writes.push({ op: "delete", table: "tokens", key: { digest }, revision: "any" });
    }
    await core.commit(writes);
    return {
      accessKeyId: accessKey.record.accessKeyId,
      secretAccessKey: accessKey.secretAccessKey,
      token: token.token,
    };
  },
});
