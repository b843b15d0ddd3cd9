import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { PolicyAttachmentRecord, PrincipalRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";
import { conditionsOf } from "../sts/session-input.ts";
import { findOwnPrincipal, principalChanged } from "./own-principal.ts";
import { PolicyUse } from "./policy-use.ts";
import { actionOn, adminEventSource } from "./principals.ts";

export interface AttachPolicyInput {
  /** A user or role of the caller's account. */
  readonly principalArn: string;
  /** A managed policy of the account or of AWS. */
  readonly policyArn: string;
}

const conditions = ({ policyArn }: AttachPolicyInput) => conditionsOf([["iam:policyarn", policyArn]]);

/** IAM: AttachUserPolicy and AttachRolePolicy. Holds for the very next request; again is no error. */
export const attachPolicy = defineOperation<AttachPolicyInput, null>({
  name: "AttachPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Attach", "Policy"), resource: principalArn }],
  conditions,
  record: ({ principalArn, policyArn }) => ({ principalArn, policyArn }),
  async run({ core, input, request }) {
    const { principalArn, policyArn } = input;
    const { kind } = await findOwnPrincipal(core, principalArn, request);
    const uses = await new PolicyUse().add(policyArn, "attachments", 1).writes(core, request);
    if ((await core.store.get("policyAttachments", { principalArn, policyArn })) !== undefined) return null;
    const { name: limit, value: max } = limits.attachedPolicies;
    if ((await core.store.listAttachedPolicies(principalArn, undefined, max)).length >= max) {
      const reason = `Cannot exceed quota for PoliciesPer${kind === "user" ? "User" : "Role"}: ${max}`;
      throw ServiceError.of("LimitExceeded", { limit, max, reason });
    }
    await core.commit([
      ...(await principalChanged(core, principalArn, request)),
      ...uses,
      { op: "insert", table: "policyAttachments", row: { principalArn, policyArn, revision: 1 } },
    ]);
    return null;
  },
});

/** IAM: DetachUserPolicy and DetachRolePolicy. */
export const detachPolicy = defineOperation<AttachPolicyInput, null>({
  name: "DetachPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Detach", "Policy"), resource: principalArn }],
  conditions,
  record: ({ principalArn, policyArn }) => ({ principalArn, policyArn }),
  async run({ core, input, request }) {
    const { principalArn, policyArn } = input;
    await findOwnPrincipal(core, principalArn, request);
    const stored = await core.store.get("policyAttachments", { principalArn, policyArn });
    if (stored === undefined) {
      const reason = `Policy ${policyArn} was not found.`;
      throw ServiceError.of("NotFound", { resource: "policy", id: policyArn, reason });
    }
    await core.commit([
      ...(await principalChanged(core, principalArn, request)),
      ...(await new PolicyUse().add(policyArn, "attachments", -1).writes(core, request)),
      { op: "delete", table: "policyAttachments", key: { principalArn, policyArn }, revision: stored.revision },
    ]);
    return null;
  },
});

/** IAM: ListAttachedUserPolicies and ListAttachedRolePolicies. There are at most ten. */
export const listAttachedPolicies = defineOperation<
  { readonly principalArn: string },
  { readonly policies: readonly PolicyAttachmentRecord[] }
>({
  name: "ListAttachedPolicies",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [
    { action: actionOn(principalArn, "ListAttached", "Policies"), resource: principalArn },
  ],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input, request }) {
    await findOwnPrincipal(core, input.principalArn, request);
    const max = limits.attachedPolicies.value;
    return { policies: await core.store.listAttachedPolicies(input.principalArn, undefined, max) };
  },
});

export interface ListEntitiesInput extends PageInput {
  readonly policyArn: string;
  readonly kind?: "user" | "role" | undefined;
}

/** IAM: ListEntitiesForPolicy: the users and roles of the caller's account that it is attached to. */
export const listEntitiesForPolicy = defineOperation<ListEntitiesInput, Page<PrincipalRecord>>({
  name: "ListEntitiesForPolicy",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:ListEntitiesForPolicy", resource: policyArn }],
  record: ({ policyArn, kind, limit, marker }) => ({ policyArn, entityFilter: kind, maxItems: limit, marker }),
  async run({ core, input, request }) {
    const { policyArn, kind } = input;
    await new PolicyUse().add(policyArn, "attachments", 1).writes(core, request);
    const limit = pageLimit(input.limit, 100);
    // A policy of AWS is attached in every account: only the caller's own are told.
    const prefix = `arn:aws:iam::${request.principal.account}:${kind === undefined ? "" : `${kind}/`}`;
    const listing = `ListEntitiesForPolicy/${policyArn}/${prefix}`;
    const after = parseMarker(core, listing, input.marker) ?? prefix;
    const rows = await core.store.listPolicyAttachments(policyArn, after, limit + 1);
    const own = rows.filter(({ principalArn }) => principalArn.startsWith(prefix));
    const page = cutPage(core, listing, own, limit, ({ principalArn }) => principalArn);
    const found = await Promise.all(page.items.map(({ principalArn: arn }) => core.store.get("principals", { arn })));
    return { ...page, items: found.filter((row) => row !== undefined) };
  },
});
