import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runLoad } from "./load.ts";
import { type BenchCredentials, signedKmsRequest, tokenRequest } from "./requests.ts";
import { scale } from "./scale.ts";
import { ServerProcess } from "./server-process.ts";

interface Case {
  readonly name: string;
  readonly path: string;
  readonly request: (port: number) => Buffer;
  /** Items in one request. */
  readonly items: number;
}

interface Row {
  readonly name: string;
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
}

const connectionCounts = [1, 32, 256];
const plaintext = Buffer.alloc(32, 7).toString("base64");

async function call(port: number, path: string, token: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = path.startsWith("/v1/") ? { "x-vault-token": token } : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>);
}

async function cases(port: number, credentials: BenchCredentials): Promise<Case[]> {
  const { token } = credentials;
  await call(port, "/keys", token, { key_id: "bench" });
  await call(port, "/v1/sys/mounts/transit", token, { type: "transit" });
  const { ciphertext } = await call(port, "/encrypt", token, {
    key_id: "bench",
    plaintext,
    encoding: "base64",
    context: { app: "bench" },
  });
  const EncryptionContext = { app: "bench" };
  const KeyId = "alias/bench";
  const batch = Array.from({ length: 100 }, () => ({ plaintext }));
  const kms = (operation: string, input: unknown) => (at: number) =>
    signedKmsRequest(operation, input, at, credentials);
  const tokened = (path: string, input: unknown) => (at: number) => tokenRequest(path, input, at, token);
  return [
    {
      name: "KMS Encrypt",
      path: "/",
      items: 1,
      request: kms("Encrypt", { KeyId, Plaintext: plaintext, EncryptionContext }),
    },
    {
      name: "KMS Decrypt",
      path: "/",
      items: 1,
      request: kms("Decrypt", { CiphertextBlob: ciphertext, EncryptionContext }),
    },
    {
      name: "KMS GenerateDataKey",
      path: "/",
      items: 1,
      request: kms("GenerateDataKey", { KeyId, KeySpec: "AES_256", EncryptionContext }),
    },
    {
      name: "REST encrypt",
      path: "/encrypt",
      items: 1,
      request: tokened("/encrypt", { key_id: "bench", plaintext, encoding: "base64" }),
    },
    { name: "Transit encrypt", path: "/v1", items: 1, request: tokened("/v1/transit/encrypt/bench", { plaintext }) },
    {
      name: "Transit encrypt, batch of 100",
      path: "/v1",
      items: 100,
      request: tokened("/v1/transit/encrypt/bench", { batch_input: batch }),
    },
  ];
}

async function measure(server: ServerProcess, request: Buffer, connections: number, requests: number) {
  await runLoad({ port: server.port, request, connections, requests: Math.ceil(requests / 4) });
  const before = server.cpuMicroseconds();
  const result = await runLoad({ port: server.port, request, connections, requests });
  return {
    ...result,
    cpuMicroseconds: (server.cpuMicroseconds() - before) / requests,
    residentMiB: server.residentMiB(),
  };
}

function requestCount(connections: number, items: number): number {
  return Math.max(200, Math.round(((connections === 1 ? 4_000 : 20_000) * scale) / Math.sqrt(items)));
}

async function measureAll(directory: string, durability: "disk" | "os"): Promise<Row[]> {
  const file = join(directory, `credentials-${durability}.json`);
  const data = join(directory, `data-${durability}`);
  const coffer = await ServerProcess.start("coffer", [
    ...["server", "--listen", "127.0.0.1:0", "--data-dir", data],
    ...["--credentials-file", file, "--audit-durability", durability],
  ]);
  const echo = await ServerProcess.start("node", ["bench/echo-server.ts"]);
  const rows: Row[] = [];
  try {
    const credentials = JSON.parse(readFileSync(file, "utf8")) as BenchCredentials;
    for (const { name, request, items } of await cases(coffer.port, credentials)) {
      for (const connections of connectionCounts) {
        const requests = requestCount(connections, items);
        const base = await measure(echo, request(coffer.port), connections, requests);
        const own = await measure(coffer, request(coffer.port), connections, requests);
        const row = { name, connections, ...own, ratio: own.cpuMicroseconds / base.cpuMicroseconds };
        rows.push({ name: `${name}: echo`, connections, ...base, ratio: 1 }, row);
        if (process.stderr.isTTY) process.stderr.write(`${name}, ${connections} connections\n`);
      }
    }
  } finally {
    await coffer.stop();
    await echo.stop();
  }
  return rows;
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n## ${title}\n`);
  console.log("| request | connections | requests/s | CPU us/request | x echo | p50 ms | p99 ms | memory MiB |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const row of rows) {
    const cells = [
      row.name,
      row.connections,
      row.requestsPerSecond.toFixed(0),
      row.cpuMicroseconds.toFixed(1),
      row.ratio.toFixed(2),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.residentMiB.toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

/** The hot path through every wire, with the audit trail synced and not, beside the echo server. */
export async function measureHotPath(directory: string): Promise<void> {
  print("Audit durability disk (the default)", await measureAll(directory, "disk"));
  print("Audit durability os", await measureAll(directory, "os"));
}
