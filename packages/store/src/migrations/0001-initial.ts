import type { CreateTableBuilder, Kysely } from "kysely";
import type { ColumnTypes } from "./column-types.ts";
import type { AnySchema, Migration } from "./migrate.ts";

type ColumnKind = "text" | "integer" | "bytes" | "text or null" | "integer or null";

interface TableSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  readonly primaryKey: readonly string[];
  /** Further indexes, by name. Each serves one listing, in its order. */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
}

const tables: readonly TableSpec[] = [
  {
    name: "keys",
    columns: {
      region: "text",
      key_id: "text",
      account: "text",
      spec: "text",
      usage: "text",
      origin: "text",
      owner: "text",
      state: "text",
      description: "text",
      policy: "text",
      tags: "text",
      created_at_ms: "integer",
      current_version: "integer",
      rotation: "text",
      transit: "text",
      on_demand_rotations: "integer",
      deletion_at_ms: "integer or null",
      pending_window_days: "integer or null",
      due_at_ms: "integer or null",
      revision: "integer",
    },
    primaryKey: ["region", "key_id"],
    indexes: { keys_by_account: ["account", "region", "key_id"] },
  },
  {
    name: "key_versions",
    columns: {
      region: "text",
      key_id: "text",
      version: "integer",
      material_id: "text",
      wrapping_key_id: "text",
      wrapped_material: "bytes",
      created_at_ms: "integer",
      rotation_type: "text or null",
      revision: "integer",
    },
    primaryKey: ["region", "key_id", "version"],
    indexes: { key_versions_by_wrapping_key: ["wrapping_key_id", "region", "key_id", "version"] },
  },
  {
    name: "aliases",
    columns: {
      account: "text",
      region: "text",
      name: "text",
      key_id: "text",
      created_at_ms: "integer",
      updated_at_ms: "integer",
      revision: "integer",
    },
    primaryKey: ["account", "region", "name"],
    indexes: { aliases_by_key: ["account", "region", "key_id", "name"] },
  },
  {
    name: "principals",
    columns: {
      arn: "text",
      account: "text",
      kind: "text",
      name: "text",
      principal_id: "text",
      created_at_ms: "integer",
      revision: "integer",
    },
    primaryKey: ["arn"],
    indexes: { principals_by_account: ["account", "arn"] },
  },
  {
    name: "access_keys",
    columns: {
      access_key_id: "text",
      principal_arn: "text",
      account: "text",
      wrapping_key_id: "text",
      wrapped_secret: "bytes",
      active: "integer",
      created_at_ms: "integer",
      revision: "integer",
    },
    primaryKey: ["access_key_id"],
    indexes: {
      access_keys_by_principal: ["principal_arn", "access_key_id"],
      access_keys_by_wrapping_key: ["wrapping_key_id", "access_key_id"],
    },
  },
  {
    name: "tokens",
    columns: {
      digest: "text",
      accessor: "text",
      principal_arn: "text",
      account: "text",
      display_name: "text",
      vault_policies: "text",
      created_at_ms: "integer",
      expires_at_ms: "integer or null",
      revision: "integer",
    },
    primaryKey: ["digest"],
    indexes: { tokens_by_principal: ["principal_arn", "digest"] },
  },
  {
    name: "identity_policies",
    columns: { principal_arn: "text", name: "text", document: "text", revision: "integer" },
    primaryKey: ["principal_arn", "name"],
    indexes: {},
  },
  {
    name: "mounts",
    columns: {
      path: "text",
      type: "text",
      description: "text",
      accessor: "text",
      uuid: "text",
      created_at_ms: "integer",
      revision: "integer",
    },
    primaryKey: ["path"],
    indexes: {},
  },
  {
    name: "wrapping_keys",
    columns: { wrapping_key_id: "text", wrapped_key: "bytes", created_at_ms: "integer", revision: "integer" },
    primaryKey: ["wrapping_key_id"],
    indexes: { wrapping_keys_by_age: ["created_at_ms", "wrapping_key_id"] },
  },
  {
    name: "settings",
    columns: { name: "text", value: "text", revision: "integer" },
    primaryKey: ["name"],
    indexes: {},
  },
];

async function createTable(db: Kysely<AnySchema>, types: ColumnTypes, spec: TableSpec): Promise<void> {
  const kinds: Record<ColumnKind, { type: ColumnTypes["text"]; nullable: boolean }> = {
    text: { type: types.text, nullable: false },
    integer: { type: types.integer, nullable: false },
    bytes: { type: types.bytes, nullable: false },
    "text or null": { type: types.text, nullable: true },
    "integer or null": { type: types.integer, nullable: true },
  };
  let table: CreateTableBuilder<string, string> = db.schema.createTable(spec.name);
  for (const [name, kind] of Object.entries(spec.columns)) {
    const { type, nullable } = kinds[kind];
    table = table.addColumn(name, type, (column) => (nullable ? column : column.notNull()));
  }
  await table
    .addPrimaryKeyConstraint(`${spec.name}_pk`, [...spec.primaryKey])
    .modifyEnd(types.tableEnd)
    .execute();
  for (const [index, columns] of Object.entries(spec.indexes)) {
    await db.schema
      .createIndex(index)
      .on(spec.name)
      .columns([...columns])
      .execute();
  }
}

/** The first schema: keys and their versions, aliases, identities, mounts, the keyring and settings. */
export const initial: Migration = {
  name: "0001-initial",
  async up(db, types) {
    for (const table of tables) await createTable(db, types, table);
    // Few keys are ever due: the index holds those only.
    await db.schema
      .createIndex("keys_by_due")
      .on("keys")
      .columns(["due_at_ms", "region", "key_id"])
      .where("due_at_ms", "is not", null)
      .execute();
  },
};
