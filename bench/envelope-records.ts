import { readFileSync } from "node:fs";
import {
  cachingMaterials,
  encrypt,
  type KeySource,
  kmsClient,
  kmsKeyring,
  LocalCryptoMaterialsCache,
} from "@coffer/envelope";
import { startBenchServer } from "./bench-server.ts";
import type { BenchCredentials } from "./requests.ts";
import { scaled } from "./scale.ts";
import { printTable } from "./table.ts";

const recordBytes = 200;
/** Records under way at once. */
const together = [1, 8];
const rounds = 3;
const target = 20;

/**
 * Small records encrypted with a data key cache, and with a call for each: the same server, in turns, one after another
 * and several at once. Without the cache fewer records are made; their rate does not depend on how many there are.
 */
export async function measureEnvelopeRecords(directory: string): Promise<void> {
  const server = await startBenchServer(directory, "envelope-records");
  try {
    const { KeyMetadata } = await server.call("CreateKey", {});
    const credentials = JSON.parse(readFileSync(`${server.data}.json`, "utf8")) as BenchCredentials;
    const endpoint = `http://127.0.0.1:${server.process.port}`;
    const client = kmsClient({ endpoint, region: "us-east-1", credentials });
    const keyring = kmsKeyring({ keyId: (KeyMetadata as { Arn: string }).Arn, client });
    const [cachedRecords, uncachedRecords] = [scaled(100_000, 2_000), scaled(2_000, 200)];
    await encryptRecords({ keyring }, 200, 1);
    const rows: (string | number)[][] = [];
    const medians: string[] = [];
    for (const lanes of together) {
      const ratios: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        const without = await encryptRecords({ keyring }, uncachedRecords, lanes);
        using cache = new LocalCryptoMaterialsCache({ capacity: 100 });
        const materials = cachingMaterials({ keyring, cache, maxAgeMs: 300_000, maxMessagesEncrypted: 10_000 });
        const cached = await encryptRecords({ materials }, cachedRecords, lanes);
        ratios.push(cached / without);
        rows.push([`${lanes} at once, a call each`, uncachedRecords, uncachedRecords, without.toFixed(0), ""]);
        const ratio = (cached / without).toFixed(1);
        rows.push([`${lanes} at once, cache`, cachedRecords, cache.statistics.misses, cached.toFixed(0), ratio]);
      }
      const median = ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
      medians.push(`${lanes} at once ${median.toFixed(1)} (${median >= target ? "met" : "missed"})`);
    }
    printTable(
      `Records of ${recordBytes} bytes, a data key for at most 10,000 of them`,
      ["", "records", "calls", "records/s", "x without"],
      rows,
    );
    console.log(`\nMedian, target ${target}: ${medians.join(", ")}`);
  } finally {
    await server.process.stop();
  }
}

/** @returns records a second */
async function encryptRecords(source: KeySource, records: number, lanes: number): Promise<number> {
  const record = Buffer.alloc(recordBytes, "a record ");
  const began = performance.now();
  let left = records;
  const work = async () => {
    while (left-- > 0) await encrypt(record, { ...source, context: { table: "records" } });
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return (records * 1_000) / (performance.now() - began);
}
