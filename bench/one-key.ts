import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { runLoad } from "./load.ts";
import { scaled } from "./scale.ts";
import { openSeedStore, seedGrants, seedVersions } from "./seed.ts";
import { printTable } from "./table.ts";

const rounds = 5;
const connections = 4;

/** One key with very many grants and versions beside one with a page of grants and one version: the same requests in turns. */
export async function measureOneKey(directory: string): Promise<void> {
  const [grants, versions] = [scaled(50_000, 500), scaled(10_000, 100)];
  const first = await startBenchServer(directory, "one-key");
  const [small, large] = [await makeKey(first), await makeKey(first)];
  await first.process.stop();
  const store = await openSeedStore(first.data);
  await seedGrants(store, small.KeyId, 100);
  await seedGrants(store, large.KeyId, grants);
  await seedVersions(store, large.KeyId, versions);
  await store.close();
  const server = await startBenchServer(directory, "one-key");
  try {
    for (const { KeyId } of [small, large]) await server.call("RotateKeyOnDemand", { KeyId });
    const requests = await Promise.all([small, large].map((key) => requestsFor(server, key)));
    const rows: string[][] = [];
    for (const operation of requests[0]?.keys() ?? []) {
      const costs = [0, 0];
      const count = operation === "CreateGrant" ? scaled(400, 40) : scaled(2_000, 200);
      for (let round = 0; round < rounds; round++) {
        for (const [index, of] of requests.entries()) {
          const request = of.get(operation) as Buffer;
          const before = server.process.cpuMicroseconds();
          await runLoad({ port: server.process.port, request, requests: count, connections });
          costs[index] = (costs[index] ?? 0) + (server.process.cpuMicroseconds() - before) / count / rounds;
        }
      }
      const [few = 0, many = 0] = costs;
      rows.push([operation, few.toFixed(0), many.toFixed(0), (many / few).toFixed(2)]);
    }
    printTable(
      `One key with ${grants} grants and ${versions} versions`,
      ["request", "CPU us, key with 100 grants", "CPU us, this key", "ratio"],
      rows,
    );
  } finally {
    await server.process.stop();
  }
}

interface MadeKey {
  readonly KeyId: string;
  /** Made with its first version. */
  readonly oldCiphertext: string;
}

const Plaintext = Buffer.alloc(32, 7).toString("base64");

async function makeKey(server: BenchServer): Promise<MadeKey> {
  const { KeyMetadata } = await server.call("CreateKey", {});
  const { KeyId } = KeyMetadata as { KeyId: string };
  await server.call("CreateGrant", grantInput(KeyId));
  const { CiphertextBlob } = await server.call("Encrypt", { KeyId, Plaintext });
  return { KeyId, oldCiphertext: String(CiphertextBlob) };
}

function grantInput(KeyId: string): object {
  return { KeyId, GranteePrincipal: "arn:aws:iam::000000000000:root", Operations: ["Decrypt"] };
}

async function requestsFor(server: BenchServer, { KeyId, oldCiphertext }: MadeKey): Promise<Map<string, Buffer>> {
  const { CiphertextBlob } = await server.call("Encrypt", { KeyId, Plaintext });
  return new Map([
    ["Encrypt", server.request("Encrypt", { KeyId, Plaintext })],
    ["Decrypt, newest version", server.request("Decrypt", { CiphertextBlob })],
    ["Decrypt, first version", server.request("Decrypt", { CiphertextBlob: oldCiphertext })],
    ["DescribeKey", server.request("DescribeKey", { KeyId })],
    ["ListGrants, 50", server.request("ListGrants", { KeyId, Limit: 50 })],
    ["CreateGrant", server.request("CreateGrant", grantInput(KeyId))],
  ]);
}
