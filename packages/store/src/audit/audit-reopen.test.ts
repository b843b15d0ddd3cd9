import assert from "node:assert/strict";
import { copyFile, open, readdir, readFile, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type AuditDisk, nodeAuditDisk } from "./audit-disk.ts";
import { AuditTampered } from "./audit-errors.ts";
import {
  type AuditPlace,
  appendNumbered,
  eventJson,
  makeAuditPlace,
  segmentNames,
  storedNumbers,
} from "./testing/audit-fixtures.ts";
import { verifyAuditDirectory } from "./verify-audit.ts";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** A log that was killed: its last records have no checkpoint, because it was copied before it was closed. */
async function killedLog(place: AuditPlace, count: number, segmentBytes?: number): Promise<void> {
  const log = await place.open(segmentBytes === undefined ? {} : { segmentBytes });
  for (const n of range(1, count)) await log.append(eventJson(n));
  const names = await readdir(place.directory);
  const before = await Promise.all(names.map((name) => readFile(join(place.directory, name))));
  await log.close();
  for (const name of await readdir(place.directory)) await unlink(join(place.directory, name));
  await Promise.all(names.map((name, at) => writeFile(join(place.directory, name), before[at]!)));
}

async function lastSegment(place: AuditPlace): Promise<string> {
  return join(place.directory, (await segmentNames(place.directory)).at(-1)!);
}

test("wherever the last line was torn, it is dropped and the chain goes on", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await killedLog(place, 3);
  const path = await lastSegment(place);
  const whole = await readFile(path);
  const lastAt = whole.lastIndexOf("\n", whole.length - 2) + 1;
  for (let kept = lastAt; kept < whole.length; kept += 23) {
    await writeFile(path, whole.subarray(0, kept));
    await unlink(join(place.directory, "checkpoints.jsonl")).catch(() => undefined);
    const torn = await verifyAuditDirectory(place.directory);
    assert.deepEqual([torn.ok, torn.records], [true, 2]);
    assert.equal(
      torn.notes.some((note) => note.includes("torn line")),
      kept > lastAt,
    );
    const log = await place.open();
    assert.equal(log.lastSequence(), 2);
    await log.append(eventJson(4));
    await log.close();
    assert.deepEqual(await storedNumbers(place.directory), [1, 2, 4]);
    assert.equal((await verifyAuditDirectory(place.directory)).ok, true);
  }
});

test("a crash between the start of a segment and its first record is nothing", async (t) => {
  for (const torn of ["", '{"eventVersion":"1.1']) {
    const place = await makeAuditPlace();
    t.after(() => place.remove());
    const log = await place.open({ segmentBytes: 1200 });
    for (const n of range(1, 8)) await log.append(eventJson(n));
    await log.close();
    await writeFile(join(place.directory, "audit-000000000009.jsonl"), torn);
    assert.equal((await verifyAuditDirectory(place.directory)).ok, true);
    const again = await place.open();
    assert.equal(again.lastSequence(), 8);
    await again.append(eventJson(9));
    await again.close();
    assert.deepEqual(await storedNumbers(place.directory), range(1, 9));
    assert.equal((await verifyAuditDirectory(place.directory)).ok, true);
  }
});

test("a crash before the first record is nothing", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await killedLog(place, 0);
  await writeFile(join(place.directory, "audit-000000000001.jsonl"), '{"torn');
  const log = await place.open();
  await log.append(eventJson(1));
  await log.close();
  assert.equal((await verifyAuditDirectory(place.directory)).records, 1);
});

test("opening reads the end of the last segment only, however much there is", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ segmentBytes: 500_000 });
  for (let from = 1; from <= 4000; from += 500) await appendNumbered(log, from, from + 499);
  await log.close();
  let readBytes = 0;
  const openedSegments = new Set<string>();
  const disk: AuditDisk = {
    ...nodeAuditDisk,
    async open(path, how) {
      const file = await nodeAuditDisk.open(path, how);
      if (path.includes("/audit-")) openedSegments.add(path);
      return {
        read(into, position) {
          readBytes += into.length;
          return file.read(into, position);
        },
        append: (bytes) => file.append(bytes),
        appendNow: (bytes) => file.appendNow(bytes),
        sync: () => file.sync(),
        truncate: (bytes) => file.truncate(bytes),
        stat: () => file.stat(),
        close: () => file.close(),
      };
    },
  };
  const again = await place.open({ disk });
  assert.equal(again.lastSequence(), 4000);
  assert.equal(openedSegments.size, 1);
  assert.ok(readBytes < 70_000, String(readBytes));
  await again.close();
});

test("a log that ends before the trusted head, or holds another record there, was tampered with", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "disk" });
  await appendNumbered(log, 1, 4);
  const middle = log.syncedHead();
  await appendNumbered(log, 5, 9);
  const end = log.syncedHead();
  await log.close();
  for (const trustedHead of [middle, end]) await (await place.open({ trustedHead })).close();
  const before = await readFile(await lastSegment(place));

  const beyond = { sequence: 10, hash: end.hash };
  await assert.rejects(place.open({ trustedHead: beyond }), (error: unknown) => {
    assert.ok(error instanceof AuditTampered);
    assert.equal(error.reason, "The server's store tells of record 10, but the log ends with record 9.");
    return true;
  });
  await assert.rejects(place.open({ trustedHead: { sequence: 9, hash: middle.hash } }), AuditTampered);
  await assert.rejects(place.open({ trustedHead: { sequence: 4, hash: end.hash } }), AuditTampered);
  assert.deepEqual(await readFile(await lastSegment(place)), before, "nothing was changed");
  await (await place.open({ trustedHead: end })).close();
});

test("records that a checkpoint vouches for cannot be cut off unseen", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 5);
  await log.close();
  const path = await lastSegment(place);
  const whole = await readFile(path);
  await truncate(path, whole.lastIndexOf("\n", whole.length - 2) + 1);
  await assert.rejects(place.open(), /A signed checkpoint tells of record 5, but the log ends with record 4/);
  await unlink(path);
  await assert.rejects(place.open(), /A signed checkpoint tells of record 5, but the log ends with record 0/);
});

test("a missing segment before an empty one is noticed", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 5);
  await log.close();
  await writeFile(join(place.directory, "audit-000000000007.jsonl"), "");
  await assert.rejects(place.open(), /audit-000000000007.jsonl should follow record 6, which is missing/);
});

test("a damaged checkpoint at the end is refused, a torn one dropped", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 5);
  await log.close();
  const path = join(place.directory, "checkpoints.jsonl");
  const honest = await readFile(path, "utf8");
  await writeFile(path, honest.replace('"timeMs":1', '"timeMs":2'));
  await assert.rejects(place.open(), /The last checkpoint in checkpoints.jsonl is not as the server wrote it/);
  await writeFile(path, `${honest}{"sequence":9,"ha`);
  const again = await place.open();
  await again.append(eventJson(6));
  await again.close();
  assert.equal((await readFile(path, "utf8")).split("\n").length, 3);
  assert.equal((await verifyAuditDirectory(place.directory)).vouchedSequence, 6);
});

test("whole lines that power loss damaged are kept aside before they are cut off", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await killedLog(place, 3);
  const path = await lastSegment(place);
  const whole = await readFile(path);
  await copyFile(path, `${path}.copy`);
  const file = await open(path, "r+");
  // The last line and the end of the one before read as zeros, its line feed included.
  const lastAt = whole.lastIndexOf("\n", whole.length - 2) + 1;
  await file.write(Buffer.alloc(10), 0, 10, lastAt + 30);
  await file.close();
  const log = await place.open();
  assert.equal(log.lastSequence(), 2);
  await log.append(eventJson(4));
  await log.close();
  assert.deepEqual(await storedNumbers(place.directory), [1, 2, 4]);
  const kept = join(place.directory, "damaged-after-000000000002.bin");
  const damage = await readFile(kept);
  assert.equal(damage.length, whole.length - lastAt);
  assert.deepEqual(damage.subarray(0, 30), whole.subarray(lastAt, lastAt + 30));
  assert.equal((await stat(kept)).mode & 0o777, 0o600);
});

test("more damage at the end than a crash can leave is refused", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await killedLog(place, 3);
  const path = await lastSegment(place);
  await writeFile(path, Buffer.alloc(9_000_000, "x\n"), { flag: "a" });
  await assert.rejects(place.open({ maxQueuedBytes: 1000 }), /ends in more damage than a crash can leave/);
});
