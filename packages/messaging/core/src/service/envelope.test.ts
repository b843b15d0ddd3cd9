import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError } from "../errors.ts";
import { type Envelope, maxEnvelopeCharacters, parseEnvelope, writeEnvelope } from "./envelope.ts";

const envelope: Envelope = {
  protocol: "olm",
  messageId: "id-1",
  from: { userId: "@alice:example.org", deviceId: "phone" },
  to: { userId: "bob", deviceId: "laptop" },
  kind: "preKey",
  groupId: undefined,
  body: Uint8Array.of(1, 2, 3),
};
const refused = (error: unknown) => error instanceof MessagingError && error.code === "InvalidInput";

describe("an envelope", () => {
  it("is JSON text with what a carrier needs", () => {
    assert.deepEqual(JSON.parse(writeEnvelope(envelope)), {
      v: 1,
      protocol: "olm",
      messageId: "id-1",
      from: "@alice:example.org/phone",
      to: "bob/laptop",
      kind: "preKey",
      body: "AQID",
    });
    assert.deepEqual(parseEnvelope(writeEnvelope(envelope)), envelope);
    const inGroup = { ...envelope, groupId: "friends" };
    assert.deepEqual(parseEnvelope(writeEnvelope(inGroup)), inGroup);
  });

  it("is refused when it is none", () => {
    const good = JSON.parse(writeEnvelope(envelope)) as object;
    const others: unknown[] = [
      null,
      [],
      {},
      { ...good, v: 2 },
      { ...good, protocol: "constructor" },
      { ...good, messageId: "a/b" },
      { ...good, messageId: "x".repeat(65) },
      { ...good, from: "alice" },
      { ...good, from: "a/b/c" },
      { ...good, to: 7 },
      { ...good, kind: "a b" },
      { ...good, groupId: "a/b" },
      { ...good, body: "AQI" },
    ];
    for (const other of others)
      assert.throws(() => parseEnvelope(JSON.stringify(other)), refused, JSON.stringify(other));
    for (const text of ["", "{", " ".repeat(maxEnvelopeCharacters + 1)])
      assert.throws(() => parseEnvelope(text), refused);
  });
});
