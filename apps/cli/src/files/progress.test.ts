import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Progress, renderProgress } from "./progress.ts";

describe("the progress line", () => {
  it("shows part, sizes, rate and time left", () => {
    const state = { doneBytes: 256 * 1024, totalBytes: 1024 * 1024, bytesPerSecond: 1024 * 10, label: "a.bin" };
    assert.equal(
      renderProgress(state),
      "a.bin  [#####---------------]  25%  256.0 KiB of 1.0 MiB  10.0 KiB/s  1 min 17 s left",
    );
    assert.equal(renderProgress({ ...state, totalBytes: undefined }), "a.bin  256.0 KiB  10.0 KiB/s");
    assert.match(renderProgress({ ...state, doneBytes: 2 ** 30 }), /100% .* 0 s left$/);
    assert.match(renderProgress({ ...state, bytesPerSecond: 1 }), / 218 h 27 min left$|h .* min left$/);
  });

  it("goes by the time that its clock tells, and draws no oftener than ten times a second", () => {
    let nowMs = 0;
    const drawn: string[] = [];
    const progress = new Progress(
      () => nowMs,
      "x",
      10_000,
      (line) => drawn.push(line),
    );
    for (nowMs = 1; nowMs <= 1000; nowMs++) progress.add(5);
    assert.equal(drawn.length, 10);
    assert.match(drawn.at(-1)!, /4\.9 KiB\/s {2}2 s left$|4\.9 KiB\/s {2}1 s left$/);
    progress.end();
    assert.equal(drawn.at(-1), "");
  });
});
