import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { listen, logFile, pidFile, runs } from "./state.ts";

// Starts a dev server for Vault clients in the background. make vault-up
if (existsSync(pidFile) && runs(Number(readFileSync(pidFile, "utf8")))) {
  console.log(`a dev server runs already (process ${readFileSync(pidFile, "utf8")}); stop it with 'make vault-down'`);
  process.exit(0);
}
const coffer = join(import.meta.dirname, "..", "..", "bin", "coffer");
// A file, not our own stderr: whoever reads that, such as a pipe, would wait for the server to end.
const log = openSync(logFile, "w", 0o600);
const server = spawn(coffer, ["server", "--dev", "--listen", listen], {
  detached: true,
  stdio: ["ignore", "pipe", log],
});
closeSync(log);
if (!(await listens(server.stdout!))) {
  console.error(`the server did not start:\n${readFileSync(logFile, "utf8")}`);
  process.exit(1);
}
writeFileSync(pidFile, String(server.pid));
console.log(`dev server on ${listen} (process ${server.pid})`);
console.log(`export VAULT_ADDR=http://${listen} VAULT_TOKEN=root-token`);
process.exit(0);

/** Whether the server said that it listens before its output ended. */
async function listens(output: Readable): Promise<boolean> {
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith("listening on ")) return true;
  }
  return false;
}
