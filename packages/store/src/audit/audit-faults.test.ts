import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { copyFile, mkdtemp, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ServiceError } from "@coffer/service";
import { FaultyDisk, faultyCalls, isAuditUnavailable } from "@coffer/testkit";
import fc from "fast-check";
import { nodeAuditDisk } from "./audit-disk.ts";
import {
  type AuditPlace,
  appendNumbered,
  eventJson,
  forgedLine,
  makeAuditPlace,
  segmentNames,
  storedNumbers,
} from "./testing/audit-fixtures.ts";
import { verifyAuditDirectory } from "./verify-audit.ts";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

async function refusal(appending: Promise<void>): Promise<string> {
  const error = await appending.then(
    () => assert.fail("the append should have been refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServiceError && error.detail.code === "AuditUnavailable", String(error));
  return error.detail.params.reason;
}

async function assertHonest(place: AuditPlace, numbers: readonly number[]): Promise<void> {
  const report = await verifyAuditDirectory(place.directory, { publicKeyPem: place.publicKeyPem });
  assert.equal(report.fault, undefined);
  assert.deepEqual(await storedNumbers(place.directory), numbers);
}

test("a failed write rejects its whole batch, fails closed, and recovers after a second without a gap", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "disk", disk: faulty.disk });
  await appendNumbered(log, 1, 3);

  faulty.fail("append", "ENOSPC");
  const full = "The disk that holds the audit log is full.";
  const batch = await Promise.all([4, 5, 6].map((n) => refusal(log.append(eventJson(n)))));
  assert.deepEqual(batch, [full, full, full]);
  assert.deepEqual(log.health(), { ok: false, writable: false, reason: full });
  assert.equal(log.lastSequence(), 3);

  faulty.heal();
  assert.equal(await refusal(log.append(eventJson(7))), full, "within the second nothing is tried");
  place.clock.advance(1000);
  await log.append(eventJson(8));
  assert.deepEqual(log.health(), { ok: true, writable: true });
  await appendNumbered(log, 9, 10);
  await log.close();
  await assertHonest(place, [1, 2, 3, 8, 9, 10]);
});

test("a failed sync rejects what it was for, although the bytes were written", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ durability: "disk", disk: faulty.disk });
  await log.append(eventJson(1));
  faulty.fail("sync", "EIO", { times: 1 });
  assert.equal(
    await refusal(log.append(eventJson(2))),
    "The disk that holds the audit log reports an input/output error.",
  );
  assert.equal(log.lastSequence(), 1);
  place.clock.advance(1000);
  await log.append(eventJson(3));
  await log.close();
  await assertHonest(place, [1, 3]);
});

test("while it fails, one append a second tries and the others fail at once", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ disk: faulty.disk });
  await log.append(eventJson(1));
  faulty.fail("append", "ENOSPC");
  await refusal(log.append(eventJson(2)));
  place.clock.set(place.clock.nowMs() + 1000);
  faulty.fail("append", "EIO");
  const three = range(3, 5).map((n) => refusal(log.append(eventJson(n))));
  const [tried, ...others] = await Promise.all(three);
  assert.match(tried!, /input\/output error/);
  for (const reason of others) assert.match(reason, /is full/);
  await log.close();
  await assertHonest(place, [1]);
});

test("an idle log recovers by itself", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ disk: faulty.disk });
  faulty.fail("append", "ENOSPC");
  await refusal(log.append(eventJson(1)));
  faulty.heal();
  place.clock.advance(1000);
  await until(() => log.health().writable);
  await log.append(eventJson(2));
  await log.close();
  await assertHonest(place, [2]);
});

test("an idle log stays closed while the disk is still full", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  let removed = 0;
  const remove = async (path: string) => {
    await nodeAuditDisk.remove(path);
    removed++;
  };
  const log = await place.open({ disk: { ...faulty.disk, remove } });
  faulty.fail("append", "ENOSPC");
  await refusal(log.append(eventJson(1)));
  place.clock.advance(1000);
  // The file that it tries with is removed before and after.
  await until(() => removed === 2);
  assert.equal(log.health().writable, false);
  assert.equal(log.health().reason, "The disk that holds the audit log is full.");
  faulty.heal();
  await log.close();
});

test("a checkpoint that cannot be written at rotation fails closed, and is made up for", async (t) => {
  const faulty = new FaultyDisk();
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open({ disk: faulty.disk, segmentBytes: 1500 });
  faulty.fail("append", "ENOSPC", { times: 1, file: "checkpoints" });
  const refused: number[] = [];
  for (const n of range(1, 12)) {
    await log.append(eventJson(n)).catch((error: unknown) => {
      assert.ok(isAuditUnavailable(error));
      refused.push(n);
      place.clock.advance(1000);
    });
  }
  assert.equal(refused.length, 1);
  await log.close();
  const answered = range(1, 12).filter((n) => !refused.includes(n));
  await assertHonest(place, answered);
});

test("a checkpoint that cannot be signed leaves its records answered and refuses the next", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  let signerIsThere = true;
  const log = await place.open({
    checkpoint: {
      publicKeyPem,
      everyRecords: 3,
      sign(bytes) {
        if (!signerIsThere) throw new Error("the signer is gone");
        return sign(null, bytes, privateKey);
      },
    },
  });
  signerIsThere = false;
  await appendNumbered(log, 1, 3);
  assert.equal(await refusal(log.append(eventJson(4))), "The audit log cannot be written.");
  signerIsThere = true;
  place.clock.advance(1000);
  await log.append(eventJson(5));
  await log.close();
  assert.deepEqual(await storedNumbers(place.directory), [1, 2, 3, 5]);
  assert.equal((await verifyAuditDirectory(place.directory, { publicKeyPem })).vouchedSequence, 4);
});

test("health tells of a deleted segment also when nothing is appended", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  await unlink(join(place.directory, (await segmentNames(place.directory))[0]!));
  place.clock.advance(1000);
  await until(() => !log.health().writable);
  place.clock.advance(1000);
  await until(() => log.health().writable);
  await log.close();
  await assertHonest(place, [1, 2, 3]);
});

test("a deleted segment is noticed and written back from its open descriptor", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  const [name] = await segmentNames(place.directory);
  await unlink(join(place.directory, name!));
  place.clock.advance(1000);
  assert.equal(await refusal(log.append(eventJson(4))), `The audit file ${name} was deleted while in use.`);
  place.clock.advance(1000);
  await log.append(eventJson(5));
  await log.close();
  await assertHonest(place, [1, 2, 3, 5]);
});

test("a segment that was moved away is missed until it is back", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  const [name] = await segmentNames(place.directory);
  const path = join(place.directory, name!);
  await rename(path, `${path}.away`);
  place.clock.advance(1000);
  assert.match(await refusal(log.append(eventJson(4))), /was moved away while in use/);
  place.clock.advance(1000);
  assert.match(await refusal(log.append(eventJson(5))), /move it back/);
  await rename(`${path}.away`, path);
  place.clock.advance(1000);
  await log.append(eventJson(6));
  await log.close();
  await assertHonest(place, [1, 2, 3, 6]);
});

test("another file in a segment's place is accepted only if it ends with the last record", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  const [name] = await segmentNames(place.directory);
  const path = join(place.directory, name!);
  await copyFile(path, `${path}.copy`);
  const honest = await readFile(path, "utf8");
  const [first, second] = honest.split("\n");
  const { previous } = (JSON.parse(honest.split("\n")[2]!) as { cofferChain: { previous: string } }).cofferChain;
  const others = [
    honest.replace("request-3", "request-9"),
    `${first}\n${second}\n${forgedLine(eventJson(3).replace("request-3", "request-9"), previous, 3)}`,
  ];
  for (const other of others) {
    assert.equal(Buffer.byteLength(other), Buffer.byteLength(honest));
    await writeFile(`${path}.forged`, other);
    await rename(`${path}.forged`, path);
    place.clock.advance(1000);
    assert.match(await refusal(log.append(eventJson(4))), /was replaced by another file|lost records/);
    place.clock.advance(1000);
    assert.match(await refusal(log.append(eventJson(5))), /lost records; put back the file/);
  }
  await rename(`${path}.copy`, path);
  place.clock.advance(1000);
  await log.append(eventJson(6));
  await log.close();
  await assertHonest(place, [1, 2, 3, 6]);
});

test("a segment that something else wrote to or cut is noticed", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const log = await place.open();
  await appendNumbered(log, 1, 3);
  const path = join(place.directory, (await segmentNames(place.directory))[0]!);
  const honest = await readFile(path);
  await writeFile(path, "x", { flag: "a" });
  place.clock.advance(1000);
  assert.match(await refusal(log.append(eventJson(4))), /was changed by something else/);
  await writeFile(path, honest.subarray(0, honest.length - 1));
  place.clock.advance(1000);
  assert.match(await refusal(log.append(eventJson(5))), /lost records/);
  await writeFile(path, honest);
  place.clock.advance(1000);
  await log.append(eventJson(6));
  await log.close();
  await assertHonest(place, [1, 2, 3, 6]);
});

test("whatever calls fail, every answered record is there once, in order, and the chain holds", async () => {
  const step = fc.record({
    call: fc.constantFrom(...faultyCalls),
    code: fc.constantFrom("ENOSPC", "EIO"),
    times: fc.integer({ min: 1, max: 3 }),
    after: fc.integer({ min: 0, max: 4 }),
    appends: fc.integer({ min: 1, max: 6 }),
    durability: fc.constantFrom("disk" as const, "os" as const),
    reopen: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const faulty = new FaultyDisk();
      const place = await makeAuditPlace(undefined, { segmentBytes: 1200, disk: faulty.disk });
      const answered: number[] = [];
      let log = await place.open();
      let n = 0;
      for (const { call, code, times, after, appends, durability, reopen } of steps) {
        faulty.fail(call, code, { times, after });
        const tried = range(n + 1, n + appends);
        n += appends;
        const results = await Promise.allSettled(tried.map((number) => log.append(eventJson(number))));
        answered.push(...tried.filter((_, at) => results[at]?.status === "fulfilled"));
        place.clock.advance(1000);
        if (!reopen) continue;
        await log.close().catch(isAuditUnavailable);
        faulty.heal();
        log = await place.open({ durability });
      }
      faulty.heal();
      place.clock.advance(1000);
      await until(() => log.health().writable);
      await log.append(eventJson(n + 1));
      await log.close();
      const stored = await storedNumbers(place.directory);
      // What was refused after it had been written may have stayed if the process stopped before it cut it off.
      assert.deepEqual(
        stored.filter((number) => answered.includes(number) || number === n + 1),
        [...answered, n + 1],
      );
      assert.deepEqual(
        stored,
        [...new Set(stored)].sort((a, b) => a - b),
      );
      const report = await verifyAuditDirectory(place.directory, { publicKeyPem: place.publicKeyPem });
      assert.equal(report.fault, undefined);
      await place.remove();
    }),
    { numRuns: 40 },
  );
});

const mayMount = process.getuid?.() === 0 && process.platform === "linux";

test("a disk that is really full", {
  skip: mayMount ? false : "only root on Linux can mount a small disk",
}, async (t) => {
  const mount = await mkdtemp(join(tmpdir(), "coffer-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=96k", "coffer-test", mount], { stdio: "pipe" });
  } catch (error) {
    await rm(mount, { recursive: true });
    return t.skip(`no tmpfs can be mounted here: ${String(error)}`);
  }
  try {
    const place = await makeAuditPlace(mount);
    const log = await place.open({ durability: "disk" });
    await writeFile(join(mount, "ballast"), Buffer.alloc(32 * 1024));
    const answered: number[] = [];
    let reason = "";
    for (let n = 1; reason === "" && n < 1000; n++) {
      await log.append(eventJson(n)).then(
        () => answered.push(n),
        (error: ServiceError) => {
          reason = error.detail.code === "AuditUnavailable" ? error.detail.params.reason : error.code;
        },
      );
    }
    assert.equal(reason, "The disk that holds the audit log is full.");
    assert.ok(answered.length > 10, String(answered.length));
    place.clock.advance(1000);
    assert.match(await refusal(log.append(eventJson(2000))), /is full/);
    await unlink(join(mount, "ballast"));
    place.clock.advance(1000);
    await log.append(eventJson(2001));
    await log.close();
    await assertHonest(place, [...answered, 2001]);
  } finally {
    execFileSync("umount", [mount]);
    await rm(mount, { recursive: true });
  }
});

/** Waits for what `clock.advance` has set off; counts turns of the event loop, not time. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    assert.ok(turns < 1_000_000, "what was waited for did not happen");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
