import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { ChainEncoder, genesis, hashHolds, maxChainMemberBytes, parseChainMember } from "./audit-chain.ts";

/** The hash as docs/AUDIT.md says it, written a second time. */
function documentedHash(previous: Buffer, sequence: number, event: string): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(sequence));
  const hash = createHash("sha256")
    .update("coffer audit v1")
    .update(Buffer.from([0]))
    .update(previous)
    .update(number);
  return hash.update(event, "utf8").digest("base64");
}

test("the hash of a record is frozen", () => {
  const encoder = new ChainEncoder();
  const event = '{"eventName":"Encrypt"}';
  encoder.load(event);
  // Made with Python: hashlib.sha256(b"coffer audit v1\0" + bytes(32) + (1).to_bytes(8, "big") + event)
  assert.equal(encoder.hash(genesis.hash, 1), "62wdrBQ3+lREU5pjS2rH+m4JE563i71vETCV8iZZqZc=");
  assert.equal(encoder.hash(genesis.hash, 1), documentedHash(Buffer.alloc(32), 1, event));
});

test("a line is the event with the chain as its last member, and is read back from its end", () => {
  const encoder = new ChainEncoder();
  const anyEvent = fc
    .dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { minKeys: 1 })
    .map((o) => JSON.stringify(o));
  const anySequence = fc.integer({ min: 1, max: 999_999_999_999 });
  const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(anyEvent, anySequence, anyHash, (event, sequence, previous) => {
      const eventBytes = encoder.load(event);
      assert.equal(eventBytes, Buffer.byteLength(event));
      const hash = encoder.hash(previous.toString("base64"), sequence);
      assert.equal(hash, documentedHash(previous, sequence, event));
      const into = Buffer.alloc(eventBytes + maxChainMemberBytes + 3);
      const written = encoder.writeLine(into, 3, previous.toString("base64"), { sequence, hash });
      assert.equal(into[3 + written - 1], 0x0a);
      const line = into.subarray(3, 3 + written - 1);
      const { cofferChain, ...rest } = JSON.parse(line.toString()) as Record<string, unknown>;
      assert.deepEqual(cofferChain, { sequence, previous: previous.toString("base64"), hash });
      const { cofferChain: _, ...given } = JSON.parse(event) as Record<string, unknown>;
      assert.deepEqual(rest, given);
      const member = parseChainMember(line);
      assert.deepEqual(member, { sequence, previous: previous.toString("base64"), hash, at: eventBytes - 1 });
      assert.ok(hashHolds(encoder, line, member!));
    }),
  );
});

test("a chain member inside an event is not taken for the line's own", () => {
  const encoder = new ChainEncoder();
  const fake = { sequence: 7, previous: genesis.hash, hash: genesis.hash };
  const event = JSON.stringify({ userAgent: `,"cofferChain":${JSON.stringify(fake)}}`, cofferChain: fake });
  const bytes = encoder.load(event);
  const into = Buffer.alloc(bytes + maxChainMemberBytes);
  const hash = encoder.hash(genesis.hash, 1);
  const line = into.subarray(0, encoder.writeLine(into, 0, genesis.hash, { sequence: 1, hash }) - 1);
  assert.equal(parseChainMember(line)?.sequence, 1);
});

test("large events do not disturb the preimage of later ones", () => {
  const encoder = new ChainEncoder();
  for (const event of [
    `{"a":"${"x".repeat(100_000)}"}`,
    '{"a":"é"}',
    `{"a":"${"\u{1f511}".repeat(30_000)}"}`,
    '{"b":1}',
  ]) {
    encoder.load(event);
    assert.equal(encoder.hash(genesis.hash, 2 ** 40 + 5), documentedHash(Buffer.alloc(32), 2 ** 40 + 5, event));
  }
});
