import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { EnvelopeError, type EnvelopeErrorCode, rawAesKeyring } from "../../index.ts";

/** A keyring of a fixed key. */
export const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });

const root = mkdtempSync(join(tmpdir(), "coffer-files-"));
after(() => rmSync(root, { recursive: true }));
let directories = 0;

/** A new directory with the file `plain` in it, and paths in it. */
export function directoryWith(bytes: string | Uint8Array): { directory: string; at: (name: string) => string } {
  const directory = join(root, `${directories++}`);
  mkdirSync(directory);
  writeFileSync(join(directory, "plain"), bytes);
  return { directory, at: (name) => join(directory, name) };
}

/** What an error must be. */
export function failing(code: EnvelopeErrorCode, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EnvelopeError, `${error}`);
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  };
}

/** Bytes that differ from place to place. */
export function patternBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let offset = 0; offset < length; offset++)
    bytes[offset] = (offset * 31 + (offset >> 8) * 17 + (offset >> 16)) & 0xff;
  return bytes;
}
