import { defineOperation } from "../../pipeline/operation.ts";

export interface ListNamedKeysInput {
  /** `alias/` for the default mount, `alias/MOUNT/` for another. */
  readonly prefix: string;
  /** The names behind this one; all when absent. */
  readonly after?: string | undefined;
  /** At most so many; all when absent. */
  readonly limit?: number | undefined;
}

/** Names looked up in one turn of the event loop, so that a long list holds up nobody else. */
const pageRows = 200;

/** Vault API: Transit, list keys. Names below a prefix that hold no further slash, by name; keys on their way out are left out. */
export const listNamedKeys = defineOperation<ListNamedKeysInput, { readonly names: readonly string[] }>({
  name: "ListKeys",
  plane: "control",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:ListKeys", resource: "*" }],
  record: ({ prefix, after, limit }) => ({ prefix, after, limit }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const names: string[] = [];
    const { limit = Number.POSITIVE_INFINITY } = input;
    let after = input.after === undefined ? undefined : `${input.prefix}${input.after}`;
    for (;;) {
      const rows = await core.store.listAliases(account, request.region, input.prefix, after, pageRows);
      for (const { name, region, keyId } of rows) {
        const short = name.slice(input.prefix.length);
        if (short === "" || short.includes("/")) continue;
        const key = await core.store.get("keys", { region, keyId });
        if (key !== undefined && key.state !== "pendingDestruction") names.push(short);
        if (names.length >= limit) return { names };
      }
      if (rows.length < pageRows) return { names };
      after = rows[rows.length - 1]!.name;
      await new Promise(setImmediate);
    }
  },
});
