import { runLoad } from "./load.ts";
import { startOpenBao } from "./openbao-server.ts";
import { tokenRequest } from "./requests.ts";
import { scaled } from "./scale.ts";
import { printTable, showProgress } from "./table.ts";
import { startCoffer, type VaultBenchServer } from "./vault-server.ts";

const connections = 8;
const rounds = 4;
const plaintext = Buffer.alloc(32, 7).toString("base64");

/** Transit as a user's program asks for it, each operation with its own key. */
const operations: ReadonlyMap<string, { readonly path: string; readonly body: object; readonly requests: number }> =
  new Map([
    ["encrypt", { path: "encrypt/aes", body: { plaintext }, requests: 8_000 }],
    ["decrypt", { path: "decrypt/aes", body: {}, requests: 8_000 }],
    ["datakey", { path: "datakey/plaintext/aes", body: {}, requests: 8_000 }],
    ["hmac", { path: "hmac/aes", body: { input: plaintext }, requests: 8_000 }],
    ["sign, ecdsa-p256", { path: "sign/ec", body: { input: plaintext }, requests: 8_000 }],
    ["sign, ed25519", { path: "sign/ed", body: { input: plaintext }, requests: 8_000 }],
    ["sign, rsa-2048", { path: "sign/rsa", body: { input: plaintext }, requests: 2_000 }],
    [
      "encrypt, batch of 100",
      {
        path: "encrypt/aes",
        body: { batch_input: Array.from({ length: 100 }, () => ({ plaintext })) },
        requests: 1_000,
      },
    ],
  ]);

const policy = 'path "transit/*" { capabilities = ["update"] }';

/**
 * CPU time and throughput of Transit beside OpenBao, with an ordinary token and an audit file at both. Rounds of each in
 * turns, so that other work on the machine falls on all alike.
 */
export async function measureVault(directory: string): Promise<void> {
  const program = process.env["OPENBAO"];
  if (program === undefined) {
    console.log("\nOpenBao is left out: the variable OPENBAO names no program `bao`.");
    return;
  }
  const servers: VaultBenchServer[] = [];
  try {
    servers.push(await startOpenBao(program, directory));
    servers.push(await startCoffer(directory, "os"), await startCoffer(directory, "disk"));
    const requests = await Promise.all(servers.map(prepare));
    const rows: string[][] = [];
    for (const [name, { requests: count }] of operations) {
      showProgress(name);
      const costs = servers.map(() => ({ cpu: 0, rate: 0 }));
      const each = scaled(count, 100);
      for (let round = 0; round <= rounds; round++) {
        for (const [at, { process: server }] of servers.entries()) {
          const before = server.cpuMicroseconds();
          const request = requests[at]?.get(name) as Buffer;
          const { requestsPerSecond } = await runLoad({ port: server.port, request, requests: each, connections });
          if (round === 0) continue; // warm
          costs[at]!.cpu += (server.cpuMicroseconds() - before) / each / rounds;
          costs[at]!.rate += requestsPerSecond / rounds;
        }
      }
      const first = costs[0]!;
      const cells = costs.flatMap(({ cpu, rate }) => [cpu.toFixed(0), rate.toFixed(0)]);
      rows.push([name, ...cells, ...costs.slice(1).map(({ cpu }) => (cpu / first.cpu).toFixed(2))]);
    }
    printTable(
      `Transit beside OpenBao: ordinary token, audit file, ${connections} connections`,
      [
        "request",
        ...servers.flatMap(({ name }) => [`${name}: CPU us`, "requests/s"]),
        ...servers.slice(1).map(({ name }) => `${name}: CPU, x OpenBao`),
      ],
      rows,
    );
  } finally {
    for (const { process: server } of servers) await server.stop();
  }
}

/** Makes the keys and an ordinary token, and gives the bytes of each request. */
async function prepare({ process: { port }, token }: VaultBenchServer): Promise<Map<string, Buffer>> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
      method: "POST",
      headers: { "X-Vault-Token": token },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
  await call("sys/mounts/transit", { type: "transit" });
  const types = { aes: "aes256-gcm96", ec: "ecdsa-p256", ed: "ed25519", rsa: "rsa-2048" };
  for (const [name, type] of Object.entries(types)) await call(`transit/keys/${name}`, { type });
  await call("sys/policies/acl/bench", { policy });
  const ordinary = (await call("auth/token/create", { policies: ["bench"], ttl: "1h" })).auth.client_token as string;
  const { ciphertext } = (await call("transit/encrypt/aes", { plaintext })).data;
  const bytes = new Map<string, Buffer>();
  for (const [name, { path, body }] of operations) {
    const whole = path.startsWith("decrypt/") ? { ciphertext } : body;
    bytes.set(name, tokenRequest(`/v1/transit/${path}`, whole, port, ordinary));
  }
  return bytes;
}
