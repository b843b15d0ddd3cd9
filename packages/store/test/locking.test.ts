import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { openSqliteStore, StoreInUse } from "../src/index.ts";

const holder = join(import.meta.dirname, "hold-open.ts");
let directory = "";
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "coffer-locking-"));
});
after(() => rm(directory, { recursive: true, force: true }));

function freshPath(): string {
  return join(directory, `${count++}.db`);
}

type Locking = "exclusive" | "shared";

/** Opens the store in another process. Returns what that said, and what ends it. */
async function openElsewhere(path: string, locking: Locking) {
  const child = spawn(process.execPath, [holder, path, locking], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [said] = (await once(lines, "line")) as [string];
  return {
    said,
    kill: () => child.kill("SIGKILL"),
    exited,
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

function openHere(path: string, locking: Locking) {
  return openSqliteStore({ path, durability: "os", exclusive: locking === "exclusive" });
}

describe("an exclusive store", () => {
  it("locks other processes out from the moment it is open, with an error that names the file", async () => {
    const path = freshPath();
    const elsewhere = await openElsewhere(path, "exclusive");
    assert.equal(elsewhere.said, "open");
    await assert.rejects(openHere(path, "exclusive"), (error) => {
      assert.ok(error instanceof StoreInUse);
      assert.equal(error.path, path);
      assert.ok(error.message.includes(path));
      return true;
    });
    await elsewhere.close();
    await (await openHere(path, "exclusive")).close();
  });
  it("does so when it has nothing to migrate or write, too", async () => {
    const path = freshPath();
    await (await openHere(path, "exclusive")).close();
    const store = await openHere(path, "exclusive");
    const elsewhere = await openElsewhere(path, "exclusive");
    assert.match(elsewhere.said, /^StoreInUse: /);
    await elsewhere.close();
    await store.close();
  });
  it("frees the file when its process is killed", async () => {
    const path = freshPath();
    const elsewhere = await openElsewhere(path, "exclusive");
    elsewhere.kill();
    await elsewhere.exited;
    await (await openHere(path, "exclusive")).close();
  });
  it("is refused while another process shares the file", async () => {
    const path = freshPath();
    const elsewhere = await openElsewhere(path, "shared");
    assert.equal(elsewhere.said, "open");
    await assert.rejects(openHere(path, "exclusive"), StoreInUse);
    await elsewhere.close();
  });
});

describe("a shared store", () => {
  it("is open in two processes, and sees what the other has committed", async () => {
    const path = freshPath();
    const elsewhere = await openElsewhere(path, "shared");
    const [one, two] = [await openHere(path, "shared"), await openHere(path, "shared")];
    await one.commit([{ op: "insert", table: "settings", row: { name: "a", value: "b", revision: 1 } }]);
    assert.equal((await two.get("settings", { name: "a" }))?.value, "b");
    await one.close();
    await two.close();
    await elsewhere.close();
  });
});
