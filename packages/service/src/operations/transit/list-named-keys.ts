import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";

export interface ListNamedKeysInput {
  /** `alias/` for the default mount, `alias/MOUNT/` for another. */
  readonly prefix: string;
}

/** Vault API: Transit, list keys. Names below a prefix that hold no further slash, by name; keys on their way out are left out. */
export const listNamedKeys = defineOperation<ListNamedKeysInput, { readonly names: readonly string[] }>({
  name: "ListKeys",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:ListKeys", resource: "*" }],
  record: ({ prefix }) => ({ prefix }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const names: string[] = [];
    const page = limits.pageItems.value;
    for (let after: string | undefined; ; ) {
      const rows = await core.store.listAliases(account, request.region, input.prefix, after, page);
      for (const { name, region, keyId } of rows) {
        const short = name.slice(input.prefix.length);
        if (short.includes("/")) continue;
        const key = await core.store.get("keys", { region, keyId });
        if (key !== undefined && key.state !== "pendingDestruction") names.push(short);
      }
      if (rows.length < page) return { names };
      after = rows[rows.length - 1]!.name;
    }
  },
});
