import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { type LoadResult, runLoad } from "./load.ts";
import { scaled } from "./scale.ts";
import { printTable } from "./table.ts";

const encryptConnections = 4;
const pairConnections = 8;
const rounds = 3;

/**
 * What RSA-4096 pairs, asked for without a pause over several connections, do to the answer times of Encrypt beside
 * them: the same load of Encrypt alone and with them, in turns.
 */
export async function measurePairGeneration(directory: string): Promise<void> {
  const server = await startBenchServer(directory, "pair-generation");
  try {
    const { KeyMetadata } = await server.call("CreateKey", {});
    const { KeyId } = KeyMetadata as { KeyId: string };
    const encrypt = server.request("Encrypt", { KeyId, Plaintext: Buffer.alloc(32, 7).toString("base64") });
    const pair = server.request("GenerateDataKeyPair", { KeyId, KeyPairSpec: "RSA_4096" });
    await encryptLoad(server, encrypt);
    const rows: (string | number)[][] = [];
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const alone = await encryptLoad(server, encrypt);
      let over = false;
      const port = server.process.port;
      const pairs = runLoad({
        ...{ port, request: pair, connections: pairConnections },
        ...{ requests: 100_000, stopped: () => over },
      });
      // The pairs are under way with the first answer that waited for them.
      await encryptLoad(server, encrypt);
      const beside = await encryptLoad(server, encrypt);
      over = true;
      const { requestsPerSecond } = await pairs;
      ratios.push(beside.p99Ms / alone.p99Ms);
      rows.push([`alone, round ${round}`, ...figures(alone), "", ""]);
      rows.push([
        `beside pairs, round ${round}`,
        ...figures(beside),
        (beside.p99Ms / alone.p99Ms).toFixed(2),
        requestsPerSecond.toFixed(2),
      ]);
    }
    printTable(
      `Encrypt over ${encryptConnections} connections beside RSA-4096 pairs over ${pairConnections}`,
      ["Encrypt", "requests/s", "p50 ms", "p99 ms", "x p99 alone", "pairs/s"],
      rows,
    );
    const median = ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    console.log(`\nMedian ratio of the p99: ${median.toFixed(2)}; target 2: ${median <= 2 ? "met" : "missed"}`);
  } finally {
    await server.process.stop();
  }
}

function encryptLoad(server: BenchServer, request: Buffer): Promise<LoadResult> {
  return runLoad({
    ...{ port: server.process.port, request },
    ...{ requests: scaled(8_000, 500), connections: encryptConnections },
  });
}

function figures({ requestsPerSecond, p50Ms, p99Ms }: LoadResult): string[] {
  return [requestsPerSecond.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)];
}
