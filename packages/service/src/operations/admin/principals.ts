import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { PrincipalRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Randomness } from "../../ports/randomness.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";

export const adminEventSource = "iam.amazonaws.com";

export interface PrincipalInput {
  readonly kind: "user" | "role";
  /** 1 to 64 of letters, digits and `+=,.@_-` (IAM: names). */
  readonly name: string;
}

const namePattern = /^[\w+=,.@-]+$/;
const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A random id of upper-case base32, as AWS makes them: `AIDA...`, `AKIA...`. */
export function randomAwsId(randomness: Randomness, prefix: string, chars: number): string {
  return prefix + Array.from(randomness.bytes(chars), (byte) => idAlphabet[byte & 31]).join("");
}

/** `arn:aws:iam::ACCOUNT:user/NAME` */
export function principalArn(account: string, { kind, name }: PrincipalInput): string {
  return `arn:aws:iam::${account}:${kind}/${name}`;
}

function checkName(name: string): void {
  if (namePattern.test(name) && name.length <= limits.principalNameChars.value) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "name",
    reason: `A name has 1 to ${limits.principalNameChars.value} letters, digits or any of +=,.@_-`,
  });
}

/** IAM: CreateUser and CreateRole, as far as Coffer has them. */
export const createPrincipal = defineOperation<PrincipalInput, { readonly principal: PrincipalRecord }>({
  name: "CreatePrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: (input, { principal }) => [
    {
      action: input.kind === "user" ? "iam:CreateUser" : "iam:CreateRole",
      resource: principalArn(principal.account, input),
    },
  ],
  record: ({ kind, name }) => ({ kind, name }),
  recordOutput: ({ principal }) => ({ arn: principal.arn }),
  async run({ core, input, request, nowMs }) {
    checkName(input.name);
    const { account } = request.principal;
    const row: PrincipalRecord = {
      arn: principalArn(account, input),
      account,
      kind: input.kind,
      name: input.name,
      principalId: randomAwsId(core.randomness, input.kind === "user" ? "AIDA" : "AROA", 16),
      createdAtMs: nowMs,
      revision: 1,
    };
    try {
      await core.commit([{ op: "insert", table: "principals", row }]);
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      throw ServiceError.of("AlreadyExists", { resource: "principal", id: row.arn }, error);
    }
    return { principal: row };
  },
});

/** IAM: ListUsers and ListRoles in one, by ARN. */
export const listPrincipals = defineOperation<PageInput, Page<PrincipalRecord>>({
  name: "ListPrincipals",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: () => [
    { action: "iam:ListUsers", resource: "*" },
    { action: "iam:ListRoles", resource: "*" },
  ],
  record: ({ limit, marker }) => ({ limit, marker }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const limit = pageLimit(input.limit, 100);
    const listing = `ListPrincipals/${account}`;
    const after = parseMarker(core, listing, input.marker);
    const rows = await core.store.listPrincipals(account, after, limit + 1);
    return cutPage(core, listing, rows, limit, ({ arn }) => arn);
  },
});

/** IAM: DeleteUser and DeleteRole; access keys, tokens and policies go with it, and stop working at once. */
export const deletePrincipal = defineOperation<PrincipalInput, null>({
  name: "DeletePrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: (input, { principal }) => [
    {
      action: input.kind === "user" ? "iam:DeleteUser" : "iam:DeleteRole",
      resource: principalArn(principal.account, input),
    },
  ],
  record: ({ kind, name }) => ({ kind, name }),
  async run({ core, input, request }) {
    const arn = principalArn(request.principal.account, input);
    const stored = await core.store.get("principals", { arn });
    if (stored === undefined) throw ServiceError.of("NotFound", { resource: "principal", id: arn });
    const page = limits.pageItems.value;
    // Changes of the principal's credentials and policies change its revision, so nothing can come in beside these.
    const writes: Write[] = [];
    for (const { accessKeyId } of await core.store.listAccessKeys(arn, undefined, page)) {
      writes.push({ op: "delete", table: "accessKeys", key: { accessKeyId }, revision: "any" });
    }
    for (const { digest } of await core.store.listTokens(arn, undefined, limits.tokensPerPrincipal.value)) {
      writes.push({ op: "delete", table: "tokens", key: { digest }, revision: "any" });
    }
    for (const { name } of await core.store.listIdentityPolicies(arn, undefined, page)) {
      writes.push({ op: "delete", table: "identityPolicies", key: { principalArn: arn, name }, revision: "any" });
    }
    writes.push({ op: "delete", table: "principals", key: { arn }, revision: stored.revision });
    await core.commit(writes);
    return null;
  },
});
