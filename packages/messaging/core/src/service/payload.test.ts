import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MessagingError } from "../errors.ts";
import { decodePayload, encodePayload, type MessagePayload, maxPayloadBytes, type Payload } from "./payload.ts";

const message: MessagePayload = {
  type: "message",
  messageId: "abc-_1",
  sentAtMs: 1_700_000_000_000,
  to: "bob@example.org",
  content: { text: "hello" },
};

const jsonOf = (payload: Payload) => JSON.parse(new TextDecoder().decode(encodePayload(payload))) as object;
const encodeJson = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a payload", () => {
  it("is read as it was written", () => {
    const common = { messageId: "m", sentAtMs: 1, to: "group" };
    const payloads: Payload[] = [
      message,
      { ...message, head: { size: 3, rootHash: new Uint8Array(32).toBase64() } },
      { ...message, content: { bytes: Uint8Array.of(0, 255), attachments: [{ id: "a" }] } },
      { ...common, type: "resendRequest", lost: "x" },
      { ...common, type: "resend", original: message },
      { ...common, type: "leave" },
      { ...common, type: "devices" },
    ];
    for (const payload of payloads) {
      assert.deepEqual(withoutUndefined(decodePayload(encodePayload(payload))), withoutUndefined(payload));
    }
  });

  it("tells its length in steps of 160 bytes alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
        const bytes = encodePayload({ ...message, content: { text } });
        assert.equal(bytes.length % 160, 0);
        const read = decodePayload(bytes);
        assert.equal(read?.type === "message" && read.content.text, text);
      }),
    );
    const [short, longer] = ["yes", "certainly"].map((text) => encodePayload({ ...message, content: { text } }).length);
    assert.equal(short, longer);
  });

  it("is refused when it is too large", () => {
    assert.throws(
      () => encodePayload({ ...message, content: { text: "x".repeat(maxPayloadBytes) } }),
      (error) => error instanceof MessagingError && error.code === "InvalidInput" && /attachment/.test(error.message),
    );
  });

  it("is nothing when it is anything else", () => {
    const good = jsonOf(message);
    const others: unknown[] = [
      null,
      [],
      "text",
      { ...good, v: 2 },
      { ...good, type: "constructor" },
      { ...good, type: "resend", original: { ...good, type: "leave" } },
      { ...good, type: "resend", original: null },
      { ...good, type: "resendRequest", lost: "a/b" },
      { ...good, messageId: "" },
      { ...good, sentAtMs: 0.5 },
      { ...good, to: 1 },
      { ...good, content: { text: 1 } },
      { ...good, content: { bytes: "?" } },
      { ...good, content: { attachments: {} } },
    ];
    for (const other of others) assert.equal(decodePayload(encodeJson(other)), undefined, JSON.stringify(other));
    assert.equal(decodePayload(Uint8Array.of(0xff, 0xfe)), undefined);
    assert.equal(decodePayload(new Uint8Array(maxPayloadBytes * 2)), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodePayload(bytes);
      }),
    );
  });
});
