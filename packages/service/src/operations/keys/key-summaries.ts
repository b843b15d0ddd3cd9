import type { Core } from "../../core.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey, type Page, type PageInput } from "../shared.ts";
import { keysPage } from "./list-keys.ts";

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
  async run(call) {
    const page = await keysPage(call, "ListKeySummaries");
    const items: KeySummary[] = [];
    for (const key of page.items) items.push(await summarize(call.core, key));
    return { ...page, items };
  },
});
