import type { TableKeys, TableName, Tables, Write } from "@coffer/service";
import { type AnyRecord, keyOf, primaryKeys, tableNames } from "./store-records.ts";

/** What a commit is expected to meet. */
export interface ExpectedConflict {
  readonly kind: "exists" | "stale";
  readonly table: TableName;
}

type ModelTables = ReadonlyMap<TableName, Map<string, AnyRecord>>;

/** The store's contract as plain maps, to compare a store with. It is no store: nothing else may use it as one. */
export class StoreModel {
  #tables: ModelTables = new Map(tableNames.map((table) => [table, new Map()]));

  get<T extends TableName>(table: T, key: TableKeys[T]): Tables[T] | undefined {
    return this.#rows(table).get(rowName(table, key as unknown as AnyRecord)) as Tables[T] | undefined;
  }

  /** All rows of a table, in no order. */
  rows<T extends TableName>(table: T): readonly Tables[T][] {
    return [...this.#rows(table).values()] as unknown as readonly Tables[T][];
  }

  /** Applies all writes or, when one conflicts, none. */
  commit(writes: readonly Write[]): ExpectedConflict | undefined {
    const before = this.#tables;
    this.#tables = new Map([...before].map(([table, rows]) => [table, new Map(rows)]));
    for (const write of writes) {
      const kind = this.#apply(write);
      if (kind !== undefined) {
        this.#tables = before;
        return { kind, table: write.table };
      }
    }
    return undefined;
  }

  #rows(table: TableName): Map<string, AnyRecord> {
    return this.#tables.get(table) ?? new Map();
  }

  #apply(write: Write): "exists" | "stale" | undefined {
    const rows = this.#rows(write.table);
    const key = write.op === "delete" ? write.key : keyOf(write.table, write.row);
    const name = rowName(write.table, key as unknown as AnyRecord);
    const found = rows.get(name);
    if (write.op === "insert") {
      if (found !== undefined) return "exists";
      rows.set(name, write.row as unknown as AnyRecord);
    } else if (write.op === "update") {
      if (found?.["revision"] !== write.row.revision - 1) return "stale";
      rows.set(name, write.row as unknown as AnyRecord);
    } else {
      if (write.revision !== "any" && found?.["revision"] !== write.revision) return "stale";
      rows.delete(name);
    }
    return undefined;
  }
}

function rowName(table: TableName, members: AnyRecord): string {
  return JSON.stringify(primaryKeys[table].map((member) => members[member]));
}

/** Orders texts by code points, which is the order of their UTF-8. */
export function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
