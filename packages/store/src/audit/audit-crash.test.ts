import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { makeAuditPlace, storedNumbers } from "./testing/audit-fixtures.ts";
import { verifyAuditDirectory } from "./verify-audit.ts";

test("ten times killed with SIGKILL, the log keeps every answered record and goes on", async (t) => {
  const place = await makeAuditPlace();
  t.after(() => place.remove());
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const privatePem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  let last = 0;
  for (let round = 0; round < 10; round++) {
    const durability = round % 2 === 0 ? "disk" : "os";
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "testing/crash-child.ts"),
        place.directory,
        durability,
        String(last + 1),
        publicKeyPem,
        privatePem,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const closed = once(child, "close");
    const killAfter = 3 + round * 7;
    let answers = 0;
    let answered = last;
    for await (const line of createInterface(child.stdout)) {
      answered = Number(line);
      if (++answers === killAfter) child.kill("SIGKILL");
    }
    assert.deepEqual(await closed, [null, "SIGKILL"]);

    const report = await verifyAuditDirectory(place.directory, { publicKeyPem });
    assert.equal(report.fault, undefined);
    const log = await place.open({ checkpoint: { signingKey: privateKey, publicKeyPem, everyRecords: 50 } });
    assert.ok(log.lastSequence() >= answered, `${log.lastSequence()} of ${answered}`);
    last = log.lastSequence();
    await log.close();
    assert.deepEqual(
      await storedNumbers(place.directory),
      Array.from({ length: last }, (_, at) => at + 1),
    );
  }
  const report = await verifyAuditDirectory(place.directory, { publicKeyPem });
  assert.deepEqual([report.fault, report.vouchedSequence], [undefined, last]);
});
