import { defaultKeyPolicy, parsePolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { invariant } from "../../errors.ts";
import { deletionOf } from "../../grants/deletion.ts";
import { isOf } from "../../grants/grant-set.ts";
import { parseGrantToken } from "../../grants/grant-token.ts";
import { namesOf } from "../../grants/principal-names.ts";
import { keyArn, rootArn } from "../../model/arn.ts";
import type { GrantRecord } from "../../model/grant.ts";
import type { Principal } from "../../model/principal.ts";
import { denial, judge, noteAllowed } from "../../pipeline/authorize.ts";
import { type Call, defineOperation, type KeyTarget } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";
import { checkGrantId, findGrant, refuseGrant } from "./checks.ts";
import { constraintConditions } from "./constraint-conditions.ts";

export interface RevokeGrantInput extends KeyInput {
  readonly grantId: string;
}

/** A grant by its token, or by its key and id. */
export interface RetireGrantInput {
  readonly grantToken?: string | undefined;
  readonly keyId?: string | undefined;
  readonly grantId?: string | undefined;
}

/** AWS KMS: RevokeGrant, for those who govern the key. The very next request has the grant no more. */
export const revokeGrant = defineOperation<RevokeGrantInput, null>({
  name: "RevokeGrant",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:RevokeGrant", anyState)],
  conditions: () => new Map([["kms:grantisforawsresource", ["false"]]]),
  record: ({ keyId, grantId }) => ({ keyId, grantId }),
  async check({ core, keys, input }) {
    await findGrant(core, keys[0]!.record, input.grantId);
  },
  async run({ core, keys, input }) {
    await core.commit(deletionOf(await findGrant(core, keys[0]!.record, input.grantId)));
    return null;
  },
});

/**
 * AWS KMS: RetireGrant, for those whom the grant names, and for the account of the key. The key's policy has no say
 * (AWS KMS developer guide: retiring and revoking grants).
 */
export const retireGrant = defineOperation<RetireGrantInput, null>({
  name: "RetireGrant",
  plane: "control",
  readOnly: false,
  keys: [{ action: "kms:RetireGrant", states: anyState, target: retirementTarget, authorizedByCheck: true }],
  // A token is no secret, but it is of use to whoever has it: it is not recorded.
  record: ({ keyId, grantId }) => ({ keyId, grantId }),
  async check(call) {
    const { grantId } = await authorizeRetirement(call);
    call.grants.push(grantId);
  },
  async run(call) {
    await call.core.commit(deletionOf(await grantOf(call)));
    return null;
  },
});

function retirementTarget({ grantToken, keyId, grantId }: RetireGrantInput, core: Core): KeyTarget {
  if (grantToken === undefined) {
    if (keyId === undefined || grantId === undefined) {
      refuseGrant("You must specify a grant token, or both a key ID and a grant ID.");
    }
    // Before the key is looked for: what cannot be an id must not tell whether there is that key.
    checkGrantId(grantId);
    return { by: "reference", text: keyId };
  }
  if (keyId !== undefined || grantId !== undefined) {
    refuseGrant("You must specify a grant token, or both a key ID and a grant ID, but not all of them.");
  }
  const place = parseGrantToken(core.grantTokenKey, grantToken);
  return { by: "reference", text: keyArn(place.region, place.account, place.keyId) };
}

function grantOf({ core, keys, input }: Call<RetireGrantInput>): Promise<GrantRecord> {
  const { grantToken, grantId = "" } = input;
  const named = grantToken === undefined ? grantId : parseGrantToken(core.grantTokenKey, grantToken).grantId;
  return findGrant(core, keys[0]!.record, named);
}

/** How a grant lets a caller retire it: itself, or through what its account is named for. */
function retirementBy(grant: GrantRecord, principal: Principal): "itself" | "account" | undefined {
  const { grantee, granteeId, retiring, retiringId, operations } = grant;
  const own = namesOf(principal);
  const parties = [
    ...(retiring === undefined ? [] : [{ name: retiring, granteeId: retiringId }]),
    ...(operations.includes("RetireGrant") ? [{ name: grantee, granteeId }] : []),
  ];
  let through: "account" | undefined;
  for (const party of parties) {
    const met = own.find(({ name }) => name === party.name);
    if (met === undefined || !isOf(party, principal.principalId)) continue;
    if (!met.throughAccount) return "itself";
    through = "account";
  }
  return through;
}

/**
 * The grant decides, and the policies of the caller: a Deny of `kms:RetireGrant` is final, and the account of the key, or
 * an account that the grant names, hands its permission on by policies that allow `kms:RetireGrant`.
 *
 * @returns the grant
 * @throws ServiceError AccessDenied, NotFound
 */
async function authorizeRetirement(call: Call<RetireGrantInput>): Promise<GrantRecord> {
  const { request, keys, nowMs, input, decisions } = call;
  const { principal } = request;
  const key = keys[0]!;
  let grant: GrantRecord | undefined;
  let missing: unknown;
  try {
    grant = await grantOf(call);
  } catch (error) {
    // In another account a missing grant, like a missing key, looks like a forbidden one.
    if (key.record.account === principal.account) throw error;
    missing = error;
  }
  const constraints = grant?.constraints ?? {};
  const by = grant === undefined ? undefined : retirementBy(grant, principal);
  const delegating = by === "account" ? principal.account : key.record.account;
  const parsed = parsePolicy(defaultKeyPolicy(rootArn(delegating)), "key");
  invariant(parsed.ok, "the default key policy parses");
  const question = {
    request,
    action: "kms:RetireGrant",
    key,
    resource: key.arn,
    reference: input.keyId ?? key.arn,
    nowMs,
    decisions,
    conditions: () => constraintConditions(constraints),
  };
  const verdict = judge(question, { keyPolicy: parsed.policy, grantAllows: by === "itself" });
  if (!verdict.decision.allowed) throw denial(question, verdict);
  if (grant === undefined) throw missing;
  noteAllowed(question, verdict, by === "itself" ? grant.grantId : undefined);
  return grant;
}
