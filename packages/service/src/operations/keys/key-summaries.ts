import type { Core } from "../../core.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import { anyState, type KeyInput, namedKey, type Page, type PageInput } from "../shared.ts";

/** A key and the alias that names it first, by name; REST calls keys by it. */
export interface KeySummary {
  readonly key: KeyRecord;
  /** With its prefix `alias/`; undefined when the key has no alias. */
  readonly alias: string | undefined;
}

async function summarize(core: Core, key: KeyRecord): Promise<KeySummary> {
  const aliases = await core.store.listKeyAliases(key.account, key.region, key.keyId, undefined, 1);
  return { key, alias: aliases[0]?.name };
}

/** As DescribeKey, with the key's first alias. */
export const summarizeKey = defineOperation<KeyInput, KeySummary>({
  name: "DescribeKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:DescribeKey", anyState)],
  record: ({ keyId }) => ({ keyId }),
  run: ({ core, keys }) => summarize(core, keys[0]!.record),
});

/** As ListKeys, with each key's first alias. By key id. */
export const listKeySummaries = defineOperation<PageInput, Page<KeySummary>>({
  name: "ListKeys",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:ListKeys", resource: "*" }],
  record: ({ limit, marker }) => ({ limit, marker }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const limit = pageLimit(input.limit, 100);
    const listing = `ListKeySummaries/${account}/${request.region}`;
    const after = parseMarker(core, listing, input.marker);
    const rows = await core.store.listKeys(account, request.region, after, limit + 1);
    const page = cutPage(core, listing, rows, limit, ({ keyId }) => keyId);
    const items: KeySummary[] = [];
    for (const key of page.items) items.push(await summarize(core, key));
    return { ...page, items };
  },
});
