import { opendir } from "node:fs/promises";
import { type FileName, joinNames, nameOf } from "./file-names.ts";

/** Something below a directory. */
export interface WalkEntry {
  /** Its path from the directory on. */
  readonly relative: FileName;
  readonly path: FileName;
  /** `other`: a socket, pipe or device. */
  readonly kind: "file" | "directory" | "symbolicLink" | "other";
}

/** A directory that cannot be read. The walk goes on without it. */
export interface WalkProblem {
  readonly relative: FileName;
  readonly path: FileName;
  readonly kind: "unreadable";
  readonly error: unknown;
}

/**
 * All that is below a directory, in no order. Symbolic links are told, never followed. Memory: the open directories on
 * the way down.
 *
 * @param enter is asked of each directory before anything below it comes; false leaves it out
 */
export function walkDirectory(
  root: FileName,
  enter: (directory: WalkEntry) => Promise<boolean>,
): AsyncGenerator<WalkEntry | WalkProblem> {
  return walkBelow(root, undefined, enter);
}

async function* walkBelow(
  path: FileName,
  relative: FileName | undefined,
  enter: (directory: WalkEntry) => Promise<boolean>,
): AsyncGenerator<WalkEntry | WalkProblem> {
  try {
    // Node gives names as bytes then, which its types do not know.
    for await (const entry of await opendir(path, { encoding: "buffer" as BufferEncoding })) {
      const name: FileName = entry.name as FileName;
      const below = relative === undefined ? nameOf(name) : joinNames(relative, name);
      const entryPath = joinNames(path, name);
      if (!entry.isDirectory()) {
        const kind = entry.isFile() ? "file" : entry.isSymbolicLink() ? "symbolicLink" : "other";
        yield { relative: below, path: entryPath, kind };
        continue;
      }
      const directory: WalkEntry = { relative: below, path: entryPath, kind: "directory" };
      if (await enter(directory)) yield* walkBelow(entryPath, below, enter);
    }
  } catch (error) {
    yield { relative: relative ?? ".", path, kind: "unreadable", error };
  }
}
