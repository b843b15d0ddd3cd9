import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { scaled } from "./scale.ts";
import { openSeedStore, seedKeys } from "./seed.ts";
import { printTable } from "./table.ts";

const target = 1.5;

/** Every page of ListKeys and ListAliases with very many of both: what the last ones cost beside the first. */
export async function measureManyKeys(directory: string): Promise<void> {
  const count = scaled(1_000_000, 10_000);
  const first = await startBenchServer(directory, "many-keys");
  await first.call("CreateKey", {});
  await first.process.stop();
  const store = await openSeedStore(first.data);
  await seedKeys(store, count);
  await store.close();
  const server = await startBenchServer(directory, "many-keys");
  try {
    const rows = [
      ["ListKeys, 1000", await walk(server, "ListKeys", 1000)] as const,
      ["ListAliases, 100", await walk(server, "ListAliases", 100)] as const,
    ].map(([name, { pages, firstMs, lastMs }]) => {
      const ratio = lastMs / firstMs;
      return [name, pages, firstMs.toFixed(2), lastMs.toFixed(2), ratio.toFixed(2), ratio <= target ? "met" : "missed"];
    });
    printTable(
      `${count} keys and aliases, server ready after ${server.process.startMs.toFixed(0)} ms`,
      ["listing", "pages", "first tenth, median ms", "last tenth, median ms", "ratio", `target ${target}`],
      rows,
    );
  } finally {
    await server.process.stop();
  }
}

async function walk(server: BenchServer, operation: string, Limit: number) {
  const times: number[] = [];
  let Marker: unknown;
  do {
    const startedMs = performance.now();
    const page = await server.call(operation, { Limit, Marker });
    times.push(performance.now() - startedMs);
    Marker = page["NextMarker"];
  } while (Marker !== undefined);
  const tenth = Math.ceil(times.length / 10);
  return { pages: times.length, firstMs: median(times.slice(0, tenth)), lastMs: median(times.slice(-tenth)) };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
