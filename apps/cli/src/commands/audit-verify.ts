import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import type { VerifyOptions, VerifyProgress, VerifyReport } from "@coffer/store";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, showProgress, styled, twoColumns } from "../terminal.ts";

/** `coffer audit verify`: needs no server, and may run beside one. */
export const auditVerifyCommand: Command = {
  name: "audit verify",
  summary: "Verify the audit trail on disk: every hash, order and signature",
  usage:
    "[--data-dir DIR | --directory DIR] [--public-key FILE] [--trusted-head SEQUENCE:HASH] [--from SEQUENCE] [--json]",
  options: [
    { name: "data-dir", placeholder: "DIR", doc: "Data directory of the server (COFFER_DATA_DIR; default ~/.coffer)." },
    {
      name: "directory",
      placeholder: "DIR",
      doc: "The audit trail itself (COFFER_AUDIT_DIRECTORY; default DATA_DIR/audit).",
    },
    {
      name: "public-key",
      placeholder: "FILE",
      doc: "PEM public key that you kept; else the one beside the trail is used.",
    },
    {
      name: "trusted-head",
      placeholder: "SEQUENCE:HASH",
      doc: "A record that you know, from an earlier report: the trail must hold it.",
    },
    {
      name: "from",
      placeholder: "SEQUENCE",
      doc: "The first record that must be there (default 1): you archived those before elsewhere.",
    },
    jsonOption,
  ],
  notes: [
    "Exit code: 0 when everything holds, 1 when something was changed, removed or cannot be read, 3 when what is there",
    "holds but records before it are not there (a signed checkpoint vouches for the last of them).",
    "docs/AUDIT.md says how to verify without Coffer.",
  ],
  run: runVerify,
};

async function runVerify(invocation: Invocation): Promise<number> {
  const directory = findDirectory(invocation);
  const options = readOptions(invocation);
  const { verifyAuditDirectory } = await import("@coffer/store");
  let report: VerifyReport;
  try {
    report = await verifyAuditDirectory(directory, { ...options, onProgress: showVerifyProgress });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OperatorError(`cannot verify ${directory}: ${code ?? message}.`);
  } finally {
    showProgress("");
  }
  if (isOn(invocation, "json")) print(JSON.stringify({ directory, ...report }));
  else printReport(directory, report);
  return verdicts[verdictOf(report)].exitCode;
}

const verdicts = {
  holds: { exitCode: 0, color: "green", words: "everything holds" },
  beginsLater: { exitCode: 3, color: "red", words: "what is there holds, but it begins later" },
  broken: { exitCode: 1, color: "red", words: "TAMPERED OR DAMAGED" },
} as const;

function verdictOf({ ok, fault }: VerifyReport): keyof typeof verdicts {
  if (ok) return "holds";
  return fault === undefined ? "beginsLater" : "broken";
}

function findDirectory(invocation: Invocation): string {
  const { environment, homeDirectory, workingDirectory } = invocation;
  const givenDirectory = flagText(invocation, "directory");
  const givenDataDir = flagText(invocation, "data-dir");
  if (givenDirectory !== undefined && givenDataDir !== undefined) {
    throw new OperatorError("give --data-dir or --directory, not both.", 2);
  }
  if (givenDirectory !== undefined) return resolve(workingDirectory, givenDirectory);
  if (givenDataDir === undefined && environment["COFFER_AUDIT_DIRECTORY"]) {
    return resolve(workingDirectory, environment["COFFER_AUDIT_DIRECTORY"]);
  }
  const dataDir = givenDataDir ?? (environment["COFFER_DATA_DIR"] || resolve(homeDirectory, ".coffer"));
  return resolve(workingDirectory, dataDir, "audit");
}

function readOptions(invocation: Invocation): VerifyOptions {
  const keyFile = flagText(invocation, "public-key");
  const head = flagText(invocation, "trusted-head");
  const from = flagText(invocation, "from");
  return {
    ...(from === undefined ? {} : { fromSequence: parseSequence(from) }),
    ...(keyFile === undefined ? {} : { publicKeyPem: readKey(resolve(invocation.workingDirectory, keyFile)) }),
    ...(head === undefined ? {} : { trustedHead: parseHead(head) }),
  };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read the public key ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

function parseHead(text: string): { sequence: number; hash: string } {
  const match = /^([1-9]\d{0,15}):([A-Za-z0-9+/]{43}=)$/.exec(text);
  if (match === null) throw new OperatorError("--trusted-head is SEQUENCE:HASH as a report prints it.", 2);
  return { sequence: Number(match[1]), hash: match[2]! };
}

function parseSequence(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new OperatorError("--from is the number of a record, from 1 on.", 2);
  return Number(text);
}

function showVerifyProgress({ doneBytes, totalBytes, records }: VerifyProgress): void {
  const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
  showProgress(`verifying: ${percent} %, ${records} records`);
}

function printReport(directory: string, report: VerifyReport): void {
  const { fault, head } = report;
  const { color, words } = verdicts[verdictOf(report)];
  const rows: [string, string][] = [
    ["audit trail", directory],
    ["verdict", styled(color, words)],
    ["first record", String(report.firstSequence)],
    ["records", String(report.records)],
    ["segments", String(report.segments)],
    ["checkpoints", String(report.checkpoints)],
    ["vouched up to", String(report.vouchedSequence)],
    ["head", head.sequence === 0 ? "none" : `${head.sequence}:${head.hash}`],
  ];
  if (fault !== undefined) {
    const line = fault.line === 0 ? "" : `:${fault.line}`;
    const sequence = fault.sequence === 0 ? "" : ` (record ${fault.sequence})`;
    rows.push(["fault", `${fault.file}${line}${sequence}: ${fault.reason}`]);
  }
  for (const line of twoColumns(rows, "")) print(line);
  for (const note of report.notes) print(`note: ${note}`);
}
