import { opendir } from "node:fs/promises";
import { type FileName, joinNames } from "./file-names.ts";

/** Something below a directory. */
export interface WalkEntry {
  /** Its path from the directory on. */
  readonly relative: FileName;
  readonly path: FileName;
  /** `other`: a symbolic link, socket, pipe or device; none of them is followed or read. */
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
 * All that is below a directory, each directory before what is in it. Memory: the open directories on the way down.
 *
 * @param skip says of a directory that neither it nor what is below belongs to the walk
 */
export async function* walkDirectory(
  root: FileName,
  skip: (directory: FileName) => Promise<boolean>,
): AsyncGenerator<WalkEntry | WalkProblem> {
  yield* walkBelow(root, undefined, skip);
}

async function* walkBelow(
  path: FileName,
  relative: FileName | undefined,
  skip: (directory: FileName) => Promise<boolean>,
): AsyncGenerator<WalkEntry | WalkProblem> {
  try {
    // The type that Node's types give with this option is that of names as texts.
    const directory = await opendir(path, { encoding: "buffer" as BufferEncoding });
    for await (const entry of directory) {
      const name: FileName = entry.name as FileName;
      const below = relative === undefined ? name : joinNames(relative, name);
      const entryPath = joinNames(path, name);
      if (!entry.isDirectory()) {
        const kind = entry.isFile() ? "file" : entry.isSymbolicLink() ? "symbolicLink" : "other";
        yield { relative: below, path: entryPath, kind };
      } else if (!(await skip(entryPath))) {
        yield { relative: below, path: entryPath, kind: "directory" };
        yield* walkBelow(entryPath, below, skip);
      }
    }
  } catch (error) {
    yield { relative: relative ?? ".", path, kind: "unreadable", error };
  }
}
