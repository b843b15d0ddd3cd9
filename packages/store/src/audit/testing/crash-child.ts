import { createPrivateKey } from "node:crypto";
import { writeSync } from "node:fs";
import { ManualClock } from "@coffer/testkit";
import { openFileAuditLog } from "../open-audit-log.ts";
import { eventJson } from "./audit-fixtures.ts";

// Run by audit-crash.test.ts, which kills it: appends for ever and prints each sequence number once it is durable.
const [directory, durability, firstNumber, publicKeyPem, privateKey] = process.argv.slice(2) as [
  string,
  "disk" | "os",
  string,
  string,
  string,
];
const log = await openFileAuditLog({
  directory,
  durability,
  checkpoint: { signingKey: createPrivateKey(privateKey), publicKeyPem, everyRecords: 50 },
  clock: new ManualClock(),
  segmentBytes: 20_000,
});
for (let n = Number(firstNumber); ; n += 4) {
  const four = [n, n + 1, n + 2, n + 3].map((number) => log.append(eventJson(number)));
  await Promise.all(four);
  writeSync(1, `${n + 3}\n`);
}
