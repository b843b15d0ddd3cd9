import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryVault } from "@coffer/messaging";
import { takeMessage, windowDays } from "./seen-messages.ts";

const dayMs = 24 * 60 * 60 * 1000;
const [alice, bob] = ["alice", "bob"].map((userId) => ({ userId, deviceId: "one" })) as [
  { userId: string; deviceId: string },
  { userId: string; deviceId: string },
];

function remembering(most?: number) {
  const vault = memoryVault();
  return {
    take: (id: string, signedAtMs: number, nowMs: number, from = alice) =>
      vault.transact((state) => takeMessage(state, from, id, signedAtMs, nowMs, most)),
    keys: () => vault.transact((state) => state.list("protocol/openpgp/seen/")),
  };
}

describe("takeMessage", () => {
  it("takes an id of a sender once", async () => {
    const { take } = remembering();
    const now = 1000 * dayMs;
    assert.equal(await take("a", now, now), "new");
    assert.equal(await take("a", now, now + 1), "duplicate");
    assert.equal(await take("b", now, now), "new");
    assert.equal(await take("a", now, now, bob), "new");
  });

  it("refuses what was signed before the window, and forgets what it would refuse", async () => {
    const { take, keys } = remembering();
    const now = 1000 * dayMs;
    assert.equal(await take("old", now - windowDays * dayMs, now), "new");
    assert.equal(await take("older", now - (windowDays + 1) * dayMs, now), "refused");
    assert.equal(await take("new", now + dayMs, now + dayMs), "new");
    assert.deepEqual(
      (await keys()).map((key) => key.split("/").at(-1)),
      ["new"],
    );
    assert.equal(await take("old", now - windowDays * dayMs, now + dayMs), "refused");
    // A clock that goes back opens no day again.
    assert.equal(await take("old", now - windowDays * dayMs, now), "refused");
  });

  it("remembers so many at most: the oldest days close, and nothing opens twice", async () => {
    const { take, keys } = remembering(4);
    const day = (n: number) => (1000 + n) * dayMs;
    for (const [n, id] of ["a", "b", "c", "d"].entries()) assert.equal(await take(id, day(n >> 1), day(2)), "new");
    assert.equal(await take("e", day(2), day(2)), "new");
    assert.equal((await keys()).length, 3);
    assert.equal(await take("a", day(0), day(2)), "refused");
    assert.equal(await take("c", day(1), day(2)), "duplicate");
    assert.equal(await take("f", day(2), day(2)), "new");
    for (const id of ["g", "h"]) assert.equal(await take(id, day(2), day(2)), "new");
    assert.equal(await take("i", day(2), day(2)), "refused");
    assert.equal(await take("e", day(2), day(2)), "duplicate");
    assert.ok((await keys()).length <= 4);
    assert.equal(await take("j", day(3), day(3)), "new");
  });
});
