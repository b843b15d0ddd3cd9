import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { systemClock } from "./system-clock.ts";

const dayMs = 86_400_000;

describe("systemClock", () => {
  it("tells the time in milliseconds since the epoch", () => {
    const before = Date.now();
    const now = systemClock.nowMs();
    assert.ok(before <= now && now <= Date.now());
  });

  it("wakes once, after the delay, also when that is longer than a Node timer can be", (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    let wakes = 0;
    systemClock.schedule(60 * dayMs, () => wakes++);
    const passDays = (days: number): void => {
      for (let day = 0; day < days; day++) mock.timers.tick(dayMs);
    };
    passDays(59);
    assert.equal(wakes, 0);
    // The mocked clock sees a timer that was set inside a tick from the tick's end on: up to a day a step.
    passDays(3);
    assert.equal(wakes, 1);
    passDays(100);
    assert.equal(wakes, 1);
  });

  it("does not wake when cancelled, in a later step either", (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    let wakes = 0;
    const cancel = systemClock.schedule(60 * dayMs, () => wakes++);
    mock.timers.tick(30 * dayMs);
    cancel();
    mock.timers.tick(60 * dayMs);
    assert.equal(wakes, 0);
  });
});
