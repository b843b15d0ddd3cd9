import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { decryptFile, encryptFile } from "./index.ts";
import { directoryWith, failing, keyring, patternBytes } from "./testing/files.ts";

const parallel = { keyring, threads: 2, parallelFromBytes: 0 };
const alone = { keyring };

/** Runs a program of its own, in which `run` is the end of an encryption from `source` to `target`. */
function runChild(source: string, target: string, before: string, shell = ""): Promise<{ stdout: string }> {
  const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const program = `
    import { encryptFile } from ${here("./index.ts")};
    import { rawAesKeyring } from ${here("../index.ts")};
    const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
    const options = { keyring, threads: 2, parallelFromBytes: 0, overwrite: true };
    ${before}
    await encryptFile(${JSON.stringify(source)}, ${JSON.stringify(target)}, options).catch((error) =>
      console.log(error.code, error.systemCode, error.message));
  `;
  const command = `${shell} exec "$0" --input-type=module -e "$1"`;
  return promisify(execFile)("sh", ["-c", command, process.execPath, program]);
}

test("a full disk is told with the file's name, and nothing is left", async (t) => {
  const { directory, at } = directoryWith(patternBytes(5_000_000));
  mkdirSync(at("small"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", at("small")], { stdio: "ignore" });
  } catch {
    t.skip("mounting needs root");
    return;
  }
  try {
    const full = failing("FileFailed", /small\/target: no space is left on its file system \(ENOSPC\)\.$/);
    await encryptFile(at("plain"), at("sealed"), alone);
    for (const options of [parallel, alone]) {
      await assert.rejects(encryptFile(at("plain"), at("small/target"), options), full);
      await assert.rejects(decryptFile(at("sealed"), at("small/target"), options), full);
      assert.deepEqual(readdirSync(at("small")), []);
    }
  } finally {
    execFileSync("umount", [at("small")]);
  }
  assert.ok(readFileSync(at("plain")).equals(patternBytes(5_000_000)));
  assert.deepEqual(readdirSync(directory).sort(), ["plain", "sealed", "small"]);
});

test("a limit of the file's length is told likewise", async () => {
  const { directory, at } = directoryWith(patternBytes(5_000_000));
  for (const before of ["", "options.parallelFromBytes = 1e9;"]) {
    const { stdout } = await runChild(at("plain"), at("target"), before, "ulimit -f 100;");
    assert.match(stdout, /^FileFailed EFBIG .*target: it would get larger than files may be here \(EFBIG\)\.$/m);
    assert.deepEqual(readdirSync(directory), ["plain"]);
  }
});

test("what a killed process leaves is no target, and is cleared away by the next", async () => {
  const { directory, at } = directoryWith(patternBytes(5_000_000));
  writeFileSync(at("target"), "of before");
  const killed = runChild(
    at("plain"),
    at("target"),
    `options.onProgress = () => process.kill(process.pid, "SIGKILL");`,
  );
  await assert.rejects(killed, { signal: "SIGKILL" });
  assert.equal(readFileSync(at("target"), "utf8"), "of before");
  const left = readdirSync(directory).filter((name) => name.startsWith(".coffer-"));
  assert.equal(left.length, 1);
  const [name] = left as [string];
  // Of a process that runs, of another machine, and of somebody else.
  const others = [
    name.replace(/-[0-9]+-/, `-${process.pid}-`),
    name.replace(/-[0-9]+-/, "-1-"),
    name.replace(/^\.coffer-[0-9a-f]{8}/, ".coffer-00000000"),
    `${name}x`,
  ];
  for (const other of others) writeFileSync(at(other), "");
  await encryptFile(at("plain"), at("second"), alone);
  assert.deepEqual(readdirSync(directory).sort(), [...others, "plain", "second", "target"].sort());
});
