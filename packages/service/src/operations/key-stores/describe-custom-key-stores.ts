import { ServiceError } from "../../errors.ts";
import type { CustomKeyStoreRecord } from "../../model/key-store.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";
import { findKeyStore, keyStoreAction, listOwnKeyStores, refuseKeyStore } from "./checks.ts";

export interface DescribeCustomKeyStoresInput extends PageInput {
  readonly customKeyStoreId?: string | undefined;
  readonly name?: string | undefined;
}

/** AWS KMS: DescribeCustomKeyStores: one by id or name, or all of the account and region. */
export const describeCustomKeyStores = defineOperation<DescribeCustomKeyStoresInput, Page<CustomKeyStoreRecord>>({
  name: "DescribeCustomKeyStores",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: keyStoreAction("DescribeCustomKeyStores"),
  record: ({ customKeyStoreId, name }) => ({ customKeyStoreId, customKeyStoreName: name }),
  async run({ core, input, request }) {
    const { customKeyStoreId, name } = input;
    if (customKeyStoreId !== undefined && name !== undefined) {
      const reason = "Specify CustomKeyStoreId or CustomKeyStoreName, not both.";
      throw ServiceError.of("InvalidInput", { kind: "validation", reason });
    }
    if (customKeyStoreId !== undefined) {
      return { items: [(await findKeyStore(core, request, customKeyStoreId)).record] };
    }
    if (name !== undefined) {
      const found = (await listOwnKeyStores(core, request)).find((keyStore) => keyStore.name === name);
      return { items: [found ?? refuseKeyStore("notFound", `Custom key store ${name} is not found.`)] };
    }
    const { account } = request.principal;
    const listing = `customKeyStores/${account}/${request.region}`;
    const limit = pageLimit(input.limit, 100);
    const after = parseMarker(core, listing, input.marker);
    const rows = await core.store.listCustomKeyStores(account, request.region, after, limit + 1);
    return cutPage(core, listing, rows, limit, (row) => row.customKeyStoreId);
  },
});
