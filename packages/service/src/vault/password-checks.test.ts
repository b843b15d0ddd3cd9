import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomBytesPooled, randomId, SecretBytes } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { PasswordChecks, type PasswordHash } from "./password-checks.ts";

const secret = (text: string) => SecretBytes.takeFrom(Buffer.from(text));
const cheap: PasswordHash = {
  algorithm: "argon2id",
  memoryKiB: 8,
  passes: 1,
  parallelism: 1,
  salt: Buffer.alloc(16).toString("base64"),
  hash: Buffer.alloc(32).toString("base64"),
};

describe("passwords", () => {
  const checks = () => new PasswordChecks({ bytes: randomBytesPooled, id: randomId });

  it("are right when they are the ones that were hashed", async () => {
    const passwords = checks();
    const stored = await passwords.hash(secret("correct horse"));
    assert.deepEqual(
      [stored.algorithm, stored.memoryKiB, stored.passes, stored.parallelism],
      ["argon2id", 19_456, 2, 1],
    );
    assert.notEqual(stored.hash, (await passwords.hash(secret("correct horse"))).hash, "each has a salt of its own");
    assert.equal(await passwords.isRight(secret("correct horse"), stored), true);
    for (const wrong of ["correct horse ", "Correct horse", "", "x"]) {
      assert.equal(await passwords.isRight(secret(wrong), stored), false);
    }
  });

  it("of nobody are wrong, after the work of one", async () => {
    const passwords = checks();
    assert.equal(await passwords.isRight(secret("x"), undefined), false);
    assert.equal(passwords.derivations, 1);
  });

  it("wait for each other, so many at most", async () => {
    const passwords = checks();
    const max = limits.waitingPasswords.value;
    const results = await Promise.allSettled(
      Array.from({ length: max + 3 }, () => passwords.isRight(secret("x"), cheap)),
    );
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 1);
    assert.ok(refused[0]?.reason instanceof ServiceError && refused[0].reason.code === "Throttled");
    assert.equal(passwords.derivations, max + 2);
    assert.equal(await passwords.isRight(secret("x"), cheap), false);
  });
});
