import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turns } from "./turns.ts";

describe("turns", () => {
  it("go one after the other for a name, in order, whatever fails; other names do not wait; nothing is left behind", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await gate.promise;
      log.push(`${name} ends`);
      if (name === "2") throw new Error("no");
      return name;
    };
    const all = Promise.allSettled([
      turns.take("key", work("1")),
      turns.take("key", work("2")),
      turns.take("key", work("3")),
      turns.take("other", work("4")),
    ]);
    await new Promise(setImmediate);
    assert.deepEqual(log, ["1 begins", "4 begins"]);
    gate.resolve();
    const results = await all;
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    assert.deepEqual(
      log.filter((line) => !line.startsWith("4")),
      ["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"],
    );
    assert.equal(turns.names, 0);
  });
});
