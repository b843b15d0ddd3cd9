import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@coffer/testkit";
import { ChainEncoder, maxChainMemberBytes, parseChainMember } from "../audit-chain.ts";
import type { FileAuditLog } from "../file-audit-log.ts";
import { type FileAuditLogOptions, openFileAuditLog } from "../open-audit-log.ts";

/** A directory for a test's log, with the key and the clock that go with it. */
export interface AuditPlace {
  readonly directory: string;
  readonly clock: ManualClock;
  readonly publicKeyPem: string;
  open(changes?: Partial<FileAuditLogOptions>): Promise<FileAuditLog>;
  remove(): Promise<void>;
}

/** @param directory one that exists; a new one under the system's when absent */
export async function makeAuditPlace(
  directory?: string,
  defaults: Partial<FileAuditLogOptions> = {},
): Promise<AuditPlace> {
  const root = directory ?? (await mkdtemp(join(tmpdir(), "coffer-audit-")));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const clock = new ManualClock();
  return {
    directory: join(root, "audit"),
    clock,
    publicKeyPem,
    open: (changes = {}) =>
      openFileAuditLog({
        directory: join(root, "audit"),
        durability: "os",
        checkpoint: { signingKey: privateKey, publicKeyPem, everyRecords: 1000 },
        clock,
        lowSpaceBytes: 0,
        ...defaults,
        ...changes,
      }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Appends events numbered from `from` to `to`, each in a batch with the others. */
export async function appendNumbered(log: FileAuditLog, from: number, to: number): Promise<void> {
  const appends: Promise<void>[] = [];
  for (let n = from; n <= to; n++) appends.push(log.append(eventJson(n)));
  await Promise.all(appends);
}

/** An event of a few hundred bytes, like a real one. */
export function eventJson(n: number): string {
  return JSON.stringify({
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", arn: "arn:aws:iam::000000000000:user/é" },
    eventTime: "2026-01-01T00:00:00Z",
    eventName: "Encrypt",
    requestID: `request-${n}`,
    n,
  });
}

/** The `n` of every record in the directory's files, in the files' order: what an outsider would read. */
export async function storedNumbers(directory: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await segmentNames(directory)) {
    const lines = (await readFile(join(directory, name), "utf8")).split("\n").filter((line) => line !== "");
    numbers.push(...lines.map((line) => (JSON.parse(line) as { n: number }).n));
  }
  return numbers;
}

/** The names of the segment files, in order. */
export async function segmentNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => /^audit-[0-9]+\.jsonl$/.test(name)).sort();
}

/** The sequence number that a stored line says. */
export function sequenceOf(line: string): number | undefined {
  return parseChainMember(Buffer.from(line))?.sequence;
}

/** The line of a record that somebody made up: its hash is right, whatever it says that it follows. */
export function forgedLine(event: string, previous: string, sequence: number): string {
  const encoder = new ChainEncoder();
  const into = Buffer.alloc(encoder.load(event) + maxChainMemberBytes);
  const record = { sequence, hash: encoder.hash(previous, sequence) };
  return into.toString("utf8", 0, encoder.writeLine(into, 0, previous, record));
}
