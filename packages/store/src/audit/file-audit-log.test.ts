import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ServiceError } from "@coffer/service";
import { auditLogContract, isAuditUnavailable } from "@coffer/testkit";
import { type AuditDisk, nodeAuditDisk } from "./audit-disk.ts";
import { AuditTampered } from "./audit-errors.ts";
import { parseCheckpoint } from "./checkpoints.ts";
import {
  appendNumbered,
  eventJson,
  makeAuditPlace,
  segmentNames,
  sequenceOf,
  storedNumbers,
} from "./testing/audit-fixtures.ts";
import { verifyAuditDirectory } from "./verify-audit.ts";

auditLogContract("file log, os", () => makeAuditPlace());
auditLogContract("file log, disk", () => makeAuditPlace(undefined, { durability: "disk" }));
auditLogContract("file log, tiny segments", () => makeAuditPlace(undefined, { segmentBytes: 1000 }));

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("files and directory are for the server's user alone", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  await log.close();
  assert.equal((await stat(place.directory)).mode & 0o777, 0o700);
  const names = await readdir(place.directory);
  assert.deepEqual(names.sort(), ["audit-000000000001.jsonl", "audit.lock", "checkpoint-key.pem", "checkpoints.jsonl"]);
  for (const name of names) assert.equal((await stat(join(place.directory, name))).mode & 0o777, 0o600, name);
});

test("appends of one turn share one write, one sync and one promise", async (t) => {
  const calls: string[] = [];
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "disk", disk: spyOn(calls) });
  calls.length = 0;
  const promises = range(1, 100).map((n) => log.append(eventJson(n)));
  assert.equal(new Set(promises).size, 1);
  await promises[0];
  assert.deepEqual(calls, ["append", "sync"]);
  assert.equal(log.lastSequence(), 100);
  await log.close();
});

test("an append is answered after its sync with durability disk, and without one with os", async (t) => {
  for (const durability of ["disk", "os"] as const) {
    const calls: string[] = [];
    const place = await makeAuditPlace();
    t.after(() => place.remove());
    const log = await place.open({ durability, disk: spyOn(calls) });
    calls.length = 0;
    await log.append(eventJson(1));
    assert.deepEqual(calls, durability === "disk" ? ["append", "sync"] : ["appendNow"]);
    assert.equal(log.syncedHead().sequence, durability === "disk" ? 1 : 0);
    await log.close();
    assert.equal(log.syncedHead().sequence, 1);
  }
});

test("a large batch never keeps the event loop waiting for its write", async (t) => {
  const calls: string[] = [];
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "os", disk: spyOn(calls) });
  calls.length = 0;
  await appendNumbered(log, 1, 2000);
  assert.deepEqual(calls[0], "append");
  await log.close();
});

test("what a checkpoint vouches for is synced before it is signed, also with os", async (t) => {
  const calls: string[] = [];
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "os", disk: spyOn(calls) });
  await log.append(eventJson(1));
  calls.length = 0;
  await log.close();
  assert.deepEqual(calls, ["sync", "append", "sync"]);
});

test("segments rotate by size and are named by their first record", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ segmentBytes: 2000 });
  for (const n of range(1, 30)) await log.append(eventJson(n));
  const names = await segmentNames(place.directory);
  assert.ok(names.length > 3, String(names.length));
  for (const name of names) {
    const text = await readFile(join(place.directory, name), "utf8");
    assert.ok(Buffer.byteLength(text) <= 2000);
    assert.equal(sequenceOf(text.split("\n")[0]!), Number(name.slice(6, 18)));
  }
  assert.deepEqual(await storedNumbers(place.directory), range(1, 30));
  await log.close();
});

test("reads any page across segments, also of a large one", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ segmentBytes: 700_000 });
  const count = 6000;
  for (let from = 1; from <= count; from += 500) await appendNumbered(log, from, from + 499);
  assert.ok((await segmentNames(place.directory)).length > 2);
  for (const after of [0, 1, 17, 499, 500, 1999, 2000, 2001, 3333, 5990, count - 1, count]) {
    const page = await log.read(after, 12);
    assert.deepEqual(page.map(sequenceOf), range(after + 1, Math.min(after + 12, count)), `after ${after}`);
    assert.ok(page.every((line) => (JSON.parse(line) as { n: number }).n === sequenceOf(line)));
  }
  await log.close();
});

test("a checkpoint is signed every N records, at rotation and at close, and never twice for a record", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const checkpoint = { signingKey: privateKey, publicKeyPem, everyRecords: 10 };
  const log = await place.open({ checkpoint, segmentBytes: 5000 });
  for (const n of range(1, 25)) await log.append(eventJson(n));
  await log.close();
  const again = await place.open({ checkpoint, segmentBytes: 5000 });
  await again.close();
  const lines = (await readFile(join(place.directory, "checkpoints.jsonl"), "utf8")).trimEnd().split("\n");
  const sequences = lines.map((line) => parseCheckpoint(line)?.sequence);
  const [, second] = await segmentNames(place.directory);
  const rotatedAfter = Number(second!.slice(6, 18)) - 1;
  assert.deepEqual(sequences, [...new Set([10, rotatedAfter, rotatedAfter + 10, 25])]);
  assert.equal(await readFile(join(place.directory, "checkpoint-key.pem"), "utf8"), publicKeyPem);
  assert.equal((await verifyAuditDirectory(place.directory, { publicKeyPem })).checkpoints, sequences.length);
});

test("a checkpoint signed by a function holds like one signed by a key", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const { sign } = await import("node:crypto");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const log = await place.open({
    checkpoint: { sign: async (bytes) => new Uint8Array(sign(null, bytes, privateKey)), publicKeyPem, everyRecords: 2 },
  });
  await appendNumbered(log, 1, 5);
  await log.close();
  const report = await verifyAuditDirectory(place.directory, { publicKeyPem });
  assert.deepEqual([report.ok, report.vouchedSequence], [true, 5]);
});

test("a signing key that is not the public key's is refused, as is a log signed with another", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await (await place.open()).close();
  const [one, other] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
  const publicKeyPem = one.publicKey.export({ type: "spki", format: "pem" }).toString();
  const mixed = { signingKey: other.privateKey, publicKeyPem, everyRecords: 10 };
  await assert.rejects(place.open({ checkpoint: mixed }), /is not the Ed25519 key/);
  const another = { signingKey: one.privateKey, publicKeyPem, everyRecords: 10 };
  await assert.rejects(place.open({ checkpoint: another }), AuditTampered);
});

test("a second writer is refused until the first has closed", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await assert.rejects(place.open(), /another process has the audit log/);
  await log.append(eventJson(1));
  await log.close();
  await (await place.open()).close();
});

test("the queue is bounded in records and in bytes, and frees up", async (t) => {
  for (const bounds of [{ maxQueuedRecords: 10 }, { maxQueuedBytes: 4000 }]) {
    const place = await makeAuditPlace();
    t.after(() => place.remove());
    const log = await place.open(bounds);
    const appends = range(1, 50).map((n) => log.append(eventJson(n)));
    const results = await Promise.allSettled(appends);
    const refused = results.filter((result) => result.status === "rejected");
    assert.ok(refused.length >= 30 && refused.length < 50, String(refused.length));
    for (const { reason } of refused) {
      assert.ok(reason instanceof ServiceError && reason.detail.code === "AuditUnavailable");
      assert.match(reason.detail.params.reason, /^Too many audit records wait/);
    }
    assert.deepEqual(log.health(), { ok: true, writable: true });
    await log.append(eventJson(51));
    await log.close();
    assert.deepEqual(await storedNumbers(place.directory), [...range(1, 50 - refused.length), 51]);
    assert.equal((await verifyAuditDirectory(place.directory)).ok, true);
  }
});

test("an event of more than a mebibyte is refused, and the next one follows the last", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await log.append(eventJson(1));
  await assert.rejects(log.append(JSON.stringify({ text: "é".repeat(600_000) })), isAuditUnavailable);
  const large = JSON.stringify({ text: "x".repeat(1_000_000), n: 2 });
  await Promise.all([log.append(large), log.append(eventJson(3))]);
  assert.deepEqual(await storedNumbers(place.directory), [1, 2, 3]);
  await log.close();
  const again = await place.open();
  assert.equal(again.lastSequence(), 3);
  await again.close();
});

test("health warns before the disk is full", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  let freeBytes = 10_000_000;
  const disk: AuditDisk = { ...nodeAuditDisk, freeBytes: async () => freeBytes };
  const log = await place.open({ disk, lowSpaceBytes: 5_000_000 });
  const append = async (n: number) => {
    place.clock.advance(1000);
    await log.append(eventJson(n));
  };
  await append(1);
  assert.deepEqual(log.health(), { ok: true, writable: true });
  freeBytes = 4_096_000;
  await append(2);
  const reason = "The disk that holds the audit log is almost full: 4000 KiB are left.";
  assert.deepEqual(log.health(), { ok: false, writable: true, reason });
  freeBytes = 10_000_000;
  await append(3);
  assert.deepEqual(log.health(), { ok: true, writable: true });
  await log.close();
});

test("unrelated files in the directory are left alone", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  await mkdir(place.directory);
  await writeFile(join(place.directory, "audit-note.txt"), "hello\n");
  const log = await place.open();
  await log.append(eventJson(1));
  await log.close();
  assert.equal((await verifyAuditDirectory(place.directory)).ok, true);
  assert.equal(await readFile(join(place.directory, "audit-note.txt"), "utf8"), "hello\n");
});

/** The machine's disk, noting every append and sync. */
function spyOn(calls: string[]): AuditDisk {
  return {
    ...nodeAuditDisk,
    async open(path, how) {
      const file = await nodeAuditDisk.open(path, how);
      return {
        append(bytes) {
          calls.push("append");
          return file.append(bytes);
        },
        appendNow(bytes) {
          calls.push("appendNow");
          file.appendNow(bytes);
        },
        sync() {
          calls.push("sync");
          return file.sync();
        },
        read: (into, position) => file.read(into, position),
        truncate: (bytes) => file.truncate(bytes),
        stat: () => file.stat(),
        close: () => file.close(),
      };
    },
  };
}
