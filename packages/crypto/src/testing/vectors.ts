import assert from "node:assert/strict";
import { createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { RandomFill } from "../random.ts";

/** A file in `vectors/`, gunzipped where it is a `.gz`; the caller names its shape. */
export function readVectorFile<Shape>(name: string): Shape {
  const stored = readFileSync(new URL(`../../../../vectors/${name}`, import.meta.url));
  return JSON.parse((name.endsWith(".gz") ? gunzipSync(stored) : stored).toString("utf8")) as Shape;
}

/** The cases of such a file. */
export function readVectors<Case>(name: string): readonly Case[] {
  const { cases } = readVectorFile<{ readonly cases: readonly Case[] }>(name);
  assert.ok(cases.length > 0, `${name} has cases`);
  return cases;
}

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

export function keyFromHex(hex: string): KeyObject {
  return createSecretKey(fromHex(hex));
}

/** A source that gives one nonce, and fails when another length is asked for. */
export function fixedNonce(nonce: Uint8Array): RandomFill {
  return (target, start, end) => {
    assert.equal(end - start, nonce.length);
    target.set(nonce, start);
  };
}

/** Every copy of `bytes` with one bit changed. */
export function* bitFlips(bytes: Uint8Array): Generator<{ readonly bit: number; readonly changed: Buffer }> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    const index = bit >> 3;
    changed[index] = (bytes[index] ?? 0) ^ (1 << (bit & 7));
    yield { bit, changed };
  }
}
