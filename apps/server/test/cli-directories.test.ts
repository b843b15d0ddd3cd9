import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it, type TestContext } from "node:test";
import { encrypt, kmsKeyring } from "@coffer/envelope";
import { FilesUnderTest } from "./cli-files-under-test.ts";
import { temporaryFolder } from "./run-program.ts";
import type { RunningProgram } from "./running-program.ts";

/** Waits until something whose name matches is in a folder. @throws when the program ends before */
async function appears(folder: string, pattern: RegExp, program: RunningProgram): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => readdirSync(folder).some((name) => pattern.test(name)) && resolve();
  const watcher = watch(folder, { persistent: false }, look);
  look();
  void program.ended.then(() => reject(new Error(`it ended: ${program.err.join(" ")}`)));
  try {
    await promise;
  } finally {
    watcher.close();
  }
}

/** Names of what a killed run leaves. */
const temporary = /^\.coffer-.*\.tmp$/;

describe("coffer encrypt and decrypt on directories", () => {
  let files: FilesUnderTest;

  before(async () => {
    files = await FilesUnderTest.start(temporaryFolder("cli-directories"));
  });
  after(() => files?.server.kill());

  const json = async (...args: string[]) => {
    const { status, stdout, stderr } = await files.run([...args, "--json"]);
    return { status, stderr, ...JSON.parse(stdout || "{}") };
  };
  const makeFiles = (name: string, count: number, bytes = 100) => {
    mkdirSync(files.path(name));
    for (let index = 0; index < count; index++) writeFileSync(files.path(name, `f${index}`), randomBytes(bytes));
  };
  const sameContent = (a: string, b: string) => {
    for (const name of readdirSync(files.path(a))) {
      assert.deepEqual(readFileSync(files.path(b, name)), readFileSync(files.path(a, name)), name);
    }
  };

  it("keep names of any bytes, empty directories, modes and times, and leave links out", async () => {
    const odd = (name: string) => Buffer.from(files.path(name).replaceAll("?", "\u00ff"), "latin1");
    mkdirSync(files.path("tree/sub/empty"), { recursive: true });
    mkdirSync(odd("tree/d?"));
    writeFileSync(odd("tree/d?/f?\n"), "odd");
    writeFileSync(odd("tree/x?"), "odd too", { mode: 0o600 });
    writeFileSync(files.path("tree/ünïcode \u{1f511}"), "text");
    writeFileSync(files.path("tree/sub/zero"), "");
    writeFileSync(files.path("tree/sub/run"), "#!", { mode: 0o755 });
    utimesSync(files.path("tree/sub/run"), 1_000_000_000.123, 1_000_000_000.456);
    writeFileSync(files.path("secret"), "outside");
    symlinkSync("../secret", files.path("tree/link"));
    symlinkSync("/etc", files.path("tree/sub/etc"));
    utimesSync(files.path("tree/sub"), 1_100_000_000, 1_100_000_000);
    chmodSync(files.path("tree/sub"), 0o555);
    const told = await json("encrypt", "--key", "alias/files", "tree");
    assert.deepEqual([told.status, told.stderr, told.done, told.failed], [0, "", 5, []]);
    assert.deepEqual(told.leftOut.toSorted(), ["link", "sub/etc"]);
    assert.ok(!existsSync(files.path("tree.enc/link.enc")));
    assert.equal((await json("decrypt", "tree.enc", "-o", "back")).done, 5);
    for (const name of ["d?", "d?/f?\n", "x?", "ünïcode \u{1f511}", "sub/empty", "sub/zero", "sub/run", "sub"]) {
      const path = (top: string) => (name.includes("?") ? odd(`${top}/${name}`) : files.path(top, name));
      const [before, then] = [lstatSync(path("tree")), lstatSync(path("back"))];
      assert.deepEqual([then.mode, then.size], [before.mode, before.isDirectory() ? then.size : before.size], name);
      assert.ok(Math.abs(then.mtimeMs - before.mtimeMs) < 1, name);
      if (before.isFile()) assert.deepEqual(readFileSync(path("back")), readFileSync(path("tree")));
    }
    const again = await json("encrypt", "--key", "alias/files", "tree");
    assert.deepEqual([again.status, again.done, again.skipped], [0, 0, 5]);
    chmodSync(files.path("tree/sub"), 0o755);
    for (const top of ["tree.enc", "back"]) chmodSync(files.path(top, "sub"), 0o755);
  });

  it("do what is new, name what is another now, and replace it when told", async () => {
    makeFiles("work", 3);
    await json("encrypt", "--key", "alias/files", "work");
    writeFileSync(files.path("work/f1"), "changed");
    writeFileSync(files.path("work/f3"), "new");
    const told = await json("encrypt", "--key", "alias/files", "work");
    assert.deepEqual([told.status, told.done, told.skipped], [1, 1, 2]);
    assert.match(told.stderr, /^coffer: f1: work\.enc\/f1\.enc is there already.*--update replaces such files\.\n$/);
    assert.equal(told.failed[0].file, "f1");
    const updated = await json("encrypt", "--update", "--key", "alias/files", "work");
    assert.deepEqual([updated.status, updated.done, updated.skipped], [0, 1, 3]);
    const other = await json("encrypt", "--key", "alias/files", "--context", "a=b", "work");
    assert.deepEqual([other.status, other.failed.length], [1, 4], "made with another context");
    const all = await json("encrypt", "--force", "--key", "alias/files", "--context", "a=b", "work");
    assert.deepEqual([all.status, all.done], [0, 4]);
    assert.equal((await json("decrypt", "--context", "a=b", "work.enc", "-o", "work.out")).done, 4);
    sameContent("work", "work.out");
    // Of the same time, but cut off.
    const target = files.path("work.enc/f0.enc");
    const { atimeMs, mtimeMs } = statSync(target);
    writeFileSync(target, readFileSync(target).subarray(0, -5));
    utimesSync(target, atimeMs / 1000, mtimeMs / 1000);
    const cut = await json("encrypt", "--update", "--key", "alias/files", "--context", "a=b", "work");
    assert.deepEqual([cut.done, cut.skipped], [1, 3], "what is not whole is done again");
  });

  it("go on where a run was killed, and leave nothing half written", async () => {
    makeFiles("many", 40, 300_000);
    writeFileSync(files.path("many/large"), randomBytes(60_000_000));
    for (const [signal, exitCode, out] of [
      ["SIGKILL", null, "killed"],
      ["SIGINT", 130, "interrupted"],
      ["SIGTERM", 143, "terminated"],
    ] as const) {
      mkdirSync(files.path(out));
      const { program } = files.start(["encrypt", "--key", "alias/files", "many", "-o", out]);
      await appears(files.path(out), /^f\d+\.enc$/, program);
      program.signal(signal);
      assert.equal(await program.ended, exitCode);
      const left = readdirSync(files.path(out));
      if (signal !== "SIGKILL") {
        assert.deepEqual(
          left.filter((name) => !name.endsWith(".enc")),
          [],
          "temporary files are gone",
        );
        assert.match(program.err.join("\n"), /^coffer: interrupted by SIG\w+: nothing half done is left; run it again/);
      }
      const whole = left.filter((name) => name.endsWith(".enc")).length;
      assert.ok(whole >= 1 && whole < 41, `${whole} of 41`);
      const told = await json("encrypt", "--key", "alias/files", "many", "-o", out);
      assert.deepEqual([told.status, told.done + told.skipped], [0, 41]);
      assert.ok(told.skipped >= whole, "what was whole is not done again");
      assert.equal(readdirSync(files.path(out)).filter((name) => temporary.test(name)).length, 0);
      rmSync(files.path("many.out"), { recursive: true, force: true });
      assert.equal((await json("decrypt", out, "-o", "many.out")).done, 41);
      sameContent("many", "many.out");
    }
  });

  it("leave nothing of one file that was interrupted", async () => {
    mkdirSync(files.path("single"));
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const { program, input } = files.start(["encrypt", "--key", "alias/files", "-", "-o", "single/out"]);
      input.write(randomBytes(3_000_000));
      await appears(files.path("single"), temporary, program);
      program.signal(signal);
      await program.ended;
      assert.ok(!existsSync(files.path("single/out")));
      if (signal === "SIGINT") assert.deepEqual(readdirSync(files.path("single")), []);
    }
    writeFileSync(files.path("single/in"), "x");
    await json("encrypt", "--key", "alias/files", "single/in");
    assert.deepEqual(readdirSync(files.path("single")).toSorted(), ["in", "in.enc"], "the next run clears up");
  });

  it("share data keys: a thousand files cost few calls", async (t) => {
    makeFiles("small", 1_000, 10);
    const { url, targets } = await countCalls(t, files.server.url);
    const environment = { AWS_ENDPOINT_URL: url };
    const made = await files.run(["encrypt", "--key", "alias/files", "small"], { environment });
    assert.deepEqual([made.status, made.stderr], [0, ""]);
    assert.deepEqual(targets, ["TrentService.GenerateDataKey"]);
    targets.length = 0;
    const read = await files.run(["decrypt", "small.enc", "-o", "small.out"], { environment });
    assert.deepEqual([read.status, read.stderr], [0, ""]);
    assert.deepEqual(targets, ["TrentService.Decrypt"]);
    sameContent("small", "small.out");
    const sealed = readdirSync(files.path("small.enc")).map((name) => readFileSync(files.path("small.enc", name)));
    assert.equal(new Set(sealed.map((message) => message.subarray(3, 35).toString("hex"))).size, 1_000);
  });

  it("name the files that failed, and do the others", async () => {
    makeFiles("mixed", 4);
    await json("encrypt", "--key", "alias/files", "mixed");
    const damaged = readFileSync(files.path("mixed.enc/f1.enc"));
    damaged[damaged.length - 1]! ^= 1;
    writeFileSync(files.path("mixed.enc/f1.enc"), damaged);
    writeFileSync(files.path("mixed.enc/README"), "not encrypted");
    writeFileSync(files.path("mixed.enc/f2"), "beside f2.enc");
    const told = await json("decrypt", "mixed.enc", "-o", "mixed.out");
    assert.deepEqual([told.status, told.done], [1, 2]);
    assert.deepEqual(told.failed.map(({ file }: { file: string }) => file).toSorted(), [
      "README",
      "f1.enc",
      "f2",
      "f2.enc",
    ]);
    assert.match(told.stderr, /^coffer: f1\.enc: .*cannot be decrypted.*\(at byte \d+\)/m);
    assert.match(told.stderr, /^coffer: README: its format is unknown/m);
    assert.match(told.stderr, /^coffer: f2\.enc: mixed\.enc\/f2 is beside it/m);
    assert.deepEqual(readdirSync(files.path("mixed.out")).toSorted(), ["f0", "f3"]);
  });

  it("never write through a link, nor into themselves", async () => {
    makeFiles("linked", 1);
    mkdirSync(files.path("linked/sub"));
    writeFileSync(files.path("linked/sub/f"), "x");
    mkdirSync(files.path("elsewhere"));
    mkdirSync(files.path("linked.enc"));
    symlinkSync(files.path("elsewhere"), files.path("linked.enc/sub"));
    symlinkSync(files.path("elsewhere/target"), files.path("linked.enc/f0.enc"));
    const told = await json("encrypt", "--force", "--key", "alias/files", "linked");
    assert.deepEqual([told.status, told.done], [1, 0]);
    assert.match(told.stderr, /sub: linked\.enc\/sub is there already and is no directory\./);
    assert.deepEqual(readdirSync(files.path("elsewhere")), []);
    const { status, stderr } = await files.run(["encrypt", "--key", "alias/files", "linked", "-o", "linked/"]);
    assert.deepEqual(
      [status, stderr],
      [1, "coffer: linked/: it cannot become itself; name another directory with -o.\n"],
    );
    const inside = await json("encrypt", "--key", "alias/files", "linked", "-o", "linked/out");
    assert.deepEqual([inside.status, inside.done], [0, 2]);
    const again = await json("encrypt", "--key", "alias/files", "linked", "-o", "linked/out");
    assert.deepEqual([again.done, again.skipped], [0, 2]);
  });

  it("go on after a server that went away in the middle", async (t) => {
    mkdirSync(files.path("away.enc"));
    const keyring = kmsKeyring({ keyId: "alias/files", client: files.kms });
    for (let index = 0; index < 60; index++) {
      writeFileSync(files.path("away.enc", `f${index}.enc`), await encrypt(`file ${index}`, { keyring }));
    }
    const calls = await countCalls(t, files.server.url, 20);
    const environment = { AWS_ENDPOINT_URL: calls.url };
    const { status, stderr, stdout } = await files.run(["decrypt", "--json", "away.enc"], { environment });
    const told = JSON.parse(stdout);
    assert.deepEqual([status, told.done + told.failed.length], [1, 60]);
    assert.ok(told.done > 0 && told.done <= 20);
    assert.match(stderr, /^coffer: f\d+\.enc: .*does not answer/m);
    assert.equal(readdirSync(files.path("away")).length, told.done);
    const again = await json("decrypt", "away.enc");
    assert.deepEqual([again.status, again.done, again.skipped], [0, 60 - told.done, told.done]);
    for (let index = 0; index < 60; index++) {
      assert.equal(readFileSync(files.path("away", `f${index}`), "utf8"), `file ${index}`);
    }
  });

  it("leave nothing when the file system refuses more, and say which file", async () => {
    mkdirSync(files.path("full"));
    writeFileSync(files.path("full/large"), randomBytes(3_000_000));
    writeFileSync(files.path("full/small"), "x");
    const limited = await files.shell("ulimit -f 1000; coffer encrypt --json --key alias/files full || echo $?");
    assert.match(limited.stderr, /^coffer: large: it would get larger than files may be here \(EFBIG\)/m);
    assert.match(limited.stdout, /\n1\n$/);
    assert.deepEqual(readdirSync(files.path("full.enc")), ["small.enc"]);
    assert.equal((await json("encrypt", "--key", "alias/files", "full")).done, 1);
  });
});

/** A proxy before a server that counts the calls of AWS's API, and hangs up on those after the first `most`. */
async function countCalls(t: TestContext, url: string, most = Number.POSITIVE_INFINITY) {
  const targets: string[] = [];
  const proxy = createServer((incoming, answer) => {
    if (targets.length >= most) return void incoming.socket.destroy();
    targets.push(incoming.headersDistinct["x-amz-target"]?.[0] ?? "");
    const options = { method: incoming.method ?? "", headers: incoming.headers };
    const outgoing = request(`${url}${incoming.url}`, options, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, targets };
}
