import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { runProgram } from "../run-program.ts";
import { cofferPath, ServerUnderTest } from "../server-under-test.ts";

interface Place {
  readonly dataDir: string;
  readonly keyFile: string;
  readonly credentialsFile: string;
}

function makePlace(test: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), "coffer-seal-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "data");
  const credentialsFile = join(folder, "credentials.json");
  return { dataDir, keyFile: join(dataDir, "seal", "keyfile"), credentialsFile };
}

async function firstStart(place: Place, args: readonly string[] = [], environment = {}): Promise<void> {
  await using server = await ServerUnderTest.start({ ...place, args, environment });
  assert.equal(await server.stop(), 0);
}

/** A start that has to fail: what it says in its one line. */
async function failedStart(place: Place, args: readonly string[] = [], environment = {}): Promise<string> {
  const all = ["server", "--listen=127.0.0.1:0", `--data-dir=${place.dataDir}`, ...args];
  const { status, stdout, stderr } = await runProgram(cofferPath, all, { environment });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^coffer: .*\.\n$/);
  return stderr;
}

describe("a server whose seal does not open", () => {
  it("says that the passphrase is another, and opens with the right one afterwards", async (t) => {
    const place = makePlace(t);
    const seal = ["--seal=passphrase"];
    const right = { COFFER_SEAL_PASSPHRASE: "correct horse" };
    await firstStart(place, seal, right);
    const said = await failedStart(place, seal, { COFFER_SEAL_PASSPHRASE: "another horse" });
    assert.match(said, /passphrase/);
    assert.doesNotMatch(said, /horse/);
    await firstStart(place, seal, right);
  });

  it("says that the key file is another", async (t) => {
    const place = makePlace(t);
    const other = makePlace(t);
    await firstStart(place);
    await firstStart(other);
    assert.match(await failedStart(place, [`--seal-key-file=${other.keyFile}`]), /key file/);
    await firstStart(place);
  });

  it("makes no new key file for keys that an old one protects", async (t) => {
    const place = makePlace(t);
    await firstStart(place);
    const kept = readFileSync(place.keyFile);
    const aside = `${place.dataDir}.keyfile`;
    renameSync(place.keyFile, aside);
    assert.match(await failedStart(place), /there is no key file at .*Put back the one/);
    assert.equal(existsSync(place.keyFile), false);
    renameSync(aside, place.keyFile);
    await firstStart(place);
    assert.deepEqual(readFileSync(place.keyFile), kept);
  });
});
