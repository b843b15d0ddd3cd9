import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { component } from "@coffer/testkit";
import { eventJson, makeAuditPlace, segmentNames } from "./testing/audit-fixtures.ts";

const python = component("python-venv");
const openssl = component("openssl");
const noPython = python.available ? false : python.reason;
const noOpenssl = noPython || (openssl.available ? false : openssl.reason);

/** Runs a Python program, which has its standard library and no more. */
function runPython(program: string, ...options: string[]) {
  assert.ok(python.available);
  return spawnSync(python.path, ["-I", "-S", "-c", program, ...options], { encoding: "utf8" });
}

/** The programs of docs/AUDIT.md, in order. */
async function documentedPrograms(): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, "../../../../docs/AUDIT.md"), "utf8");
  return [...text.matchAll(/^```python\n(.*?)^```$/gms)].map((found) => found[1]!);
}

async function closedLog() {
  const place = await makeAuditPlace();
  const log = await place.open({ segmentBytes: 3000 });
  for (let n = 1; n <= 25; n++) await log.append(eventJson(n));
  await log.append(JSON.stringify({ userAgent: ',"cofferChain":{"sequence":9}}', text: "\u{1f511} é" }));
  await log.close();
  return place;
}

test("the program in docs/AUDIT.md verifies a log, and finds what was done to one", { skip: noPython }, async (t) => {
  const place = await closedLog();
  t.after(() => place.remove());
  const program = (await documentedPrograms())[0]!;
  const run = () => {
    const { status, stdout, stderr } = runPython(program, place.directory);
    return { status, said: (stdout + stderr).trim() };
  };
  assert.deepEqual(run(), { status: 0, said: "records 1 to 26 hold" });

  const [first, second, third] = (await segmentNames(place.directory)) as [string, string, string];
  const path = join(place.directory, second);
  const honest = await readFile(path, "utf8");
  const begins = Number(second.slice(6, 18));
  await writeFile(path, honest.replace(`request-${begins + 1}`, "request-0"));
  assert.deepEqual(run(), { status: 1, said: `${second}, line 2: record ${begins + 1} does not hold` });
  await unlink(path);
  assert.deepEqual(run(), { status: 1, said: `${third}, line 1: record ${begins} should be here` });
  await writeFile(path, honest);
  const last = join(place.directory, (await segmentNames(place.directory)).at(-1)!);
  await truncate(last, 0);
  assert.match(run().said, /^a checkpoint tells of record 26, but the log ends with record/);
  await truncate(join(place.directory, first), 10);
  assert.match(run().said, /the line has no end/);
});

test("the signature of a checkpoint verifies with OpenSSL as docs/AUDIT.md says", { skip: noOpenssl }, async (t) => {
  const place = await closedLog();
  const out = await mkdtemp(join(tmpdir(), "coffer-recipe-"));
  t.after(() => Promise.all([place.remove(), rm(out, { recursive: true })]));
  const program = (await documentedPrograms())[1]!;
  const verify = () => {
    assert.equal(runPython(program, place.directory, out).status, 0);
    const options = ["-verify", "-pubin", "-inkey", join(place.directory, "checkpoint-key.pem"), "-rawin"];
    const files = ["-in", join(out, "message.bin"), "-sigfile", join(out, "signature.bin")];
    assert.ok(openssl.available);
    return spawnSync(openssl.path, ["pkeyutl", ...options, ...files]).status;
  };
  assert.equal(verify(), 0);
  const path = join(place.directory, "checkpoints.jsonl");
  await writeFile(path, (await readFile(path, "utf8")).replaceAll('"sequence":26', '"sequence":27'));
  assert.equal(verify(), 1);
});
