import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchCredentials } from "./requests.ts";
import { ServerProcess } from "./server-process.ts";

/** A server of Vault's API with its root token. */
export interface VaultBenchServer {
  readonly name: string;
  readonly process: ServerProcess;
  readonly token: string;
}

/** Starts a Coffer whose audit trail is synced to disk, or handed to the system as OpenBao's file is. */
export async function startCoffer(directory: string, durability: "disk" | "os"): Promise<VaultBenchServer> {
  const file = join(directory, `vault-${durability}.json`);
  const process = await ServerProcess.start("coffer", [
    ...["server", "--listen", "127.0.0.1:0", "--data-dir", join(directory, `vault-${durability}`)],
    ...["--credentials-file", file, "--audit-durability", durability],
  ]);
  const { token } = JSON.parse(readFileSync(file, "utf8")) as BenchCredentials;
  return { name: `Coffer, audit ${durability}`, process, token };
}
