import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreInUse } from "@coffer/store";
import { describeFailure } from "./describe-failure.ts";
import { OperatorError } from "./operator-error.ts";

describe("a failure in one line", () => {
  it("goes on after `coffer: ` in lower case, unless it begins with a name", () => {
    const line = (error: unknown) => describeFailure(error).line;
    assert.match(line(new StoreInUse("/data/coffer.db", undefined)), /^the database \/data\/coffer\.db is in use/);
    assert.equal(line(new Error("Another process has it")), "another process has it");
    for (const same of [
      "SQLite cannot",
      "ENOENT: no such file",
      "Argon2id needs memory",
      "Thermal",
      "tls.certFile: x",
    ]) {
      assert.equal(line(new Error(same)), same);
    }
  });

  it("has the first line alone, and an exit code", () => {
    assert.deepEqual(describeFailure(new OperatorError("one\ntwo", 2)), { line: "one", exitCode: 2 });
    assert.deepEqual(describeFailure("text"), { line: "text", exitCode: 1 });
    assert.deepEqual(describeFailure(new Error("")), { line: "unknown error", exitCode: 1 });
  });
});
