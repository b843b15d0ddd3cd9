export { StoreInUse, StoreTooNew } from "./errors.ts";
export { type Durability, openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
