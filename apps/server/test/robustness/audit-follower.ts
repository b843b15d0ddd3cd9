import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { type AuditHead, type VerifyReport, verifyAuditDirectory } from "@coffer/store";

/** What a test reads of an audit record. */
export interface AuditRecord {
  readonly requestID: string;
  readonly userAgent: string;
  readonly eventName: string;
  readonly errorCode?: string;
  readonly requestParameters: Readonly<Record<string, unknown>> | null;
  readonly additionalEventData: { readonly wire: string; readonly path?: string };
}

/** Reads an audit directory as it grows, from its files alone: no record is read twice. */
export class AuditFollower {
  readonly #directory: string;
  readonly #offsets = new Map<string, number>();
  #publicKeyPem: string | undefined;
  #head: AuditHead | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The whole records that came since the last call; a torn last line waits for its rest. */
  newRecords(): AuditRecord[] {
    const segments = readdirSync(this.#directory).filter((name) => /^audit-\d+\.jsonl$/.test(name));
    return segments.sort().flatMap((name) => this.#newLines(name).map((line) => JSON.parse(line) as AuditRecord));
  }

  #newLines(name: string): string[] {
    const from = this.#offsets.get(name) ?? 0;
    const file = openSync(join(this.#directory, name), "r");
    let bytes: Buffer;
    try {
      bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
      readSync(file, bytes, 0, bytes.length, from);
    } finally {
      closeSync(file);
    }
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#offsets.set(name, from + end);
    const text = bytes.toString("utf8", 0, end);
    return text === "" ? [] : text.slice(0, -1).split("\n");
  }

  /** Verifies every record from the first on, under the key and after the head of the first and last call. */
  async verify(): Promise<VerifyReport> {
    this.#publicKeyPem ??= readFileSync(join(this.#directory, "checkpoint-key.pem"), "latin1");
    const report = await verifyAuditDirectory(this.#directory, {
      publicKeyPem: this.#publicKeyPem,
      ...(this.#head === undefined ? {} : { trustedHead: this.#head }),
    });
    assert.equal(report.fault, undefined);
    assert.ok(report.ok);
    this.#head = report.head;
    return report;
  }
}
