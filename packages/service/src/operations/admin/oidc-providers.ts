import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { IamTag, OidcProviderRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { conditionsOf, tagConditions } from "../sts/session-input.ts";
import { checkTags, putTags, removeTags } from "./iam-tags.ts";
import { adminEventSource } from "./principals.ts";

interface ProviderArn {
  readonly providerArn: string;
}

export interface CreateOidcProviderInput {
  /** `https://HOST/PATH`, the tokens' issuer. */
  readonly url: string;
  readonly clientIds?: readonly string[] | undefined;
  readonly thumbprints?: readonly string[] | undefined;
  readonly tags?: readonly IamTag[] | undefined;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The issuer without its scheme: HTTPS only, no port, user, query or fragment (IAM: CreateOpenIDConnectProvider). */
function issuerOf(url: string): string {
  const parsed = URL.parse(url);
  const plain = parsed !== null && parsed.protocol === "https:" && parsed.search === "" && parsed.hash === "";
  if (!plain || parsed.username !== "" || parsed.password !== "" || !/^https:\/\/[\w.:-]+(?:\/[\w.~/-]*)?$/.test(url)) {
    return refuse("Invalid Open ID Connect Provider URL");
  }
  return withoutScheme(url);
}

function withoutScheme(url: string): string {
  return url.replace(/^https:\/\//, "").replace(/\/$/, "");
}

/** `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH` */
export function oidcProviderArn(account: string, issuer: string): string {
  return `arn:aws:iam::${account}:oidc-provider/${issuer}`;
}

function checkThumbprints(thumbprints: readonly string[]): void {
  if (thumbprints.length <= 5 && thumbprints.every((text) => /^[0-9a-fA-F]{40}$/.test(text))) return;
  refuse("A thumbprint has 40 hex digits, and there are at most 5.");
}

function checkClientIds(clientIds: readonly string[]): void {
  const { name, value: max } = limits.oidcClientIds;
  if (clientIds.length > max) {
    const reason = `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${max}`;
    throw ServiceError.of("LimitExceeded", { limit: name, max, reason });
  }
}

/** IAM: CreateOpenIDConnectProvider. */
export const createOidcProvider = defineOperation<CreateOidcProviderInput, { readonly provider: OidcProviderRecord }>({
  name: "CreateOpenIDConnectProvider",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ url, tags = [] }, { principal }) => {
    const resource = oidcProviderArn(principal.account, withoutScheme(url));
    return [
      { action: "iam:CreateOpenIDConnectProvider", resource },
      ...(tags.length === 0 ? [] : [{ action: "iam:TagOpenIDConnectProvider", resource }]),
    ];
  },
  conditions: ({ tags = [] }) => conditionsOf(tagConditions(tags)),
  record: ({ url, clientIds, thumbprints, tags }) => ({
    url,
    clientIDList: clientIds,
    thumbprintList: thumbprints,
    tags,
  }),
  recordOutput: ({ provider }) => ({ openIDConnectProviderArn: provider.arn }),
  async run({ core, input, request, nowMs }) {
    const { clientIds = [], thumbprints = [], tags = [] } = input;
    const { account } = request.principal;
    const url = issuerOf(input.url);
    checkClientIds(clientIds);
    checkThumbprints(thumbprints);
    checkTags(tags);
    const arn = oidcProviderArn(account, url);
    const provider = { arn, account, url, clientIds, thumbprints, tags, createdAtMs: nowMs, revision: 1 };
    try {
      await core.commit([{ op: "insert", table: "oidcProviders", row: provider }]);
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      const reason = `Provider with url ${input.url} already exists.`;
      throw ServiceError.of("AlreadyExists", { resource: "oidcProvider", id: arn, reason }, error);
    }
    return { provider };
  },
});

async function find(core: Core, arn: string, request: RequestContext): Promise<OidcProviderRecord> {
  const provider = await core.store.get("oidcProviders", { arn });
  if (provider?.account === request.principal.account) return provider;
  const reason = `OpenIDConnect Provider not found for arn ${arn}`;
  throw ServiceError.of("NotFound", { resource: "oidcProvider", id: arn, reason });
}

/** IAM: GetOpenIDConnectProvider. */
export const getOidcProvider = defineOperation<ProviderArn, { readonly provider: OidcProviderRecord }>({
  name: "GetOpenIDConnectProvider",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ providerArn }) => [{ action: "iam:GetOpenIDConnectProvider", resource: providerArn }],
  record: ({ providerArn }) => ({ openIDConnectProviderArn: providerArn }),
  run: async ({ core, input, request }) => ({ provider: await find(core, input.providerArn, request) }),
});

/** IAM: ListOpenIDConnectProviders: all at once, of which IAM has at most a hundred. */
export const listOidcProviders = defineOperation<null, { readonly providers: readonly OidcProviderRecord[] }>({
  name: "ListOpenIDConnectProviders",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: () => [{ action: "iam:ListOpenIDConnectProviders", resource: "*" }],
  record: () => null,
  run: async ({ core, request }) => ({
    providers: await core.store.listOidcProviders(request.principal.account, undefined, limits.pageItems.value),
  }),
});

/** IAM: DeleteOpenIDConnectProvider. Its tokens are refused at once; sessions that there are go on. */
export const deleteOidcProvider = defineOperation<ProviderArn, null>({
  name: "DeleteOpenIDConnectProvider",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ providerArn }) => [{ action: "iam:DeleteOpenIDConnectProvider", resource: providerArn }],
  record: ({ providerArn }) => ({ openIDConnectProviderArn: providerArn }),
  async run({ core, input, request }) {
    const { arn, revision } = await find(core, input.providerArn, request);
    await core.commit([{ op: "delete", table: "oidcProviders", key: { arn }, revision }]);
    return null;
  },
});

/** One change of a provider: IAM has an operation for each. */
function changeOf<Input extends ProviderArn>(
  name: string,
  change: (provider: OidcProviderRecord, input: Input) => Partial<OidcProviderRecord>,
  record: (input: Input) => Readonly<Record<string, unknown>>,
) {
  return defineOperation<Input, null>({
    name,
    plane: "control",
    readOnly: false,
    eventSource: adminEventSource,
    keys: [],
    resources: ({ providerArn }) => [{ action: `iam:${name}`, resource: providerArn }],
    record: (input) => ({ openIDConnectProviderArn: input.providerArn, ...record(input) }),
    async run({ core, input, request }) {
      const provider = await find(core, input.providerArn, request);
      const row = { ...provider, ...change(provider, input), revision: provider.revision + 1 };
      await core.commit([{ op: "update", table: "oidcProviders", row }]);
      return null;
    },
  });
}

interface ClientIdInput extends ProviderArn {
  readonly clientId: string;
}

/** IAM: AddClientIDToOpenIDConnectProvider. */
export const addOidcClientId = changeOf<ClientIdInput>(
  "AddClientIDToOpenIDConnectProvider",
  ({ clientIds }, { clientId }) => {
    const changed = clientIds.includes(clientId) ? clientIds : [...clientIds, clientId];
    checkClientIds(changed);
    return { clientIds: changed };
  },
  ({ clientId }) => ({ clientID: clientId }),
);

/** IAM: RemoveClientIDFromOpenIDConnectProvider. */
export const removeOidcClientId = changeOf<ClientIdInput>(
  "RemoveClientIDFromOpenIDConnectProvider",
  ({ clientIds }, { clientId }) => ({ clientIds: clientIds.filter((each) => each !== clientId) }),
  ({ clientId }) => ({ clientID: clientId }),
);

/** IAM: UpdateOpenIDConnectProviderThumbprint. */
export const updateOidcThumbprints = changeOf<ProviderArn & { readonly thumbprints: readonly string[] }>(
  "UpdateOpenIDConnectProviderThumbprint",
  (_provider, { thumbprints }) => {
    checkThumbprints(thumbprints);
    return { thumbprints };
  },
  ({ thumbprints }) => ({ thumbprintList: thumbprints }),
);

/** IAM: TagOpenIDConnectProvider. */
export const tagOidcProvider = changeOf<ProviderArn & { readonly tags: readonly IamTag[] }>(
  "TagOpenIDConnectProvider",
  (provider, { tags }) => ({ tags: putTags(provider.tags, tags) }),
  ({ tags }) => ({ tags }),
);

/** IAM: UntagOpenIDConnectProvider. */
export const untagOidcProvider = changeOf<ProviderArn & { readonly tagKeys: readonly string[] }>(
  "UntagOpenIDConnectProvider",
  (provider, { tagKeys }) => ({ tags: removeTags(provider.tags, tagKeys) }),
  ({ tagKeys }) => ({ tagKeys }),
);
