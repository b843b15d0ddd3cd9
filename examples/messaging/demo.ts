import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { bundlePage } from "./bundle-page.ts";
import { evilRelays } from "./evil-relay.ts";
import { startFront } from "./front.ts";

// End-to-end encrypted messages between two browser tabs and a terminal, through a relay whose tables are sealed under a
// Coffer key. make demo-e2e
const { values } = parseArgs({
  options: { port: { type: "string", default: "8301" }, "evil-relay": { type: "string" } },
});
const evil = values["evil-relay"];
const tamper = evil === undefined ? undefined : evilRelays.get(evil);
if (evil !== undefined && tamper === undefined) {
  console.error(`--evil-relay is one of ${[...evilRelays.keys()].join(", ")}`);
  process.exit(2);
}

const coffer = join(import.meta.dirname, "..", "..", "bin", "coffer");
const folder = mkdtempSync(join(tmpdir(), "coffer-demo-"));
const children: ChildProcess[] = [];
const environment = {
  ...process.env,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "demo",
  AWS_SECRET_ACCESS_KEY: "demo",
};

/** Starts `coffer` and waits until it listens. @returns its first address */
async function start(...args: string[]): Promise<string> {
  const child = spawn(coffer, args, { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("listening on ")) return line.slice("listening on ".length);
  }
  throw new Error(`coffer ${args[0]} did not start`);
}

function stop(): void {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.on("exit", stop);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

const server = await start("server", "--dev", "--listen", "127.0.0.1:0");
const made = await fetch(`${server}/keys`, { method: "POST", body: JSON.stringify({ key_id: "relay" }) });
if (made.status !== 201) throw new Error(`the key was not made: ${await made.text()}`);
const keys = ["--key", "alias/relay", "--endpoint", server];
const relay = await start("relay", ...keys, "--listen", "127.0.0.1:0", "--data-dir", join(folder, "relay"));
const front = await startFront(Number(values.port), relay, await bundlePage(), tamper);

console.log(`demo on ${front.url}

Open two tabs:      ${front.url}/#alice   and   ${front.url}/#bob
and a terminal:     bin/coffer chat --as carol --with alice --relay ${front.url}

Each page shows what the relay sees. Compare the safety numbers of the two tabs.
${evil === undefined ? `An evil relay:      make demo-e2e ARGS="--evil-relay ${[...evilRelays.keys()].join("|")}"` : `The relay is evil (${evil}): the pages refuse what it gives.`}
End it with Ctrl-C.`);
