import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { logFile, pidFile, runs } from "./state.ts";

const pollMs = 20;
const maxWaitMs = 10_000;

// Stops what 'make vault-up' started. make vault-down
if (!existsSync(pidFile)) {
  console.log("no dev server was started with 'make vault-up'");
} else {
  const pid = Number(readFileSync(pidFile, "utf8"));
  rmSync(pidFile);
  rmSync(logFile, { force: true });
  if (runs(pid)) {
    process.kill(pid, "SIGTERM");
    // It lets requests under way finish; when this returns, its port is free.
    for (let waitedMs = 0; runs(pid) && waitedMs < maxWaitMs; waitedMs += pollMs) await setTimeout(pollMs);
    console.log(`stopped the dev server (process ${pid})`);
  } else {
    console.log("the dev server had stopped already");
  }
}
