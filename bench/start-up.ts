import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomId } from "@coffer/crypto";
import type { KeyRecord, KeyVersionRecord, Write } from "@coffer/service";
import { openSqliteStore } from "@coffer/store";
import { ServerProcess } from "./server-process.ts";

const counts = [10, 10_000, 1_000_000];
const chunkKeys = 2_000;

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

/** Copies one real key over and over, straight into the store: what a server with that many keys has on disk. */
async function seed(data: string, total: number): Promise<void> {
  const store = await openSqliteStore({ path: join(data, "coffer.db"), durability: "os", exclusive: true });
  const [key] = (await store.listKeys("000000000000", "us-east-1", undefined, 1)) as [KeyRecord];
  const version = (await store.get("keyVersions", {
    region: key.region,
    keyId: key.keyId,
    version: 1,
  })) as KeyVersionRecord;
  for (let made = 1; made < total; ) {
    const writes: Write[] = [];
    for (; made < total && writes.length < chunkKeys * 2; made += 1) {
      const keyId = randomId();
      writes.push({ op: "insert", table: "keys", row: { ...key, keyId } });
      writes.push({ op: "insert", table: "keyVersions", row: { ...version, keyId } });
    }
    await store.commit(writes);
    if (process.stderr.isTTY) process.stderr.write(`\rseeding ${made} of ${total}`);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  await store.close();
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
    await seed(data, count);
    const server = await start(data, file);
    const firstMs = await timedEncrypt(server.port, token);
    const cells = [count, server.startMs.toFixed(0), firstMs.toFixed(1), server.residentMiB().toFixed(0)];
    console.log(`| ${cells.join(" | ")} |`);
    await server.stop();
  }
}
