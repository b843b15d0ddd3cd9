import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { ServiceError } from "../errors.ts";
import { encodeGrantToken, parseGrantToken } from "./grant-token.ts";

const key = randomBytes(32);
const grant = { region: "eu-west-1", account: "111122223333", keyId: "mrk-1", grantId: "ab".repeat(32) };
const invalid = (error: unknown) => error instanceof ServiceError && error.code === "GrantTokenInvalid";

describe("grant tokens", () => {
  it("name their grant, and no two are the same", () => {
    const tokens = [1, 2].map(() => encodeGrantToken(key, grant, randomBytes(16)));
    for (const token of tokens) assert.deepEqual(parseGrantToken(key, token), grant);
    assert.notEqual(tokens[0], tokens[1]);
    assert.match(tokens[0]!, /^[A-Za-z0-9+/]+=*$/);
  });
  it("are refused with any bit changed, any byte missing or added, in another spelling, and of another instance", () => {
    const token = encodeGrantToken(key, grant, randomBytes(16));
    const bytes = Buffer.from(token, "base64");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => parseGrantToken(key, changed.toString("base64")), invalid);
    }
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => parseGrantToken(key, bytes.subarray(0, length).toString("base64")), invalid);
    }
    for (const other of [`${token}AA==`, ` ${token}`, `${token}\n`, bytes.toString("base64url").concat("!"), "", "x"]) {
      assert.throws(() => parseGrantToken(key, other), invalid, other);
    }
    assert.throws(() => parseGrantToken(randomBytes(32), token), invalid);
  });
});
