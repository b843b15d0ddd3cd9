import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeMegolmMessage, parseMegolmMessage } from "./megolm-message.ts";

const sessionId = new Uint8Array(32).fill(1);
const parse = (...ciphertext: number[]) => parseMegolmMessage(new Uint8Array([...sessionId, ...ciphertext]));

describe("a Megolm message", () => {
  it("has its index as one number of one form", () => {
    for (const [index, ...varint] of [
      [0, 0],
      [1, 1],
      [127, 0x7f],
      [128, 0x80, 0x01],
      [300, 0xac, 0x02],
      [2 ** 32 - 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ] as const) {
      const message = parse(3, 8, ...varint, 0x12);
      assert.equal(message?.index, index);
      assert.equal(message?.sessionId, sessionId.toBase64({ omitPadding: true }));
    }
  });

  it("is none in any other form", () => {
    for (const ciphertext of [
      [],
      [3],
      [3, 8],
      [2, 8, 0],
      [3, 0x12, 0],
      [3, 8, 0x80],
      [3, 8, 0x80, 0x00],
      [3, 8, 0x81, 0x80, 0x00],
      [3, 8, 0xff, 0xff, 0xff, 0xff, 0x1f],
      [3, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ]) {
      assert.equal(parse(...ciphertext), undefined, String(ciphertext));
    }
    assert.equal(parseMegolmMessage(new Uint8Array(31)), undefined);
  });

  it("is written as it is read", () => {
    const ciphertext = new Uint8Array([3, 8, 5, 0x12, 0]);
    const body = encodeMegolmMessage(
      sessionId.toBase64({ omitPadding: true }),
      ciphertext.toBase64({ omitPadding: true }),
    );
    assert.deepEqual(parseMegolmMessage(body), {
      sessionId: sessionId.toBase64({ omitPadding: true }),
      ciphertext,
      index: 5,
    });
    assert.throws(() => encodeMegolmMessage("AAAA", ""));
  });
});
