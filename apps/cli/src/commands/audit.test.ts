import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openFileAuditLog } from "@coffer/store";
import { playServer, runCoffer, startCoffer } from "../testing.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "coffer-cli-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A data directory with an audit trail of three records, and the public key of its checkpoints. */
async function makeTrail(
  t: TestContext,
  options: { readonly segmentBytes?: number } = {},
): Promise<{ dataDir: string; directory: string; keyFile: string }> {
  const dataDir = temporaryFolder(t);
  const directory = join(dataDir, "audit");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const log = await openFileAuditLog({
    directory,
    durability: "os",
    clock: { nowMs: () => 0, schedule: () => () => {} },
    checkpoint: { sign: (bytes) => sign(null, bytes, privateKey), publicKeyPem, everyRecords: 2 },
    ...options,
  });
  for (const eventName of ["CreateKey", "Encrypt", "Decrypt"]) await log.append(JSON.stringify({ eventName }));
  await log.close();
  const keyFile = join(dataDir, "kept.pem");
  writeFileSync(keyFile, publicKeyPem);
  return { dataDir, directory, keyFile };
}

function segmentOf(directory: string): string {
  const name = readdirSync(directory).find((file) => readFileSync(join(directory, file), "utf8").includes("CreateKey"));
  assert.ok(name !== undefined);
  return join(directory, name);
}

describe("coffer audit verify", () => {
  it("verifies a trail that holds, wherever it is told of", async (t) => {
    const { dataDir, directory, keyFile } = await makeTrail(t);
    const report = await runCoffer(["audit", "verify", "--data-dir", dataDir, "--public-key", keyFile]);
    assert.equal(report.exitCode, 0, report.stderr);
    assert.match(report.stdout, /^verdict +everything holds$/m);
    assert.match(report.stdout, /^records +3$/m);
    assert.match(report.stdout, /^head +3:[A-Za-z0-9+/]{43}=$/m);
    assert.equal(report.stderr, "", "quiet in a pipe");
    for (const [args, environment] of [
      [["--directory", directory], {}],
      [[], { COFFER_DATA_DIR: dataDir }],
      [[], { COFFER_AUDIT_DIRECTORY: directory }],
    ] as const) {
      assert.equal((await runCoffer(["audit", "verify", ...args], environment)).exitCode, 0);
    }
  });

  it("prints the report as JSON, whose head the next run can be held to", async (t) => {
    const { dataDir } = await makeTrail(t);
    const { stdout } = await runCoffer(["audit", "verify", "--data-dir", dataDir, "--json"]);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.ok, report.records, report.head.sequence], [true, 3, 3]);
    const again = ["audit", "verify", "--data-dir", dataDir, "--trusted-head"];
    assert.equal((await runCoffer([...again, `3:${report.head.hash}`])).exitCode, 0);
    const { exitCode, stdout: fault } = await runCoffer([...again, `4:${report.head.hash}`]);
    assert.equal(exitCode, 1);
    assert.match(fault, /^fault +.*its end was cut off\.$/m);
  });

  it("ends with 1 and names the record when one was changed", async (t) => {
    const { dataDir, directory } = await makeTrail(t);
    const segment = segmentOf(directory);
    writeFileSync(segment, readFileSync(segment, "utf8").replace("Encrypt", "Descent"));
    const { exitCode, stdout } = await runCoffer(["audit", "verify", "--data-dir", dataDir]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^verdict +TAMPERED OR DAMAGED$/m);
    assert.match(stdout, /^fault +\S+:2 \(record 2\): /m);
  });

  it("ends with 3 when the first records are not there, and with 0 when that was said", async (t) => {
    const { dataDir, directory } = await makeTrail(t, { segmentBytes: 300 });
    rmSync(segmentOf(directory));
    const verify = ["audit", "verify", "--data-dir", dataDir];
    const { exitCode, stdout } = await runCoffer(verify);
    assert.equal(exitCode, 3);
    assert.match(stdout, /^verdict +what is there holds, but it begins later$/m);
    assert.match(stdout, /^first record +2$/m);
    assert.match(stdout, /^note: Verified from record 2 on; records 1 to 1 are not present\./m);
    assert.equal((await runCoffer([...verify, "--from", "2"])).exitCode, 0);
    assert.equal((await runCoffer([...verify, "--from", "1"])).exitCode, 3);
    assert.equal((await runCoffer([...verify, "--from", "0"])).exitCode, 2);
    rmSync(join(directory, "checkpoints.jsonl"));
    assert.equal((await runCoffer([...verify, "--from", "2"])).exitCode, 1);
  });

  it("ends with 1 when a record was added", async (t) => {
    const { dataDir, directory } = await makeTrail(t);
    appendFileSync(segmentOf(directory), '{"eventName":"Forged"}\n');
    const { exitCode, stdout } = await runCoffer(["audit", "verify", "--data-dir", dataDir, "--json"]);
    assert.equal(exitCode, 1);
    assert.equal(JSON.parse(stdout).ok, false);
  });

  it("does not trust another key than the given one", async (t) => {
    const { dataDir } = await makeTrail(t);
    const { keyFile } = await makeTrail(t);
    const { exitCode, stdout } = await runCoffer(["audit", "verify", "--data-dir", dataDir, "--public-key", keyFile]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /This is another key than the given one\./);
  });

  it("says what it cannot read", async (t) => {
    const { dataDir } = await makeTrail(t);
    const missing = await runCoffer(["audit", "verify", "--data-dir", "/nowhere"]);
    assert.deepEqual([missing.exitCode, missing.stderr], [1, "coffer: cannot verify /nowhere/audit: ENOENT.\n"]);
    const key = await runCoffer(["audit", "verify", "--data-dir", dataDir, "--public-key", "/nowhere"]);
    assert.deepEqual([key.exitCode, key.stderr], [1, "coffer: cannot read the public key /nowhere: ENOENT.\n"]);
  });
});

/** The record that a server keeps under a number. */
function record(sequence: number): Record<string, unknown> {
  return {
    eventTime: "2026-01-02T03:04:05Z",
    eventName: `Event${sequence}`,
    userIdentity: { arn: "arn:aws:iam::000000000000:root" },
    requestID: `r${sequence}`,
    resources: [{ ARN: "arn:key" }],
  };
}

/** Plays `GET /audit/events` with `count` records, which grow by one a read: the read's own. */
function playTrail(t: TestContext, count: number, grows = false, onRead: (reads: number) => void = () => {}) {
  let last = count;
  let reads = 0;
  return playServer(t, (request) => {
    const url = new URL(request.url ?? "", "http://h");
    if (url.pathname !== "/audit/events") return { status: 404, body: {} };
    if (request.headers.authorization !== "Bearer tok") return { status: 403, body: { detail: "Not allowed." } };
    const after = Number(url.searchParams.get("after"));
    const limit = Number(url.searchParams.get("limit"));
    const numbers = Array.from({ length: last }, (_, index) => index + 1).slice(after, after + limit);
    const answer = { headers: { "x-request-id": `r${last + 1}` }, body: { events: numbers.map(record), last } };
    if (grows) last++;
    onRead(++reads);
    return answer;
  });
}

const token = { COFFER_TOKEN: "tok" };

describe("coffer audit tail", () => {
  it("shows the newest records", async (t) => {
    const { url } = await playTrail(t, 1200);
    const { exitCode, stdout, stderr } = await runCoffer(["audit", "tail", "-n", "2", "--endpoint", url], token);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.equal(
      stdout,
      [1199, 1200]
        .map((n) => `2026-01-02T03:04:05Z  Event${n}  ok  arn:aws:iam::000000000000:root  arn:key\n`)
        .join(""),
    );
    const all = await runCoffer(["audit", "tail", "--after", "10", "--endpoint", url, "--json"], token);
    const names = all.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).eventName);
    assert.deepEqual([names.length, names[0], names.at(-1)], [1190, "Event11", "Event1200"]);
  });

  it("follows, without the records of its own reads", async (t) => {
    const polledOwn = Promise.withResolvers<void>();
    // The fourth read is a second poll: the first one's record has been seen by then.
    const { url } = await playTrail(t, 1, true, (reads) => (reads === 4 ? polledOwn.resolve() : undefined));
    const child = startCoffer(["audit", "tail", "-f", "--json", "--endpoint", url], token);
    let stdout = "";
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    await polledOwn.promise;
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).eventName),
      ["Event1"],
    );
  });

  it("takes the token from a file, a variable or the credentials file, in that order", async (t) => {
    const folder = temporaryFolder(t);
    const { url, requests } = await playTrail(t, 1);
    const tokenFile = join(folder, "token");
    const credentialsFile = join(folder, "credentials.json");
    writeFileSync(tokenFile, "tok\n");
    writeFileSync(credentialsFile, JSON.stringify({ endpoint: url, token: "tok" }));
    for (const [args, environment] of [
      [["--endpoint", url, "--token-file", tokenFile], { COFFER_TOKEN: "wrong" }],
      [["--credentials-file", credentialsFile], {}],
      [[], { COFFER_CREDENTIALS_FILE: credentialsFile }],
    ] as const) {
      const { exitCode, stderr } = await runCoffer(["audit", "tail", ...args], environment);
      assert.deepEqual([exitCode, stderr], [0, ""]);
    }
    const wrong = await runCoffer(["audit", "tail", "--credentials-file", credentialsFile], { COFFER_TOKEN: "wrong" });
    assert.equal(wrong.exitCode, 1);
    assert.equal(requests.at(-1)?.headers.authorization, "Bearer wrong");
    assert.equal(wrong.stderr, "coffer: the server does not show its audit trail: Not allowed.\n");
  });

  it("never prints a token, whatever is wrong with it", async () => {
    const { exitCode, stderr } = await runCoffer(["audit", "tail"], { COFFER_TOKEN: "sec\nret" });
    assert.equal(exitCode, 1);
    assert.equal(stderr, "coffer: the token has characters that no token has.\n");
  });

  it("says that it needs a token", async () => {
    const { exitCode, stderr } = await runCoffer(["audit", "tail"]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^coffer: this command needs a token: set COFFER_TOKEN, or give --token-file FILE/);
  });

  it("lets no record move the terminal's cursor", async (t) => {
    const forged = { ...record(1), eventName: "a\x1b[2Jb\nc\u202ed" };
    const { url } = await playServer(t, () => ({ body: { events: [forged], last: 1 } }));
    const { stdout } = await runCoffer(["audit", "tail", "--endpoint", url], token);
    assert.match(stdout, /^2026-01-02T03:04:05Z {2}a\?\[2Jb\?c\?d {2}ok /);
  });

  it("tells that something else answers", async (t) => {
    const { url } = await playServer(t, () => ({ body: { hello: 1 } }));
    const { exitCode, stderr } = await runCoffer(["audit", "tail", "--endpoint", url], token);
    assert.deepEqual([exitCode, stderr], [1, `coffer: ${url} answers something else than audit records.\n`]);
  });

  it("ends quietly when its reader stops early", async (t) => {
    const { url } = await playTrail(t, 5000);
    const child = startCoffer(["audit", "tail", "--after", "0", "--endpoint", url], token);
    child.stdout?.once("data", () => child.stdout?.destroy());
    let stderr = "";
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual([exitCode, stderr], [0, ""]);
  });
});
