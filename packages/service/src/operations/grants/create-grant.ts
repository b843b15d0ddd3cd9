import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { pairTexts } from "../../grants/constraints.ts";
import { encodeGrantToken } from "../../grants/grant-token.ts";
import type { ContextPairs, GrantConstraints, GrantRecord } from "../../model/grant.ts";
import { type Call, defineOperation, type OperationConditions } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { checkGrantQuota } from "../../quotas/resource-quotas.ts";
import { activeOnly, type KeyInput } from "../shared.ts";
import { checkConstraints, checkGrantOperations, readConstraints, refuseGrant } from "./checks.ts";
import { constraintConditions } from "./constraint-conditions.ts";
import { type GrantPrincipal, parseService, resolvePrincipal } from "./principals.ts";

export interface CreateGrantInput extends KeyInput {
  /** An ARN. Either this or `granteeService`. */
  readonly grantee?: string | undefined;
  /** A service, such as `dynamodb.amazonaws.com`. */
  readonly granteeService?: string | undefined;
  readonly retiring?: string | undefined;
  readonly retiringService?: string | undefined;
  /** Names of grant operations, such as `Decrypt`. */
  readonly operations: readonly string[];
  readonly constraints?: { readonly [M in keyof GrantConstraints]?: GrantConstraints[M] | undefined } | undefined;
  readonly name?: string | undefined;
}

export interface CreateGrantOutput {
  readonly keyArn: string;
  readonly grantId: string;
  readonly grantToken: string;
}

/**
 * AWS KMS: CreateGrant. The grant holds for the very next request. With a name, a second request that says the same gives
 * the grant that there is, with a token of its own.
 */
export const createGrant = defineOperation<CreateGrantInput, CreateGrantOutput>({
  name: "CreateGrant",
  plane: "control",
  readOnly: false,
  keys: [
    {
      action: "kms:CreateGrant",
      states: activeOnly,
      target: ({ keyId }) => ({ by: "reference", text: keyId }),
      delegation: ({ operations, constraints }) => ({ operations, constraints: readConstraints(constraints) }),
    },
  ],
  conditions: grantConditions,
  record: ({ keyId, grantee, granteeService, retiring, retiringService, operations, constraints, name }) => ({
    keyId,
    granteePrincipal: grantee,
    granteeServicePrincipal: granteeService,
    retiringPrincipal: retiring,
    retiringServicePrincipal: retiringService,
    operations,
    constraints,
    name,
  }),
  recordOutput: ({ grantId, keyArn }) => ({ grantId, keyId: keyArn }),
  async check({ core, keys, input }) {
    const key = keys[0]!.record;
    const constraints = readConstraints(input.constraints);
    checkParties(input, constraints);
    checkGrantOperations(key, input.operations);
    checkConstraints(key, constraints);
    await parties(core, input, key.account);
  },
  async run(call) {
    const { core, keys } = call;
    const { region, account, keyId } = keys[0]!.record;
    const grantId = await insertGrant(call);
    const place = { region, account, keyId, grantId };
    const grantToken = encodeGrantToken(core.grantTokenKey, place, core.randomness.bytes(16));
    return { keyArn: keys[0]!.arn, grantId, grantToken };
  },
});

/** @throws ServiceError InvalidInput unless there is one grantee and at most one who may retire the grant */
function checkParties(input: CreateGrantInput, { sourceArn }: GrantConstraints): void {
  const { grantee, granteeService, retiring, retiringService } = input;
  if ((grantee === undefined) === (granteeService === undefined)) {
    refuseGrant("You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.");
  }
  if (retiring !== undefined && retiringService !== undefined) {
    refuseGrant("You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.");
  }
  if (granteeService === undefined) return;
  if (sourceArn === undefined) {
    refuseGrant("A grant with a GranteeServicePrincipal must have a SourceArn constraint.", "constraints");
  }
  if (retiring === undefined && retiringService === undefined) {
    refuseGrant(
      "A grant with a GranteeServicePrincipal must have a RetiringPrincipal or a RetiringServicePrincipal.",
      "retiringPrincipal",
    );
  }
}

async function parties(
  core: Core,
  { grantee, granteeService, retiring, retiringService }: CreateGrantInput,
  keyAccount: string,
): Promise<{ readonly to: GrantPrincipal; readonly retiredBy: GrantPrincipal | undefined }> {
  const to =
    grantee === undefined ? parseService(granteeService ?? "") : await resolvePrincipal(core, grantee, keyAccount);
  const service = retiringService === undefined ? undefined : parseService(retiringService);
  return { to, retiredBy: retiring === undefined ? service : await resolvePrincipal(core, retiring, keyAccount) };
}

/** Inserts the grant, unless there is one of that name that says the same. @returns its id */
async function insertGrant({ core, request, input, keys, nowMs }: Call<CreateGrantInput>): Promise<string> {
  const { region, keyId, account } = keys[0]!.record;
  const { to, retiredBy } = await parties(core, input, account);
  const grant: GrantRecord = {
    region,
    keyId,
    grantId: core.randomness.bytes(32).toString("hex"),
    grantee: to.name,
    ...(to.id === undefined ? {} : { granteeId: to.id }),
    ...(retiredBy === undefined ? {} : { retiring: retiredBy.name }),
    ...(retiredBy?.id === undefined ? {} : { retiringId: retiredBy.id }),
    operations: [...new Set(input.operations)],
    constraints: readConstraints(input.constraints),
    issuingAccount: request.principal.account,
    createdAtMs: nowMs,
    revision: 1,
  };
  const insert: Write = { op: "insert", table: "grants", row: grant };
  if (input.name === undefined) {
    await checkGrantQuota(core, keys[0]!.record);
    await core.commit([insert]);
    return grant.grantId;
  }
  const nameDigest = digestOf(grant, input.name);
  const known = await core.store.get("grantNames", { region, keyId, nameDigest });
  if (known !== undefined) return known.grantId;
  await checkGrantQuota(core, keys[0]!.record);
  const named: Write = { ...insert, row: { ...grant, name: input.name, nameDigest } };
  const { grantId } = grant;
  const name: Write = { op: "insert", table: "grantNames", row: { region, keyId, nameDigest, grantId, revision: 1 } };
  try {
    await core.commit([named, name]);
    return grantId;
  } catch (error) {
    if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
    // The same request at the same time was faster; unless that grant is gone again, this one gives it.
    const first = await core.store.get("grantNames", { region, keyId, nameDigest });
    if (first === undefined) throw new StoreConflict("stale", "grantNames");
    return first.grantId;
  }
}

/** A digest over all that a named grant says: texts in an order of their own, each with its end marked by JSON. */
function digestOf(grant: GrantRecord, name: string): string {
  const { grantee, granteeId, retiring, retiringId, operations, constraints, issuingAccount } = grant;
  const pairs = (of: ContextPairs | undefined) => (of === undefined ? null : [...pairTexts(of)].sort());
  return sha256Hex(
    JSON.stringify([
      name,
      [grantee, granteeId ?? null],
      [retiring ?? null, retiringId ?? null],
      [...operations].sort(),
      pairs(constraints.encryptionContextEquals),
      pairs(constraints.encryptionContextSubset),
      constraints.sourceArn ?? null,
      issuingAccount,
    ]),
  );
}

/** Condition keys of CreateGrant (AWS KMS developer guide: condition keys). */
function grantConditions(input: CreateGrantInput): OperationConditions {
  const constraints = readConstraints(input.constraints);
  const conditions = constraintConditions(constraints);
  conditions.set("kms:grantoperations", input.operations);
  conditions.set("kms:grantisforawsresource", ["false"]);
  const single: readonly (readonly [string, string | undefined])[] = [
    ["kms:grantconstraintsourcearn", constraints.sourceArn],
    ["kms:granteeprincipal", input.grantee],
    ["kms:granteeserviceprincipal", input.granteeService],
    ["kms:retiringprincipal", input.retiring],
    ["kms:retiringserviceprincipal", input.retiringService],
  ];
  for (const [key, value] of single) if (value !== undefined) conditions.set(key, [value]);
  return conditions;
}
