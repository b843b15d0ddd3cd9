import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { listen, pidFile, runs } from "./state.ts";

// Starts a dev server for Vault clients in the background. make vault-up
if (existsSync(pidFile) && runs(Number(readFileSync(pidFile, "utf8")))) {
  console.log(`a dev server runs already (process ${readFileSync(pidFile, "utf8")}); stop it with 'make vault-down'`);
  process.exit(0);
}
const coffer = join(import.meta.dirname, "..", "..", "bin", "coffer");
const server = spawn(coffer, ["server", "--dev", "--listen", listen], {
  detached: true,
  stdio: ["ignore", "pipe", "inherit"],
});
server.once("exit", (code) => {
  console.error(`the server did not start (exit code ${code})`);
  process.exit(1);
});
for await (const line of createInterface({ input: server.stdout })) {
  if (line.startsWith("listening on ")) break;
}
writeFileSync(pidFile, String(server.pid));
console.log(`dev server on ${listen} (process ${server.pid})`);
console.log(`export VAULT_ADDR=http://${listen} VAULT_TOKEN=root-token`);
server.stdout.destroy();
server.unref();
process.exit(0);
