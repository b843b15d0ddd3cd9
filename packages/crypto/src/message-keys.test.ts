import assert from "node:assert/strict";
import { test } from "node:test";
import { CryptoInvariantError } from "./invariant.ts";
import { deriveFirstBlock, deriveMessageKeys } from "./message-keys.ts";
import { fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

interface CavpCase {
  readonly count: number;
  readonly outputBits: number;
  readonly keyHex: string;
  readonly fixedInputHex: string;
  readonly outputHex: string;
}

test("NIST CAVP: SP 800-108 counter mode with HMAC-SHA512 and a 32-bit counter first", () => {
  for (const { count, outputBits, keyHex, fixedInputHex, outputHex } of readVectors<CavpCase>(
    "nist/kbkdf-counter-hmac-sha512.json",
  )) {
    const input = Buffer.concat([Buffer.alloc(4), fromHex(fixedInputHex)]);
    const block = deriveFirstBlock(keyFromHex(keyHex), input);
    assert.equal(block.toString("hex", 0, outputBits / 8), outputHex, `COUNT=${count}`);
  }
});

interface MessageKeysCase {
  readonly name: string;
  readonly materialHex: string;
  readonly label: string;
  readonly contextHex: string;
  readonly encryptionKeyHex: string;
  readonly commitmentHex: string;
}

test("frozen: label, context and length frame the input as an independent KBKDF does", () => {
  for (const vector of readVectors<MessageKeysCase>("message-keys-v1.json")) {
    const keys = deriveMessageKeys(keyFromHex(vector.materialHex), vector.label, fromHex(vector.contextHex));
    assert.equal(keys.encryptionKey.toString("hex"), vector.encryptionKeyHex, vector.name);
    assert.equal(keys.commitment.toString("hex"), vector.commitmentHex, vector.name);
  }
});

test("label and context stay apart, and the context is left as it was", () => {
  const material = keyFromHex("11".repeat(32));
  const context = Buffer.from("bc");
  const whole = deriveMessageKeys(material, "a", context);
  const moved = deriveMessageKeys(material, "ab", Buffer.from("c"));
  assert.notDeepEqual(whole.encryptionKey, moved.encryptionKey);
  assert.notDeepEqual(whole.commitment, moved.commitment);
  assert.equal(context.toString(), "bc");
});

test("labels that could be read in two ways are refused", () => {
  const material = keyFromHex("11".repeat(32));
  for (const label of ["", "a\0b", "caf\u00e9", "\ud800"]) {
    assert.throws(() => deriveMessageKeys(material, label, Buffer.alloc(0)), CryptoInvariantError);
  }
});
