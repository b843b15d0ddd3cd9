import { existsSync, readFileSync, rmSync } from "node:fs";
import { pidFile, runs } from "./state.ts";

// Stops what 'make vault-up' started. make vault-down
if (!existsSync(pidFile)) {
  console.log("no dev server was started with 'make vault-up'");
} else {
  const pid = Number(readFileSync(pidFile, "utf8"));
  rmSync(pidFile);
  if (runs(pid)) {
    process.kill(pid, "SIGTERM");
    console.log(`stopped the dev server (process ${pid})`);
  } else {
    console.log("the dev server had stopped already");
  }
}
