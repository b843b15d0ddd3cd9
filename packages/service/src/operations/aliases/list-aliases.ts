import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { parseKeyReference } from "../../model/arn.ts";
import type { AliasRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";

export interface ListAliasesInput extends PageInput {
  /** Only the aliases of this key: id, ARN or alias. */
  readonly keyId?: string | undefined;
}

/** Keys of other accounts are as good as missing here. @throws ServiceError NotFound, InvalidInput */
async function ownKey(core: Core, reference: string, account: string, region: string): Promise<KeyEntry> {
  const owner = parseKeyReference(reference)?.account;
  if (owner !== undefined && owner !== account) {
    throw ServiceError.of("NotFound", { resource: "key", id: reference });
  }
  return core.keys.resolve(reference, account, region);
}

/** AWS KMS: ListAliases. By name. */
export const listAliases = defineOperation<ListAliasesInput, Page<AliasRecord>>({
  name: "ListAliases",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:ListAliases", resource: "*" }],
  record: ({ keyId, limit, marker }) => ({ keyId, limit, marker }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const { region } = request;
    const limit = pageLimit(input.limit, 50);
    const key = input.keyId === undefined ? undefined : await ownKey(core, input.keyId, account, region);
    const listing = `ListAliases/${account}/${region}/${key?.record.keyId ?? ""}`;
    const after = parseMarker(core, listing, input.marker);
    const rows =
      key === undefined
        ? await core.store.listAliases(account, region, "alias/", after, limit + 1)
        : await core.store.listKeyAliases(account, region, key.record.keyId, after, limit + 1);
    return cutPage(core, listing, rows, limit, ({ name }) => name);
  },
});
