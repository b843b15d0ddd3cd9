import { randomBytesPooled, SecretBytes, sha256Hex } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { accessKeyIdentity } from "../../keys/identity.ts";
import { limits } from "../../limits.ts";
import { rootArn } from "../../model/arn.ts";
import type { AccessKeyRecord, TokenRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { adminEventSource, randomAwsId } from "./principals.ts";

/** A secret access key as AWS makes them: 40 characters of base64. Shown once. */
export interface NewAccessKey {
  readonly record: AccessKeyRecord;
  readonly secretAccessKey: string;
}

/** A token as Vault makes them: `hvs.` and random characters. Shown once. */
export interface NewToken {
  readonly record: TokenRecord;
  readonly token: string;
}

/** Generates an access key for a principal; nothing is stored yet. */
export function generateAccessKey(
  core: Pick<Core, "keyring" | "clock">,
  principal: string,
  account: string,
): NewAccessKey {
  const accessKeyId = randomAwsId("AKIA", 16);
  const random = randomBytesPooled(30);
  const secretAccessKey = random.toString("base64");
  random.fill(0);
  const secret = SecretBytes.takeFrom(Buffer.from(secretAccessKey));
  const { wrappingKeyId, wrapped } = core.keyring.wrap(
    secret,
    accessKeyIdentity({ accessKeyId, principalArn: principal }),
  );
  secret.dispose();
  const record: AccessKeyRecord = {
    accessKeyId,
    principalArn: principal,
    account,
    wrappingKeyId,
    wrappedSecret: wrapped,
    active: true,
    createdAtMs: core.clock.nowMs(),
    revision: 1,
  };
  return { record, secretAccessKey };
}

/** Generates a token of 192 random bits for a principal, or takes the given one (dev mode); nothing is stored yet. */
export function generateToken(
  core: Pick<Core, "clock">,
  principal: string,
  account: string,
  options: { readonly displayName: string; readonly expiresAtMs?: number | undefined; readonly token?: string },
): NewToken {
  const token = options.token ?? `hvs.${randomBytesPooled(24).toString("base64url")}`;
  const root = principal === rootArn(account);
  const record: TokenRecord = {
    digest: sha256Hex(token),
    accessor: randomBytesPooled(18).toString("base64url"),
    principalArn: principal,
    account,
    displayName: options.displayName,
    vaultPolicies: [root ? "root" : "default"],
    createdAtMs: core.clock.nowMs(),
    ...(options.expiresAtMs === undefined ? {} : { expiresAtMs: options.expiresAtMs }),
    revision: 1,
  };
  return { record, token };
}

export interface CredentialInput {
  /** ARN of a user or role of the caller's account, or of its root. */
  readonly principalArn: string;
}

export interface CreateTokenInput extends CredentialInput {
  readonly displayName?: string | undefined;
  readonly lifetimeMs?: number | undefined;
}

async function checkPrincipal(core: Core, arn: string, account: string): Promise<void> {
  if (arn === rootArn(account)) return;
  const stored = await core.store.get("principals", { arn });
  if (stored === undefined || stored.account !== account) {
    throw ServiceError.of("NotFound", { resource: "principal", id: arn });
  }
}

/** IAM: CreateAccessKey. */
export const createAccessKey = defineOperation<CredentialInput, NewAccessKey>({
  name: "CreateAccessKey",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:CreateAccessKey", resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  recordOutput: ({ record }) => ({ accessKeyId: record.accessKeyId }),
  async run({ core, input, request }) {
    const { account } = request.principal;
    await checkPrincipal(core, input.principalArn, account);
    const max = limits.accessKeysPerPrincipal.value;
    if ((await core.store.listAccessKeys(input.principalArn, undefined, max)).length >= max) {
      throw ServiceError.of("LimitExceeded", {
        limit: limits.accessKeysPerPrincipal.name,
        max,
        reason: `A principal has at most ${max} access keys; delete one first.`,
      });
    }
    const created = generateAccessKey(core, input.principalArn, account);
    await core.commit([{ op: "insert", table: "accessKeys", row: created.record }]);
    return created;
  },
});

/** IAM: DeleteAccessKey. Stops working at once. */
export const deleteAccessKey = defineOperation<{ readonly accessKeyId: string }, null>({
  name: "DeleteAccessKey",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: () => [{ action: "iam:DeleteAccessKey", resource: "*" }],
  record: ({ accessKeyId }) => ({ accessKeyId }),
  async run({ core, input, request }) {
    const stored = await core.store.get("accessKeys", { accessKeyId: input.accessKeyId });
    if (stored === undefined || stored.account !== request.principal.account) {
      throw ServiceError.of("NotFound", { resource: "accessKey", id: input.accessKeyId });
    }
    const { accessKeyId, revision } = stored;
    await core.commit([{ op: "delete", table: "accessKeys", key: { accessKeyId }, revision }]);
    return null;
  },
});

/** Makes a bearer and Vault token for a principal. */
export const createToken = defineOperation<CreateTokenInput, NewToken>({
  name: "CreateToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "coffer:CreateToken", resource: principalArn }],
  record: ({ principalArn, displayName, lifetimeMs }) => ({ principalArn, displayName, lifetimeMs }),
  recordOutput: ({ record }) => ({ accessor: record.accessor }),
  async run({ core, input, request, nowMs }) {
    const { account } = request.principal;
    await checkPrincipal(core, input.principalArn, account);
    const created = generateToken(core, input.principalArn, account, {
      displayName: input.displayName ?? "token",
      expiresAtMs: input.lifetimeMs === undefined ? undefined : nowMs + input.lifetimeMs,
    });
    await core.commit([{ op: "insert", table: "tokens", row: created.record }]);
    return created;
  },
});

/** Revokes a principal's token by its accessor, at once. */
export const revokeToken = defineOperation<CredentialInput & { readonly accessor: string }, null>({
  name: "RevokeToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "coffer:RevokeToken", resource: principalArn }],
  record: ({ principalArn, accessor }) => ({ principalArn, accessor }),
  async run({ core, input, request }) {
    const tokens = await core.store.listTokens(input.principalArn, undefined, limits.pageItems.value);
    const found = tokens.find(
      ({ accessor, account }) => accessor === input.accessor && account === request.principal.account,
    );
    if (found === undefined) throw ServiceError.of("NotFound", { resource: "token", id: input.accessor });
    await core.commit([{ op: "delete", table: "tokens", key: { digest: found.digest }, revision: found.revision }]);
    return null;
  },
});

/** Vault API: auth/token/revoke-self. Whoever holds a token may always give it up. */
export const revokeOwnToken = defineOperation<null, null>({
  name: "RevokeOwnToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  record: () => null,
  async run({ core, request }) {
    const { token } = request.principal;
    if (token === undefined) throw ServiceError.of("NotFound", { resource: "token", id: "self" });
    await core.commit([{ op: "delete", table: "tokens", key: { digest: token.digest }, revision: "any" }]);
    return null;
  },
});

export interface CredentialList {
  readonly accessKeys: readonly Pick<AccessKeyRecord, "accessKeyId" | "active" | "createdAtMs">[];
  readonly tokens: readonly Pick<TokenRecord, "accessor" | "displayName" | "createdAtMs" | "expiresAtMs">[];
}

/** IAM: ListAccessKeys, with the tokens beside them. No secrets. */
export const listCredentials = defineOperation<CredentialInput, CredentialList>({
  name: "ListCredentials",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:ListAccessKeys", resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input, request }) {
    await checkPrincipal(core, input.principalArn, request.principal.account);
    const page = limits.pageItems.value;
    return {
      accessKeys: await core.store.listAccessKeys(input.principalArn, undefined, page),
      tokens: await core.store.listTokens(input.principalArn, undefined, page),
    };
  },
});
