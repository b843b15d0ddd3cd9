import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SealFileUnsafe } from "./errors.ts";
import { createPrivateFile, readPrivateFile } from "./private-file.ts";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "coffer-private-"));
});
after(() => rm(root, { recursive: true, force: true }));

describe("a private file", () => {
  it("is created once and read back", async () => {
    const path = join(root, "once", "deep", "file");
    assert.equal(await createPrivateFile(path, Buffer.from("first")), true);
    assert.equal(await createPrivateFile(path, Buffer.from("second")), false);
    assert.equal((await readPrivateFile(path, 100)).toString(), "first");
    assert.equal((await readPrivateFile(path, 2)).toString(), "fi");
    assert.deepEqual(await readdir(join(root, "once", "deep")), ["file"]);
  });
  it("is not created where others could replace it", async () => {
    const open = join(root, "open");
    await mkdir(open);
    await chmod(open, 0o777);
    await assert.rejects(createPrivateFile(join(open, "file"), Buffer.from("x")), SealFileUnsafe);
    assert.deepEqual(await readdir(open), []);
  });
  it("is not created through a symbolic link", async () => {
    const directory = join(root, "linked");
    const target = join(root, "target");
    await mkdir(directory, { mode: 0o700 });
    await symlink(target, join(directory, "file"));
    assert.equal(await createPrivateFile(join(directory, "file"), Buffer.from("x")), false);
    await assert.rejects(readFile(target), { code: "ENOENT" });
  });
});
