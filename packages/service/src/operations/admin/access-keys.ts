import { SecretBytes } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { accessKeyIdentity } from "../../keys/identity.ts";
import { limits } from "../../limits.ts";
import type { AccessKeyRecord } from "../../model/principal.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import type { CredentialInput } from "./credentials.ts";
import { principalChanged, refuseRootCredential } from "./own-principal.ts";
import { adminEventSource, randomAwsId } from "./principals.ts";

/** A new access key; its secret is base64 and shown once. */
export interface NewAccessKey {
  readonly record: AccessKeyRecord;
  readonly secretAccessKey: string;
}

/**
 * How many random bytes a secret access key has, by what it is for. AWS's own have 40 characters; AWS KMS takes 43 to 64
 * for its external key store proxies (AWS KMS API: XksProxyAuthenticationCredentialType).
 */
const secretBytes = { api: 30, xks: 48 } as const;

/** What an access key is made for. It works for either; a KMS just takes no shorter secret for a proxy. */
export type AccessKeyPurpose = keyof typeof secretBytes;

export interface CreateAccessKeyInput extends CredentialInput {
  /** `api` when absent. */
  readonly purpose?: AccessKeyPurpose | undefined;
}

/** Generates an access key for a principal; nothing is stored yet. */
export function generateAccessKey(
  core: Pick<Core, "keyring" | "clock" | "randomness">,
  principal: string,
  account: string,
  purpose: AccessKeyPurpose = "api",
): NewAccessKey {
  const accessKeyId = randomAwsId(core.randomness, "AKIA", 16);
  const random = core.randomness.bytes(secretBytes[purpose]);
  const secretAccessKey = random.toString("base64");
  random.fill(0);
  using secret = SecretBytes.takeFrom(Buffer.from(secretAccessKey));
  const identity = accessKeyIdentity({ accessKeyId, principalArn: principal });
  const { wrappingKeyId, wrapped } = core.keyring.wrap(secret, identity);
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

/** IAM: CreateAccessKey. */
export const createAccessKey = defineOperation<CreateAccessKeyInput, NewAccessKey>({
  name: "CreateAccessKey",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:CreateAccessKey", resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  recordOutput: ({ record }) => ({ accessKeyId: record.accessKeyId }),
  async run({ core, input, request }) {
    const { principalArn } = input;
    refuseRootCredential(request, "iam:CreateAccessKey", principalArn);
    const changed = await principalChanged(core, principalArn, request);
    const max = limits.accessKeysPerPrincipal.value;
    if ((await core.store.listAccessKeys(principalArn, undefined, max)).length >= max) {
      throw ServiceError.of("LimitExceeded", {
        limit: limits.accessKeysPerPrincipal.name,
        max,
        reason: `A principal has at most ${max} access keys; delete one first.`,
      });
    }
    const created = generateAccessKey(core, principalArn, request.principal.account, input.purpose);
    await core.commit([...changed, { op: "insert", table: "accessKeys", row: created.record }]);
    return created;
  },
});

export interface AccessKeyInput {
  readonly accessKeyId: string;
  /** The user that it has to be of; anybody's when absent. */
  readonly userName?: string | undefined;
}

/** Finds an access key of the caller's account, once the caller's policies allow what it wants to do with it. */
async function findAccessKey({ core, input, request, nowMs }: Call<AccessKeyInput>, action: string) {
  const { accessKeyId, userName } = input;
  const found = await core.store.get("accessKeys", { accessKeyId });
  const own = found?.account === request.principal.account ? found : undefined;
  const stored = userName === undefined || own?.principalArn.endsWith(`/${userName}`) === true ? own : undefined;
  authorize({ request, action, key: undefined, resource: stored?.principalArn ?? "*", nowMs });
  if (stored === undefined) {
    const reason = `The Access Key with id ${accessKeyId} cannot be found.`;
    throw ServiceError.of("NotFound", { resource: "accessKey", id: accessKeyId, reason });
  }
  refuseRootCredential(request, action, stored.principalArn);
  return stored;
}

/** IAM: DeleteAccessKey. Stops working at once. */
export const deleteAccessKey = defineOperation<AccessKeyInput, null>({
  name: "DeleteAccessKey",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  record: ({ accessKeyId, userName }) => ({ accessKeyId, userName }),
  async run(call) {
    const { accessKeyId, revision } = await findAccessKey(call, "iam:DeleteAccessKey");
    await call.core.commit([{ op: "delete", table: "accessKeys", key: { accessKeyId }, revision }]);
    return null;
  },
});

export interface UpdateAccessKeyInput extends AccessKeyInput {
  readonly active: boolean;
}

/** IAM: UpdateAccessKey. An inactive one is refused from the very next request on. */
export const updateAccessKey = defineOperation<UpdateAccessKeyInput, null>({
  name: "UpdateAccessKey",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  record: ({ accessKeyId, userName, active }) => ({ accessKeyId, userName, status: active ? "Active" : "Inactive" }),
  async run(call) {
    const stored = await findAccessKey(call, "iam:UpdateAccessKey");
    const row = { ...stored, active: call.input.active, revision: stored.revision + 1 };
    await call.core.commit([{ op: "update", table: "accessKeys", row }]);
    return null;
  },
});
