/**
 * Writes vectors/openbao/backups.json: backups of keys that a real OpenBao made for this, with what it encrypted, signed
 * and authenticated with them:
 *
 *     bin/node tools/record-openbao-backups.ts --address http://127.0.0.1:18200 --token root
 *
 * The keys protect nothing. Another run writes other ones.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { backupKinds, type KeyBackup, makeBackup } from "../apps/server/test/vault-backups.ts";
import { vaultCalls } from "../apps/server/test/vault-calls.ts";

const { values } = parseArgs({ options: { address: { type: "string" }, token: { type: "string" } } });
const { address, token } = values;
if (address === undefined || token === undefined) throw new Error("give --address and --token");
const call = vaultCalls({ address, token });

const mount = "coffer-backups";
await call("POST", `sys/mounts/${mount}`, { type: "transit" });
const keys: KeyBackup[] = [];
for (const kind of backupKinds) keys.push(await makeBackup(call, mount, kind));
await call("DELETE", `sys/mounts/${mount}`);

const { version } = (await call("GET", "sys/health")) as unknown as { version: string };
const lines = keys.map((key) => `  ${JSON.stringify(key)}`).join(",\n");
const head = JSON.stringify({ server: `OpenBao ${version}`, recorded: new Date().toISOString().slice(0, 10) }).slice(
  0,
  -1,
);
writeFileSync(new URL("../vectors/openbao/backups.json", import.meta.url), `${head},\n "keys": [\n${lines}\n ]\n}\n`);
