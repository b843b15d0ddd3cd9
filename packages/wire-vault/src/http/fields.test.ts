import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@coffer/service";
import { Fields } from "./fields.ts";

type Reader = "text" | "integer" | "boolean" | "seconds" | "texts";

describe("parameters", () => {
  const read = (reader: Reader, value: unknown) => new Fields({ x: value })[reader]("x");

  const good: [Reader, unknown, unknown][] = [
    ["text", "a", "a"],
    ["text", 5, "5"],
    ["text", true, "1"],
    ["text", false, "0"],
    ["text", null, undefined],
    ["integer", 5, 5],
    ["integer", "-7", -7],
    ["integer", "", 0],
    ["integer", true, 1],
    ["boolean", "true", true],
    ["boolean", "F", false],
    ["boolean", "", false],
    ["boolean", 1, true],
    ["boolean", 0, false],
    ["seconds", 90, 90],
    ["seconds", "90", 90],
    ["seconds", "1h30m", 5400],
    ["seconds", "1.5h", 5400],
    ["seconds", "30d", 2_592_000],
    ["seconds", "1500ms", 1],
    ["seconds", "", 0],
    ["texts", "a, b", ["a", "b"]],
    ["texts", ["a"], ["a"]],
    ["texts", "", []],
  ];
  for (const [reader, value, expected] of good) {
    it(`${reader} of ${JSON.stringify(value)}`, () => assert.deepEqual(read(reader, value), expected));
  }

  const bad: [Reader, unknown][] = [
    ["text", {}],
    ["text", ["a"]],
    ["integer", 1.5],
    ["integer", "1.5"],
    ["integer", "0x10"],
    ["integer", "1e3"],
    ["integer", 2 ** 60],
    ["integer", "9".repeat(16)],
    ["integer", []],
    ["boolean", "yes"],
    ["boolean", 2],
    ["boolean", -1],
    ["seconds", 1.5],
    ["seconds", 1e30],
    ["boolean", {}],
    ["seconds", "-1"],
    ["seconds", -1],
    ["seconds", "1y"],
    ["seconds", "h"],
    ["seconds", "1h1"],
    ["seconds", "-"],
    ["seconds", {}],
    ["texts", [1]],
    ["texts", 5],
  ];
  for (const [reader, value] of bad) {
    it(`refuses ${JSON.stringify(value)} as ${reader}, without quoting it`, () => {
      assert.throws(
        () => read(reader, value),
        (error) =>
          error instanceof ServiceError &&
          error.detail.code === "InvalidInput" &&
          error.detail.params.reason.startsWith('Field validation failed: error converting input for field "x": '),
      );
    });
  }

  it("sees own members only", () => {
    const fields = new Fields({});
    assert.equal(fields.raw("constructor"), undefined);
    assert.equal(fields.text("toString"), undefined);
    assert.deepEqual(fields.names(), []);
  });
});
