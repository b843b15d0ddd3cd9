import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { RowCipher, RowUnreadable } from "./row-cipher.ts";

describe("RowCipher", () => {
  const cipher = new RowCipher(createSecretKey(randomBytes(32)));
  const text = Buffer.from("who writes to whom");

  it("opens what it sealed, in its place alone", () => {
    const sealed = cipher.seal("messages/1", text);
    assert.deepEqual(cipher.open("messages/1", sealed), text);
    assert.ok(!sealed.includes("whom"));
    assert.throws(() => cipher.open("messages/2", sealed), RowUnreadable);
    assert.throws(() => new RowCipher(createSecretKey(randomBytes(32))).open("messages/1", sealed), RowUnreadable);
    assert.notDeepEqual(cipher.seal("messages/1", text), sealed);
  });

  it("refuses any change", () => {
    const sealed = cipher.seal("x", text);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      assert.throws(() => cipher.open("x", changed), RowUnreadable, `byte ${at}`);
    }
    for (const length of [0, 1, 79, 80])
      assert.throws(() => cipher.open("x", sealed.subarray(0, length)), RowUnreadable);
  });

  it("gives each kind of name another column", () => {
    assert.deepEqual(cipher.lookup("user", "bob"), cipher.lookup("user", "bob"));
    assert.notDeepEqual(cipher.lookup("user", "bob"), cipher.lookup("group", "bob"));
    assert.notDeepEqual(cipher.lookup("user", "bob"), cipher.lookup("user", "eve"));
  });
});
