import assert from "node:assert/strict";
import { type KeyObject, randomBytes } from "node:crypto";
import { findKeySpec, type KeySpec } from "../algorithms.ts";
import { publicKeyOf } from "../public-key.ts";
import type { MessageType, SigningAlgorithmRow } from "../signing/row.ts";
import { findSigningAlgorithm } from "../signing-algorithms.ts";

/** A key pair. */
export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const pairs = new Map<string, Promise<Pair>>();

/** A pair of a spec, the same for the same number: a new RSA key takes long. */
export function pairOf(spec: KeySpec, number = 1): Promise<Pair> {
  const id = `${spec} ${number}`;
  const pair = pairs.get(id) ?? generatePair(spec);
  pairs.set(id, pair);
  return pair;
}

async function generatePair(spec: KeySpec): Promise<Pair> {
  const row = findKeySpec(spec);
  using material = await row?.generate();
  const privateKey = material && row?.load(material);
  assert.ok(privateKey !== undefined);
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** The row of an algorithm that there is. */
export function signingAlgorithm(name: string): SigningAlgorithmRow {
  const row = findSigningAlgorithm(name);
  assert.ok(row !== undefined, name);
  return row;
}

/** A random message of a type that the algorithm takes. */
export function randomMessage(row: SigningAlgorithmRow, type: MessageType): Buffer {
  assert.ok(row.messageTypes.has(type));
  return randomBytes(row.messageTypes.get(type) ?? 100);
}
