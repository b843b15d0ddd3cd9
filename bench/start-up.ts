import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSeedStore, seedKeys } from "./seed.ts";
import { ServerProcess } from "./server-process.ts";

const counts = [10, 10_000, 1_000_000];

interface Credentials {
  readonly token: string;
}

async function start(data: string, file: string): Promise<ServerProcess> {
  return ServerProcess.start("coffer", [
    ...["server", "--listen", "127.0.0.1:0", "--data-dir", data, "--credentials-file", file],
  ]);
}

async function timedEncrypt(port: number, token: string): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/encrypt`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ key_id: "first", plaintext: "x" }),
  });
  if (!response.ok) throw new Error(await response.text());
  await response.arrayBuffer();
  return performance.now() - startedMs;
}

/** Start-up, first answer and memory with few and with very many stored keys. */
export async function measureStartUp(directory: string): Promise<void> {
  console.log("\n## Start-up\n");
  console.log("| stored keys | ready ms | first encrypt ms | memory MiB |");
  console.log("| ---: | ---: | ---: | ---: |");
  for (const count of counts) {
    const data = join(directory, `data-${count}`);
    const file = join(directory, `credentials-${count}.json`);
    const first = await start(data, file);
    const { token } = JSON.parse(readFileSync(file, "utf8")) as Credentials;
    const made = await fetch(`http://127.0.0.1:${first.port}/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ key_id: "first" }),
    });
    if (!made.ok) throw new Error(await made.text());
    await first.stop();
    const store = await openSeedStore(data);
    await seedKeys(store, count - 1);
    await store.close();
    const server = await start(data, file);
    const firstMs = await timedEncrypt(server.port, token);
    const cells = [count, server.startMs.toFixed(0), firstMs.toFixed(1), server.residentMiB().toFixed(0)];
    console.log(`| ${cells.join(" | ")} |`);
    await server.stop();
  }
}
