import assert from "node:assert/strict";
import { existsSync, linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { writeStaged } from "./staged-file.ts";

describe("a staged file", () => {
  const folder = mkdtempSync(join(tmpdir(), "staged-file-"));
  after(() => rmSync(folder, { recursive: true }));
  const [victim, source] = [join(folder, "victim"), join(folder, "source")];
  writeFileSync(victim, "root's", { mode: 0o600 });
  writeFileSync(source, "anybody's", { mode: 0o644 });
  const like = statSync(source);
  const stage = (target: string, write: (path: string) => void) =>
    writeStaged({ folder, target, like, keepTimes: true, overwrite: true }, async (path) => write(path));

  it("gets the mode and times of another", async () => {
    const target = join(folder, "target");
    await stage(target, (path) => writeFileSync(path, "whole", { mode: 0o600 }));
    assert.equal(statSync(target).mode & 0o777, like.mode & 0o777);
    assert.equal(Math.floor(statSync(target).mtimeMs), Math.floor(like.mtimeMs));
  });

  for (const [kind, put] of [
    ["symbolic", symlinkSync],
    ["hard", linkSync],
  ] as const) {
    it(`gives nothing away by a ${kind} link that somebody put in its place`, async () => {
      const before = statSync(victim);
      const target = join(folder, kind);
      await assert.rejects(stage(target, (path) => put(victim, path)));
      assert.equal(existsSync(target), false);
      const { mode, mtimeMs } = statSync(victim);
      assert.deepEqual([mode, mtimeMs], [before.mode, before.mtimeMs]);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith(".")),
        [],
      );
    });
  }
});
