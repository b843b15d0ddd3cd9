import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { describeStoreContract } from "@coffer/testkit";
import { openSqliteStore } from "./open.ts";

let directory = "";
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "coffer-store-"));
});
after(() => rm(directory, { recursive: true, force: true }));

describeStoreContract("SQLite in memory", () =>
  openSqliteStore({ path: ":memory:", durability: "os", exclusive: true }),
);
describeStoreContract("SQLite in a file", () =>
  openSqliteStore({ path: join(directory, `${count++}.db`), durability: "os", exclusive: true }),
);
