import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SecretScanner } from "./secret-scanner.ts";

const secret = fc.uint8Array({ minLength: 16, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const around = fc.uint8Array({ maxLength: 20 });

/** Ways in which a program could write a secret down with something before and behind it. */
const writings: readonly ((before: Buffer, bytes: Buffer, behind: Buffer) => Buffer)[] = [
  (before, bytes, behind) => Buffer.concat([before, bytes, behind]),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("base64")),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("base64url")),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("hex")),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("hex").toUpperCase()),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("latin1"), "utf8"),
  (before, bytes, behind) => Buffer.from(Buffer.concat([before, bytes, behind]).toString("latin1"), "utf16le"),
];

test("a secret is found however it was written", () => {
  fc.assert(
    fc.property(secret, around, around, fc.constantFrom(...writings), (bytes, before, behind, write) => {
      const scanner = new SecretScanner([{ name: "it", bytes }]);
      assert.deepEqual(scanner.find(write(Buffer.from(before), bytes, Buffer.from(behind))), ["it"]);
    }),
  );
});

test("other bytes are not taken for it", () => {
  const scanner = new SecretScanner([{ name: "it", bytes: Buffer.from("0123456789abcdef") }]);
  assert.deepEqual(scanner.find(Buffer.from("0123456789abcdeX MDEyMzQ1Njc4OWFiY2R 3031323334353637383961626364")), []);
});
