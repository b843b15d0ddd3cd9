import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import { describeSealContract } from "@coffer/testkit";
import { SealFileDamaged, SealFileMissing, SealFileUnsafe } from "./errors.ts";
import { openKeyFileSeal } from "./key-file-seal.ts";

let root = "";
let count = 0;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "coffer-seal-"));
});
after(() => rm(root, { recursive: true, force: true }));

/** A path in a directory that does not exist yet. */
function freshPath(): string {
  return join(root, `seal-${count++}`, "key");
}

async function createdPath(): Promise<string> {
  const path = freshPath();
  await openKeyFileSeal({ path, create: true });
  return path;
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

function open(path: string) {
  return openKeyFileSeal({ path, create: true });
}

describe("the key-file seal under the contract", () => {
  const paths = { mine: "", other: "" };
  before(() => Object.assign(paths, { mine: freshPath(), other: freshPath() }));
  describeSealContract("key file", { open: () => open(paths.mine), openOther: () => open(paths.other) });
});

describe("creating a key file", () => {
  it("makes it private, in a private directory, and leaves nothing beside it", async () => {
    const path = await createdPath();
    assert.equal(await modeOf(path), "600");
    assert.equal(await modeOf(dirname(path)), "700");
    assert.deepEqual(await readdir(dirname(path)), [basename(path)]);
  });
  it("makes it private whatever the umask", async () => {
    const mask = process.umask(0);
    try {
      const path = await createdPath();
      assert.equal(await modeOf(path), "600");
      assert.equal(await modeOf(dirname(path)), "700");
    } finally {
      process.umask(mask);
    }
  });
  it("writes another key each time, in the documented format", async () => {
    const files = await Promise.all([createdPath(), createdPath()].map(async (path) => readFile(await path, "latin1")));
    for (const file of files) assert.match(file, /^coffer key file v1\n[0-9a-f]{64}\n[0-9a-f]{16}\n$/);
    assert.notEqual(files[0], files[1]);
  });
  it("never replaces a key file", async () => {
    const path = await createdPath();
    const content = await readFile(path);
    await open(path);
    assert.deepEqual(await readFile(path), content);
  });
  it("ends with one key when several start at once", async () => {
    const path = freshPath();
    const seals = await Promise.all(Array.from({ length: 8 }, () => open(path)));
    using rootKey = SecretBytes.random(32);
    for (const seal of seals) {
      for (const opener of seals) {
        using opened = await opener.unseal(await seal.seal(rootKey));
        assert.equal(opened?.equals(rootKey), true);
      }
    }
    assert.deepEqual(await readdir(dirname(path)), [basename(path)]);
  });
  it("is not done unless asked for", async () => {
    const path = freshPath();
    await assert.rejects(openKeyFileSeal({ path, create: false }), (error) => {
      assert.ok(error instanceof SealFileMissing);
      assert.ok(error.message.includes(path));
      return true;
    });
    await assert.rejects(lstat(dirname(path)), { code: "ENOENT" });
    await mkdir(dirname(path), { mode: 0o700 });
    await assert.rejects(openKeyFileSeal({ path, create: false }), SealFileMissing);
    assert.deepEqual(await readdir(dirname(path)), []);
  });
  it("is refused in a directory that others can reach", async () => {
    const path = freshPath();
    await mkdir(dirname(path));
    await chmod(dirname(path), 0o755);
    await assert.rejects(open(path), unsafe(dirname(path), "0755", `chmod 700 ${dirname(path)}`));
    assert.deepEqual(await readdir(dirname(path)), []);
  });
});

function unsafe(path: string, mode: string, command: string) {
  return (error: unknown) => {
    assert.ok(error instanceof SealFileUnsafe, String(error));
    assert.equal(error.path, path);
    for (const part of [path, mode, command]) assert.ok(error.message.includes(part), `${error.message}: ${part}`);
    return true;
  };
}

describe("an unsafe key file is refused", () => {
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
    it(`with mode ${mode.toString(8)}`, async () => {
      const path = await createdPath();
      await chmod(path, mode);
      await assert.rejects(open(path), unsafe(path, `0${mode.toString(8)}`, `chmod 600 ${path}`));
      await chmod(path, 0o600);
      await open(path);
    });
  }
  for (const mode of [0o750, 0o705, 0o720, 0o702, 0o711, 0o777]) {
    it(`in a directory with mode ${mode.toString(8)}`, async () => {
      const path = await createdPath();
      await chmod(dirname(path), mode);
      await assert.rejects(open(path), unsafe(dirname(path), `0${mode.toString(8)}`, `chmod 700 ${dirname(path)}`));
    });
  }
  it("when it is a symbolic link", async () => {
    const path = await createdPath();
    await rename(path, `${path}.real`);
    await symlink(`${path}.real`, path);
    await assert.rejects(open(path), { name: "SealFileUnsafe", message: /symbolic link/ });
  });
  it("when it is a symbolic link to nowhere, where none is created either", async () => {
    const path = freshPath();
    await mkdir(dirname(path), { mode: 0o700 });
    await symlink(join(root, "elsewhere"), path);
    await assert.rejects(open(path), { name: "SealFileUnsafe", message: /symbolic link/ });
    await assert.rejects(lstat(join(root, "elsewhere")), { code: "ENOENT" });
  });
  it("when its directory is a symbolic link", async () => {
    const path = await createdPath();
    const link = join(root, `link-${count++}`);
    await symlink(dirname(path), link);
    await assert.rejects(open(join(link, basename(path))), { name: "SealFileUnsafe", message: /symbolic link/ });
  });
  it("when it is a directory", async () => {
    const path = freshPath();
    await mkdir(path, { recursive: true, mode: 0o700 });
    await assert.rejects(open(path), { name: "SealFileUnsafe", message: /not a regular file/ });
  });
  it("when it is a named pipe, without waiting for a writer", async () => {
    const path = freshPath();
    await mkdir(dirname(path), { mode: 0o700 });
    execFileSync("mkfifo", ["-m", "600", path]);
    await assert.rejects(open(path), { name: "SealFileUnsafe", message: /not a regular file/ });
  });
  it("when it or its directory belongs to another user", async (context: TestContext) => {
    if (process.geteuid?.() !== 0) return context.skip("only root can give a file away");
    for (const which of ["file", "directory"]) {
      const path = await createdPath();
      const given = which === "file" ? path : dirname(path);
      await chown(given, 12345, 0);
      await assert.rejects(open(path), {
        name: "SealFileUnsafe",
        message: new RegExp(`${which} .*user 12345.*chown 0 `),
      });
    }
  });
});

describe("a damaged key file is refused", () => {
  const damages: readonly [string, (content: Buffer) => Buffer][] = [
    ["when empty", () => Buffer.alloc(0)],
    ["when cut short", (content) => content.subarray(0, -1)],
    ["when something follows", (content) => Buffer.concat([content, Buffer.from("\n")])],
    ["of a later version", (content) => Buffer.from(content.toString("latin1").replace("v1", "v2"), "latin1")],
    [
      "in upper case",
      (content) =>
        Buffer.from(
          content.toString("latin1").replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase()),
          "latin1",
        ),
    ],
  ];
  for (const [name, damage] of damages) {
    it(name, async () => {
      const path = await createdPath();
      const content = await readFile(path);
      await writeFile(path, damage(content));
      await assert.rejects(open(path), SealFileDamaged);
    });
  }
  it("with any byte changed, and the error does not quote it", async () => {
    const path = await createdPath();
    const content = await readFile(path);
    for (let index = 0; index < content.length; index++) {
      const changed = Buffer.from(content);
      changed[index] = content[index] === 0x30 ? 0x31 : 0x30;
      await writeFile(path, changed);
      await assert.rejects(open(path), (error) => {
        assert.ok(error instanceof SealFileDamaged, `byte ${index}: ${String(error)}`);
        assert.ok(error.message.includes(path));
        assert.doesNotMatch(error.message.replaceAll(path, ""), /[0-9a-f]{8}/);
        return true;
      });
    }
    await writeFile(path, content, { flag: constants.O_WRONLY | constants.O_TRUNC });
    await open(path);
  });
});
