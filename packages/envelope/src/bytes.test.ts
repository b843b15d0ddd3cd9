import assert from "node:assert/strict";
import { test } from "node:test";
import { joinBytes } from "./bytes.ts";

test("as many arrays are joined as a message has frames", () => {
  const parts = Array.from({ length: 500_000 }, (_, index) => Uint8Array.of(index & 0xff));
  const joined = joinBytes(parts);
  assert.equal(joined.length, parts.length);
  assert.equal(joined[300_001], 300_001 & 0xff);
});
