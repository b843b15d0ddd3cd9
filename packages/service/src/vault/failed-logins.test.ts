import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../limits.ts";
import { FailedLoginCounts } from "./failed-logins.ts";

describe("counts of failed logins", () => {
  it("start again after a while, and when they are forgotten", () => {
    const counts = new FailedLoginCounts();
    assert.equal(counts.note("a", true, 100, 0).count, 1);
    assert.equal(counts.note("a", true, 100, 100).count, 2);
    assert.equal(counts.note("a", true, 100, 201).count, 1);
    assert.equal(counts.note("b", true, 100, 201).count, 1);
    counts.forget("a");
    assert.equal(counts.of("a"), undefined);
    assert.equal(counts.of("b")?.count, 1);
  });

  it("of users outlast any number of names that nobody has", () => {
    const counts = new FailedLoginCounts();
    counts.note("user", true, 1000, 0);
    const max = limits.countedUnknownUsers.value;
    for (let index = 0; index <= max; index += 1) counts.note(`nobody-${index}`, false, 1000, 0);
    assert.equal(counts.of("user")?.count, 1);
    assert.equal(counts.of("nobody-0"), undefined);
    assert.equal(counts.of("nobody-1")?.count, 1);
    assert.equal(counts.of(`nobody-${max}`)?.count, 1);
  });

  it("are of so many users", () => {
    const counts = new FailedLoginCounts();
    const max = limits.countedUsers.value;
    for (let index = 0; index <= max; index += 1) counts.note(`user-${index}`, true, 1000, 0);
    assert.equal(counts.of("user-0"), undefined);
    assert.equal(counts.of("user-1")?.count, 1);
  });
});
