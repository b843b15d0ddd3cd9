import type { KeyRecord } from "../../model/key.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import type { Page, PageInput } from "../shared.ts";

/** AWS KMS: ListKeys. Keys of the caller's account in the request's region, by key id. */
export const listKeys = defineOperation<PageInput, Page<KeyRecord>>({
  name: "ListKeys",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:ListKeys", resource: "*" }],
  record: ({ limit, marker }) => ({ limit, marker }),
  run: (call) => keysPage(call, "ListKeys"),
});

/** One page of the keys of the caller's account. `operation` keeps the markers of each listing to itself. */
export async function keysPage({ core, request, input }: Call<PageInput>, operation: string): Promise<Page<KeyRecord>> {
  const { account } = request.principal;
  const limit = pageLimit(input.limit, 100);
  const listing = `${operation}/${account}/${request.region}`;
  const after = parseMarker(core, listing, input.marker);
  const rows = await core.store.listKeys(account, request.region, after, limit + 1);
  return cutPage(core, listing, rows, limit, ({ keyId }) => keyId);
}
