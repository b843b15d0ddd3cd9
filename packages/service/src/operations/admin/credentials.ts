import { limits } from "../../limits.ts";
import type { AccessKeyRecord, TokenRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkOwnPrincipal } from "./own-principal.ts";
import { adminEventSource } from "./principals.ts";

export interface CredentialInput {
  /** ARN of a user or role of the caller's account, or of its root. */
  readonly principalArn: string;
}

export interface CredentialList {
  readonly principalArn: string;
  readonly accessKeys: readonly Pick<AccessKeyRecord, "accessKeyId" | "active" | "createdAtMs">[];
  readonly tokens: readonly Pick<TokenRecord, "accessor" | "displayName" | "createdAtMs" | "expiresAtMs">[];
}

/** IAM: ListAccessKeys, with the tokens beside them. No secrets, wrapped or digested. */
export const listCredentials = defineOperation<CredentialInput, CredentialList>({
  name: "ListCredentials",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:ListAccessKeys", resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input, request }) {
    const { principalArn } = input;
    await checkOwnPrincipal(core, principalArn, request);
    const accessKeys = await core.store.listAccessKeys(principalArn, undefined, limits.pageItems.value);
    const tokens = await core.store.listTokens(principalArn, undefined, limits.tokensPerPrincipal.value);
    return {
      principalArn,
      accessKeys: accessKeys.map(({ accessKeyId, active, createdAtMs }) => ({ accessKeyId, active, createdAtMs })),
      tokens: tokens.map(({ accessor, displayName, createdAtMs, expiresAtMs }) => ({
        accessor,
        displayName,
        createdAtMs,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      })),
    };
  },
});
