import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { copyFile, readdir, readFile, rename, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { genesis } from "./audit-chain.ts";
import { formatCheckpoint, signCheckpoint } from "./checkpoints.ts";
import {
  type AuditPlace,
  appendNumbered,
  eventJson,
  forgedLine,
  makeAuditPlace,
  segmentNames,
} from "./testing/audit-fixtures.ts";
import { type VerifyOptions, type VerifyProgress, type VerifyReport, verifyAuditDirectory } from "./verify-audit.ts";

const segmentBytes = 3000;
const records = 30;
let place: AuditPlace;
let honest: Map<string, Buffer>;

before(async () => {
  place = await makeAuditPlace();
  const log = await place.open({ segmentBytes });
  for (let n = 1; n <= records; n++) await log.append(eventJson(n));
  await log.close();
  honest = new Map();
  for (const name of await readdir(place.directory)) honest.set(name, await readFile(join(place.directory, name)));
});
after(() => place.remove());

/** Verifies the log after `tamper`, and puts it back. */
async function verifyTampered(
  tamper: (path: (name: string) => string) => Promise<void>,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  try {
    await tamper((name) => join(place.directory, name));
    return await verifyAuditDirectory(place.directory, { publicKeyPem: place.publicKeyPem, ...options });
  } finally {
    for (const name of await readdir(place.directory)) await unlink(join(place.directory, name));
    for (const [name, bytes] of honest) await writeFile(join(place.directory, name), bytes);
  }
}

async function lines(name: string): Promise<string[]> {
  return (await readFile(join(place.directory, name), "utf8")).split("\n").slice(0, -1);
}

async function rewrite(name: string, change: (lines: string[]) => string[]): Promise<void> {
  await writeFile(join(place.directory, name), `${change(await lines(name)).join("\n")}\n`);
}

test("an honest log is ok, and the report says what was covered", async () => {
  const seen: VerifyProgress[] = [];
  const { publicKeyPem } = place;
  const report = await verifyAuditDirectory(place.directory, { publicKeyPem, onProgress: (p) => void seen.push(p) });
  const segments = await segmentNames(place.directory);
  assert.ok(segments.length > 2);
  const { head, ...rest } = report;
  assert.deepEqual(rest, {
    ok: true,
    firstSequence: 1,
    segments: segments.length,
    records,
    checkpoints: segments.length,
    vouchedSequence: records,
    notes: [],
  });
  assert.equal(head.sequence, records);
  const totalBytes = segments.reduce((sum, name) => sum + honest.get(name)!.length, 0);
  assert.deepEqual(seen.at(-1), { file: segments.at(-1), records, doneBytes: totalBytes, totalBytes });
});

test("without a given key the directory's is used, and the report says so", async () => {
  const report = await verifyAuditDirectory(place.directory);
  assert.equal(report.ok, true);
  assert.deepEqual(report.notes, [
    "The key in checkpoint-key.pem was used; who can replace the log can replace it too.",
  ]);
  const empty = await makeAuditPlace();
  await (await empty.open()).close();
  assert.deepEqual((await verifyAuditDirectory(empty.directory)).records, 0);
  await empty.remove();
});

test("any single byte changed anywhere in any file is found", async () => {
  const files = [...honest].filter(([, bytes]) => bytes.length > 0);
  assert.ok(files.length >= 5);
  const anyByte = fc
    .constantFrom(...files)
    .chain(([name, bytes]) =>
      fc.record({ name: fc.constant(name), at: fc.nat(bytes.length - 1), flip: fc.integer({ min: 1, max: 255 }) }),
    );
  const change = async (name: string, at: number, flip: number) => {
    const report = await verifyTampered(async (path) => {
      const bytes = Buffer.from(honest.get(name)!);
      bytes[at]! ^= flip;
      await writeFile(path(name), bytes);
    });
    assert.equal(report.ok, false, `${name}, byte ${at}, ${flip}`);
  };
  await fc.assert(
    fc.asyncProperty(anyByte, ({ name, at, flip }) => change(name, at, flip)),
    { numRuns: 300 },
  );
  for (const [name, bytes] of files) {
    for (const at of [0, bytes.length - 2, bytes.length - 1]) {
      for (const flip of [0x01, 0x07, 0x0a ^ bytes[at]!, 0xff]) if (flip !== 0) await change(name, at, flip);
    }
  }
});

test("any single byte removed or added is found", async () => {
  const files = [...honest].filter(([, bytes]) => bytes.length > 0);
  const anywhere = fc
    .constantFrom(...files)
    .chain(([name, bytes]) =>
      fc.record({ name: fc.constant(name), at: fc.nat(bytes.length - 1), added: fc.option(fc.nat(255)) }),
    );
  await fc.assert(
    fc.asyncProperty(anywhere, async ({ name, at, added }) => {
      const bytes = honest.get(name)!;
      const insert = added === null ? Buffer.alloc(0) : Buffer.from([added]);
      const changed = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(added === null ? at + 1 : at)]);
      // A last checkpoint or key without its line feed says the same; what follows is as a crash leaves it.
      fc.pre(!changed.equals(bytes) && !(name === "checkpoints.jsonl" && added === null && at === bytes.length - 1));
      const report = await verifyTampered((path) => writeFile(path(name), changed));
      assert.equal(report.ok, false);
    }),
    { numRuns: 150 },
  );
});

const first = "audit-000000000001.jsonl";
const lineFaults: readonly [string, (lines: string[]) => string[], { line: number; reason: RegExp }][] = [
  ["a removed line", (all) => all.toSpliced(2, 1), { line: 3, reason: /record 3 should be here/ }],
  ["a duplicated line", (all) => all.toSpliced(2, 0, all[1]!), { line: 3, reason: /says record 2 again/ }],
  ["swapped lines", (all) => all.toSpliced(1, 2, all[2]!, all[1]!), { line: 2, reason: /record 2 should be here/ }],
  [
    "an inserted line",
    (all) => all.toSpliced(2, 0, '{"eventName":"Decrypt"}'),
    { line: 3, reason: /no|not end in a chain member/ },
  ],
  ["an empty line", (all) => all.toSpliced(2, 0, ""), { line: 3, reason: /not end in a chain member/ }],
  [
    "a changed event",
    (all) => all.with(1, all[1]!.replace("Encrypt", "Decrypt")),
    { line: 2, reason: /hash is not that of its content/ },
  ],
];
for (const [what, change, { line, reason }] of lineFaults) {
  test(`${what} is found, and the report says where`, async () => {
    const report = await verifyTampered(() => rewrite(first, change));
    assert.equal(report.fault?.file, first);
    assert.equal(report.fault?.line, line);
    assert.equal(report.fault?.sequence, line);
    assert.match(report.fault?.reason ?? "", reason);
    assert.equal(report.records, line - 1);
  });
}

test("a missing segment is found, wherever it was", async () => {
  const [first, ...segments] = await segmentNames(place.directory);
  assert.equal((await verifyTampered((path) => unlink(path(first!)))).ok, false);
  for (const name of segments) {
    const report = await verifyTampered((path) => unlink(path(name)));
    assert.equal(report.ok, false, name);
    assert.equal(report.fault?.sequence, Number(name.slice(6, 18)));
  }
});

test("a renamed, doubled or emptied segment is found", async () => {
  const [, name, next] = (await segmentNames(place.directory)) as [string, string, string];
  assert.equal((await verifyTampered((path) => rename(path(name), path("audit-000000000999.jsonl")))).ok, false);
  assert.equal((await verifyTampered((path) => copyFile(path(name), path("audit-000000000999.jsonl")))).ok, false);
  assert.equal((await verifyTampered((path) => copyFile(path(name), path(next)))).ok, false);
  assert.equal((await verifyTampered((path) => truncate(path(name), 0))).ok, false);
});

test("cutting the log anywhere behind a checkpoint is found", async () => {
  const last = (await segmentNames(place.directory)).at(-1)!;
  const size = honest.get(last)!.length;
  await fc.assert(
    fc.asyncProperty(fc.nat(size - 1), async (kept) => {
      const report = await verifyTampered((path) => truncate(path(last), kept));
      assert.equal(report.ok, false);
      assert.match(report.fault!.reason, new RegExp(`A signed checkpoint tells of record ${records}`));
    }),
    { numRuns: 60 },
  );
});

test("an endless line is a fault, and is not read into memory whole", async () => {
  const last = (await segmentNames(place.directory)).at(-1)!;
  const report = await verifyTampered((path) => writeFile(path(last), Buffer.alloc(5_000_000, "x"), { flag: "a" }));
  assert.deepEqual([report.fault?.file, report.fault?.sequence, report.records], [last, records + 1, records]);
  assert.match(report.fault?.reason ?? "", /ends in bytes that no crash leaves/);
});

test("records rehashed by somebody without the signing key are found", async () => {
  const forged = await makeAuditPlace();
  const log = await forged.open({ segmentBytes });
  for (let n = 1; n <= records; n++) await log.append(eventJson(n === 17 ? 999 : n));
  await log.close();
  const copy = async (path: (name: string) => string, names: readonly string[]) => {
    for (const name of names) await copyFile(join(forged.directory, name), path(name));
  };
  const segments = await segmentNames(forged.directory);
  const withOldCheckpoints = await verifyTampered((path) => copy(path, segments));
  assert.match(withOldCheckpoints.fault?.reason ?? "", /The checkpoint is about another record/);
  const withTheirs = await verifyTampered((path) => copy(path, [...segments, "checkpoints.jsonl"]));
  assert.match(withTheirs.fault?.reason ?? "", /signature is not good/);
  const withKey = await verifyTampered((path) => copy(path, [...segments, "checkpoints.jsonl", "checkpoint-key.pem"]));
  assert.deepEqual(withKey.fault, {
    file: "checkpoint-key.pem",
    line: 0,
    sequence: 0,
    reason: "This is another key than the given one.",
  });
  await forged.remove();
});

test("behind the last checkpoint, a record that follows another than the one before it is found", async () => {
  const last = (await segmentNames(place.directory)).at(-1)!;
  const append = (line: string) => verifyTampered((path) => writeFile(path(last), line, { flag: "a" }));
  const { head } = await verifyAuditDirectory(place.directory);
  assert.equal((await append(forgedLine(eventJson(31), head.hash, records + 1))).ok, true, "nothing tells it apart");
  const { fault } = await append(forgedLine(eventJson(31), genesis.hash, records + 1));
  assert.deepEqual([fault?.sequence, fault?.reason], [records + 1, "The record does not follow the one before it."]);
});

test("behind the last checkpoint, a whole line without its line feed is not taken for a torn one", async () => {
  const last = (await segmentNames(place.directory)).at(-1)!;
  const { head } = await verifyAuditDirectory(place.directory);
  const line = forgedLine(eventJson(31), head.hash, records + 1).slice(0, -1);
  const append = (end: string) => verifyTampered((path) => writeFile(path(last), `${line}${end}`, { flag: "a" }));
  assert.match((await append("x")).fault?.reason ?? "", /ends in bytes that no crash leaves/);
  assert.match((await append("")).notes[0] ?? "", /torn line/);
});

test("a checkpoint that is removed at a rotation, moved or doubled is found", async () => {
  const name = "checkpoints.jsonl";
  const removed = await verifyTampered(() => rewrite(name, (all) => all.toSpliced(0, 1)));
  assert.match(removed.fault?.reason ?? "", /checkpoint that was made at rotation is missing/);
  const swapped = await verifyTampered(() => rewrite(name, (all) => all.toSpliced(0, 2, all[1]!, all[0]!)));
  assert.match(swapped.fault?.reason ?? "", /checkpoint that was made at rotation is missing/);
  const doubled = await verifyTampered(() => rewrite(name, (all) => all.toSpliced(0, 0, all[0]!)));
  assert.deepEqual([doubled.fault?.line, doubled.fault?.reason], [2, "The checkpoint is out of order."]);
  assert.equal((await verifyTampered((path) => unlink(path(name)))).ok, false);
});

test("a good signature over a false hash is found", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const own = await makeAuditPlace();
  const checkpoint = { signingKey: privateKey, publicKeyPem, everyRecords: 100 };
  const log = await own.open({ checkpoint });
  await appendNumbered(log, 1, 5);
  const hash = Buffer.alloc(32, 7).toString("base64");
  await log.close();
  const path = join(own.directory, "checkpoints.jsonl");
  const lying = formatCheckpoint(await signCheckpoint(checkpoint, { sequence: 3, hash }, 5));
  await writeFile(path, lying + (await readFile(path, "utf8")));
  const report = await verifyAuditDirectory(own.directory, { publicKeyPem });
  assert.deepEqual(report.fault, {
    file: "checkpoints.jsonl",
    line: 1,
    sequence: 3,
    reason: "The checkpoint is about another record.",
  });
  await own.remove();
});

test("a log without its key is not trusted, unless the auditor brings it", async () => {
  const report = await verifyTampered((path) => unlink(path("checkpoint-key.pem")));
  assert.equal(report.ok, true);
  assert.deepEqual(report.notes, ["checkpoint-key.pem is missing; the given key was used."]);
  await unlink(join(place.directory, "checkpoint-key.pem"));
  const bare = await verifyAuditDirectory(place.directory);
  await writeFile(join(place.directory, "checkpoint-key.pem"), honest.get("checkpoint-key.pem")!);
  assert.match(bare.fault?.reason ?? "", /The key is missing/);
});

test("a record that the auditor knows of must be there", async () => {
  const { publicKeyPem } = place;
  const { head } = await verifyAuditDirectory(place.directory, { publicKeyPem });
  const verify = (trustedHead: typeof head) => verifyAuditDirectory(place.directory, { publicKeyPem, trustedHead });
  assert.equal((await verify(head)).ok, true);
  assert.match(
    (await verify({ ...head, sequence: 12 })).fault?.reason ?? "",
    /another than the one known to the auditor/,
  );
  assert.match((await verify({ ...head, sequence: 31 })).fault?.reason ?? "", /The auditor tells of record 31/);
});

test("a log may be verified while it is written", async (t) => {
  const live = await makeAuditPlace();
  t.after(() => live.remove());
  const log = await live.open({ segmentBytes: 20_000 });
  let writing = true;
  const writer = (async () => {
    for (let n = 1; writing; n += 10) await appendNumbered(log, n, n + 9);
  })();
  for (let round = 0; round < 20; round++) {
    const report = await verifyAuditDirectory(live.directory, { publicKeyPem: live.publicKeyPem });
    assert.equal(report.fault, undefined);
  }
  writing = false;
  await writer;
  await log.close();
  assert.equal((await verifyAuditDirectory(live.directory)).head.sequence, log.lastSequence());
});

/** The number of the second segment's first record, and what removes the segment before it. */
async function pruning() {
  const [first, second] = (await segmentNames(place.directory)) as [string, string];
  const firstSequence = Number(second.slice(6, 18));
  return { second, firstSequence, prune: (path: (name: string) => string) => unlink(path(first)) };
}

/** Removes the checkpoint at a record. */
async function removeCheckpoint(sequence: number): Promise<void> {
  await rewrite("checkpoints.jsonl", (all) => all.filter((line) => !line.startsWith(`{"sequence":${sequence},`)));
}

test("a log without its first segment is verified from a signed checkpoint on, and is no whole one", async () => {
  const { firstSequence, prune } = await pruning();
  const report = await verifyTampered(prune);
  assert.equal(report.fault, undefined);
  assert.deepEqual(
    [report.ok, report.firstSequence, report.records, report.vouchedSequence],
    [false, firstSequence, records - firstSequence + 1, records],
  );
  assert.deepEqual(report.notes, [
    `Verified from record ${firstSequence} on; records 1 to ${firstSequence - 1} are not present. ` +
      `A signed checkpoint vouches for record ${firstSequence - 1}.`,
  ]);
  for (const [fromSequence, ok] of [
    [firstSequence, true],
    [firstSequence + 1, true],
    [firstSequence - 1, false],
  ] as const) {
    assert.equal((await verifyTampered(prune, { fromSequence })).ok, ok, `${fromSequence}`);
  }
});

test("a log without its first segment and without the checkpoint before it stands on nothing", async () => {
  const { second, firstSequence, prune } = await pruning();
  const tamper = async (path: (name: string) => string) => {
    await prune(path);
    await removeCheckpoint(firstSequence - 1);
  };
  const report = await verifyTampered(tamper, { fromSequence: firstSequence });
  assert.deepEqual([report.ok, report.fault?.file, report.records], [false, second, 0]);
  assert.match(report.fault?.reason ?? "", /no signed checkpoint vouches for record/);
});

test("a log without its first segment is not believed when its first record, or the checkpoint, was changed", async () => {
  const { second, firstSequence, prune } = await pruning();
  const fromSequence = firstSequence;
  const rehashed = await verifyTampered(
    async (path) => {
      await prune(path);
      const previous = Buffer.alloc(32, 7).toString("base64");
      await rewrite(second, ([, ...rest]) => [forgedLine(eventJson(999), previous, firstSequence), ...rest]);
    },
    { fromSequence },
  );
  assert.deepEqual([rehashed.ok, rehashed.fault?.sequence], [false, firstSequence]);
  assert.match(rehashed.fault?.reason ?? "", /does not follow the one before it/);
  const forged = await verifyTampered(
    async (path) => {
      await prune(path);
      await rewrite("checkpoints.jsonl", ([anchor, ...rest]) => [
        anchor!.replace(/"hash":"."/, '"hash":"').replace(/"hash":"./, '"hash":"A'),
        ...rest,
      ]);
    },
    { fromSequence },
  );
  assert.equal(forged.ok, false);
  assert.match(forged.fault?.reason ?? "", /signature is not good/);
  const last = await verifyTampered(
    async (path) => {
      await prune(path);
      await rewrite((await segmentNames(place.directory)).at(-1)!, (all) => all.slice(0, -1));
    },
    { fromSequence },
  );
  assert.equal(last.ok, false);
});

test("what the auditor knows of the record before the first one counts, too", async () => {
  const { firstSequence, prune } = await pruning();
  const sequence = firstSequence - 1;
  const checkpoint = (await lines("checkpoints.jsonl")).find((line) => line.startsWith(`{"sequence":${sequence},`));
  const { hash } = JSON.parse(checkpoint!) as { hash: string };
  const fromSequence = firstSequence;
  const other = Buffer.alloc(32, 1).toString("base64");
  assert.equal((await verifyTampered(prune, { fromSequence, trustedHead: { sequence, hash } })).ok, true);
  const refused = await verifyTampered(prune, { fromSequence, trustedHead: { sequence, hash: other } });
  assert.match(refused.fault?.reason ?? "", /another than the one known to the auditor/);
  const earlier = await verifyTampered(prune, { fromSequence, trustedHead: { sequence: 1, hash: other } });
  assert.equal(earlier.ok, true);
  assert.ok(earlier.notes.includes("Record 1, known to the auditor, is not present."));
});
