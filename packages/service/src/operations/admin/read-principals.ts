import type { Core } from "../../core.ts";
import { rootArn } from "../../model/arn.ts";
import type { IamTag, PrincipalRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";
import { conditionsOf, tagConditions } from "../sts/session-input.ts";
import { putTags, removeTags } from "./iam-tags.ts";
import { findOwnPrincipal } from "./own-principal.ts";
import { actionOn, adminEventSource } from "./principals.ts";

interface PrincipalArn {
  readonly principalArn: string;
}

/** The account root, where IAM shows it as a user. */
function rootRecord(account: string): PrincipalRecord {
  const arn = rootArn(account);
  const shown = { arn, account, kind: "user", name: account, principalId: account, path: "/" } as const;
  return { ...shown, createdAtMs: 0, revision: 1, description: "", tags: [] };
}

async function read(core: Core, arn: string, request: RequestContext): Promise<PrincipalRecord> {
  const { account } = request.principal;
  return arn === rootArn(account) ? rootRecord(account) : findOwnPrincipal(core, arn, request);
}

/** IAM: GetUser and GetRole. */
export const getPrincipal = defineOperation<PrincipalArn, { readonly principal: PrincipalRecord }>({
  name: "GetPrincipal",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Get", ""), resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  run: async ({ core, input, request }) => ({ principal: await read(core, input.principalArn, request) }),
});

export interface ListPrincipalsInput extends PageInput {
  readonly kind: "user" | "role";
  readonly pathPrefix?: string | undefined;
}

/** IAM: ListUsers and ListRoles, by name. A page with a path prefix may be short of its limit. */
export const listPrincipalsOfKind = defineOperation<ListPrincipalsInput, Page<PrincipalRecord>>({
  name: "ListPrincipalsOfKind",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ kind }, { principal }) => [
    {
      action: kind === "user" ? "iam:ListUsers" : "iam:ListRoles",
      resource: `arn:aws:iam::${principal.account}:${kind}/`,
    },
  ],
  record: ({ pathPrefix, limit, marker }) => ({ pathPrefix, maxItems: limit, marker }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const { kind, pathPrefix = "/" } = input;
    const limit = pageLimit(input.limit, 100);
    const listing = `ListPrincipals/${account}/${kind}/${pathPrefix}`;
    const after = parseMarker(core, listing, input.marker);
    const names = await core.store.listIamNames(account, kind, after, limit + 1);
    const page = cutPage(core, listing, names, limit, ({ name }) => name);
    const found = await Promise.all(page.items.map(({ arn }) => core.store.get("principals", { arn })));
    const items = found.filter((row) => row !== undefined).filter(({ path }) => path.startsWith(pathPrefix));
    return { ...page, items };
  },
});

export interface TagPrincipalInput extends PrincipalArn {
  readonly tags: readonly IamTag[];
}

/** IAM: TagUser and TagRole. */
export const tagPrincipal = defineOperation<TagPrincipalInput, null>({
  name: "TagPrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Tag", ""), resource: principalArn }],
  conditions: ({ tags }) => conditionsOf(tagConditions(tags)),
  record: ({ principalArn, tags }) => ({ principalArn, tags }),
  async run({ core, input, request }) {
    const stored = await findOwnPrincipal(core, input.principalArn, request);
    const row = { ...stored, tags: putTags(stored.tags, input.tags), revision: stored.revision + 1 };
    await core.commit([{ op: "update", table: "principals", row }]);
    return null;
  },
});

export interface UntagPrincipalInput extends PrincipalArn {
  readonly tagKeys: readonly string[];
}

/** IAM: UntagUser and UntagRole. */
export const untagPrincipal = defineOperation<UntagPrincipalInput, null>({
  name: "UntagPrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Untag", ""), resource: principalArn }],
  conditions: ({ tagKeys }) => conditionsOf([["aws:tagkeys", tagKeys]]),
  record: ({ principalArn, tagKeys }) => ({ principalArn, tagKeys }),
  async run({ core, input, request }) {
    const stored = await findOwnPrincipal(core, input.principalArn, request);
    const row = { ...stored, tags: removeTags(stored.tags, input.tagKeys), revision: stored.revision + 1 };
    await core.commit([{ op: "update", table: "principals", row }]);
    return null;
  },
});

/** IAM: ListUserTags and ListRoleTags. */
export const listPrincipalTags = defineOperation<PrincipalArn, { readonly tags: readonly IamTag[] }>({
  name: "ListPrincipalTags",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "List", "Tags"), resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  run: async ({ core, input, request }) => ({ tags: (await read(core, input.principalArn, request)).tags }),
});

/** For what a user may have in AWS and has not here: checks that the user or role is there, and that the caller may ask. */
export function listingOfNothing(name: string) {
  return defineOperation<PrincipalArn, null>({
    name,
    plane: "control",
    readOnly: true,
    eventSource: adminEventSource,
    keys: [],
    resources: ({ principalArn }) => [{ action: `iam:${name}`, resource: principalArn }],
    record: ({ principalArn }) => ({ principalArn }),
    run: async ({ core, input, request }) => {
      await read(core, input.principalArn, request);
      return null;
    },
  });
}
