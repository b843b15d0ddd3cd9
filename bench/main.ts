import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { measureAsymmetric } from "./asymmetric.ts";
import { measureConfigFile } from "./config-file.ts";
import { measureEnvelope } from "./envelope.ts";
import { measureEnvelopeRecords } from "./envelope-records.ts";
import { measureHotPath } from "./hot-path.ts";
import { measureManyKeys } from "./many-keys.ts";
import { measureMessagingOverhead } from "./messaging-overhead.ts";
import { measureOneKey } from "./one-key.ts";
import { measurePairGeneration } from "./pair-generation.ts";
import { measureRelay } from "./relay.ts";
import { scale } from "./scale.ts";
import { measureStartUp } from "./start-up.ts";
import { measureVault } from "./vault.ts";

/*
 * CPU time is the server process's own, by the operating system's accounting. Read ratios of one run, not absolute times:
 * the machine is shared and noisy. BENCH_ONLY names the parts to run, BENCH_SCALE how much of each.
 */
const parts: ReadonlyMap<string, (directory: string) => Promise<void>> = new Map([
  ["hot-path", measureHotPath],
  ["asymmetric", measureAsymmetric],
  ["pair-generation", measurePairGeneration],
  ["one-key", measureOneKey],
  ["many-keys", measureManyKeys],
  ["start-up", measureStartUp],
  ["vault", measureVault],
  ["envelope-records", measureEnvelopeRecords],
  ["envelope", measureEnvelope],
  ["config-file", measureConfigFile],
  ["relay", measureRelay],
  ["messaging-overhead", measureMessagingOverhead],
]);

const wanted = process.env["BENCH_ONLY"]?.split(",") ?? [...parts.keys()];
const directory = mkdtempSync(join(tmpdir(), "coffer-bench-"));
try {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, BENCH_SCALE=${scale}`);
  for (const name of wanted) {
    const measure = parts.get(name);
    if (measure === undefined) throw new Error(`BENCH_ONLY: ${name} is none of ${[...parts.keys()].join(", ")}`);
    await measure(directory);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
