import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const chunkBytes = 16 * 1024 * 1024;

/** Why the memory of another process cannot be read here; undefined when it can (Linux, and the right to). */
export function memoryUnreadable(processId: number): string | undefined {
  try {
    closeSync(openSync(`/proc/${processId}/mem`, "r"));
    return undefined;
  } catch (error) {
    return `the memory of a process cannot be read: ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** The names of those secrets whose bytes are anywhere in a process's writable memory (proc(5): /proc/pid/mem). */
export function secretsInMemory(
  processId: number,
  secrets: readonly { readonly name: string; readonly bytes: Buffer }[],
): ReadonlySet<string> {
  const found = new Set<string>();
  const longest = Math.max(...secrets.map(({ bytes }) => bytes.length));
  const memory = openSync(`/proc/${processId}/mem`, "r");
  try {
    for (const { start, end } of writableRegions(processId)) {
      // Chunks overlap, so that nothing is missed on a boundary.
      for (let at = start; at < end; at += chunkBytes - longest) {
        const chunk = readChunk(memory, at, Math.min(chunkBytes, end - at));
        for (const { name, bytes } of secrets) if (chunk.includes(bytes)) found.add(name);
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

function writableRegions(processId: number): { readonly start: number; readonly end: number }[] {
  return readFileSync(`/proc/${processId}/maps`, "utf8")
    .split("\n")
    .filter((line) => / rw/.test(line) && !/\[vvar|\[vsyscall/.test(line))
    .map((line) => {
      const [start = "0", end = "0"] = line.slice(0, line.indexOf(" ")).split("-");
      return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
    });
}

function readChunk(memory: number, at: number, byteLength: number): Buffer {
  const chunk = Buffer.alloc(byteLength);
  try {
    return chunk.subarray(0, readSync(memory, chunk, 0, byteLength, at));
  } catch {
    // Gone meanwhile.
    return chunk.subarray(0, 0);
  }
}
