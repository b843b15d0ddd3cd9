import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ServerProcess } from "./server-process.ts";
import type { VaultBenchServer } from "./vault-server.ts";

/** Starts an OpenBao of one node on raft storage with an audit file, initializes and unseals it. */
export async function startOpenBao(program: string, directory: string): Promise<VaultBenchServer> {
  const data = join(directory, "openbao");
  mkdirSync(data, { recursive: true });
  const [port, cluster] = [await freePort(), await freePort()];
  const settings = join(directory, "openbao.json");
  const config = {
    storage: { raft: { path: data, node_id: "bench" } },
    listener: { tcp: { address: `127.0.0.1:${port}`, cluster_address: `127.0.0.1:${cluster}`, tls_disable: true } },
    api_addr: `http://127.0.0.1:${port}`,
    cluster_addr: `https://127.0.0.1:${cluster}`,
    audit: [{ type: "file", path: "bench", options: { file_path: join(directory, "openbao-audit.log") } }],
    log_level: "error",
  };
  writeFileSync(settings, JSON.stringify(config));
  const portOf = (line: string) => (line.includes("OpenBao server started!") ? port : undefined);
  // Raft tells of its own first steps as errors.
  const server = await ServerProcess.startProgram(program, ["server", `-config=${settings}`], portOf, "ignore");
  const init = (await (
    await fetch(`http://127.0.0.1:${port}/v1/sys/init`, {
      method: "POST",
      body: JSON.stringify({ secret_shares: 1, secret_threshold: 1 }),
    })
  ).json()) as { keys: string[]; root_token: string };
  await fetch(`http://127.0.0.1:${port}/v1/sys/unseal`, {
    method: "POST",
    body: JSON.stringify({ key: init.keys[0] }),
  });
  while ((await fetch(`http://127.0.0.1:${port}/v1/sys/health`)).status !== 200) await setTimeout(50);
  return { name: "OpenBao", process: server, token: init.root_token };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
