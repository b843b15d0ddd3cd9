import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { GrantRecord } from "../../model/grant.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import { anyState, type KeyInput, namedKey, type Page, type PageInput } from "../shared.ts";
import { checkGrantId, refuseGrant } from "./checks.ts";
import { accountOf, showPrincipals } from "./principals.ts";

export interface ListGrantsInput extends KeyInput, PageInput {
  /** Only this one. */
  readonly grantId?: string | undefined;
  /** Only those to this principal. Not with `granteeService`. */
  readonly grantee?: string | undefined;
  readonly granteeService?: string | undefined;
}

export interface ListRetirableGrantsInput extends PageInput {
  /** A principal of the caller's account. Either this or `retiringService`. */
  readonly retiring?: string | undefined;
  readonly retiringService?: string | undefined;
}

/** A grant in a listing. */
export interface ListedGrant {
  /** A user or role that is gone is shown by its unique id. */
  readonly grant: GrantRecord;
  readonly keyArn: string;
}

const defaultLimit = 50;

/** AWS KMS: ListGrants. By grant id. */
export const listGrants = defineOperation<ListGrantsInput, Page<ListedGrant>>({
  name: "ListGrants",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:ListGrants", anyState)],
  conditions: () => new Map([["kms:grantisforawsresource", ["false"]]]),
  record: ({ keyId, grantId, grantee, granteeService, limit, marker }) => ({
    keyId,
    grantId,
    granteePrincipal: grantee,
    granteeServicePrincipal: granteeService,
    limit,
    marker,
  }),
  async run({ core, keys, input }) {
    const { record, arn } = keys[0]!;
    const { grantId, grantee, granteeService } = input;
    if (grantee !== undefined && granteeService !== undefined) {
      refuseGrant("You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.");
    }
    const to = grantee ?? granteeService;
    const listing = `ListGrants/${record.region}/${record.keyId}/${JSON.stringify([grantId, to])}`;
    const limit = pageLimit(input.limit, defaultLimit);
    const after = parseMarker(core, listing, input.marker);
    const rows =
      grantId === undefined
        ? await readRows(core, record, to, after, limit + 1)
        : await readOne(core, record, to, grantId);
    const page = cutPage(core, listing, rows, limit, (row) => row.grantId);
    const shown = await showPrincipals(core, page.items);
    return { ...page, items: shown.map((grant) => ({ grant, keyArn: arn })) };
  },
});

function readRows(
  core: Core,
  { region, keyId }: KeyRecord,
  grantee: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<readonly GrantRecord[]> {
  return grantee === undefined
    ? core.store.listGrants(region, keyId, after, limit)
    : core.store.listGranteeGrants(region, keyId, grantee, after, limit);
}

async function readOne(
  core: Core,
  { region, keyId }: KeyRecord,
  grantee: string | undefined,
  grantId: string,
): Promise<readonly GrantRecord[]> {
  checkGrantId(grantId);
  const row = await core.store.findGrant(region, keyId, grantId);
  return row === undefined || (grantee !== undefined && row.grantee !== grantee) ? [] : [row];
}

/**
 * AWS KMS: ListRetirableGrants. Grants on keys of any account in the request's region, by grant id. Permission comes from
 * the caller's own account alone, with the retiring principal as the resource.
 */
export const listRetirableGrants = defineOperation<ListRetirableGrantsInput, Page<ListedGrant>>({
  name: "ListRetirableGrants",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: ({ retiring, retiringService }) => [
    { action: "kms:ListRetirableGrants", resource: retiring ?? retiringService ?? "*" },
  ],
  record: ({ retiring, retiringService, limit, marker }) => ({
    retiringPrincipal: retiring,
    retiringServicePrincipal: retiringService,
    limit,
    marker,
  }),
  async run({ core, request, input }) {
    const { retiring, retiringService } = input;
    if ((retiring === undefined) === (retiringService === undefined)) {
      refuseGrant("You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.");
    }
    if (retiring === undefined || accountOf(retiring) !== request.principal.account) {
      throw ServiceError.of("AccessDenied", {
        principalArn: request.principal.arn,
        action: "kms:ListRetirableGrants",
        resource: retiring ?? retiringService ?? "*",
        basis: "implicitDeny",
        source: "identity",
      });
    }
    const listing = `ListRetirableGrants/${request.region}/${retiring}`;
    const limit = pageLimit(input.limit, defaultLimit);
    const after = parseMarker(core, listing, input.marker);
    const rows = await core.store.listRetirableGrants(request.region, retiring, after, limit + 1);
    const page = cutPage(core, listing, rows, limit, (row) => row.grantId);
    const items: ListedGrant[] = [];
    for (const grant of await showPrincipals(core, page.items)) {
      const key = await core.keys.find(grant.region, grant.keyId);
      if (key !== undefined) items.push({ grant, keyArn: key.arn });
    }
    return { ...page, items };
  },
});
