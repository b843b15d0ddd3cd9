import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repo's files as the checks see them. Tests make one of texts with `repoOf`. */
export interface Repo {
  /** Paths from the root with forward slashes, sorted. */
  readonly paths: readonly string[];
  /** A file's text; throws when there is none. */
  read(path: string): string;
  /** Whether a file or folder is there, also one that is not in `paths`. */
  has(path: string): boolean;
}

/** Opens the repo at `root`: the files that git tracks or would track. */
export function openRepo(root: string): Repo {
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  // A file that was deleted and not yet committed is still listed.
  const paths = listing.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
  const texts = new Map<string, string>();
  return {
    paths: [...new Set(paths)].sort(),
    read(path) {
      let text = texts.get(path);
      if (text === undefined) {
        text = readFileSync(join(root, path), "utf8");
        texts.set(path, text);
      }
      return text;
    },
    has: (path) => existsSync(join(root, path)),
  };
}

/** A repo of the given files. */
export function repoOf(files: Readonly<Record<string, string>>): Repo {
  const texts = new Map(Object.entries(files));
  return {
    paths: [...texts.keys()].sort(),
    read(path) {
      const text = texts.get(path);
      if (text === undefined) throw new Error(`no file ${path}`);
      return text;
    },
    has: (path) => [...texts.keys()].some((name) => name === path || name.startsWith(`${path}/`)),
  };
}

/** Whether a file is a test or serves tests alone: it may import more and read the clock. */
export function isTestFile(path: string): boolean {
  return path.startsWith("packages/testkit/") || /(?:\.test|-fixtures)\.ts$|\/(?:test|testing)\//.test(path);
}

/** The package that a file belongs to, such as `packages/crypto` or `packages/messaging/olm`; undefined for files outside the workspaces. */
export function packageOf(path: string): string | undefined {
  return /^(?:apps|packages(?:\/messaging)?)\/[^/]+/.exec(path)?.[0];
}

/** The folder of one of our packages, such as `@coffer/crypto`; apps have none. */
export function folderOfPackage(packageName: string): string {
  const name = packageName.slice("@coffer/".length);
  if (name === "messaging") return "packages/messaging/core";
  return `packages/${name.replace(/^messaging-/, "messaging/")}`;
}

/** What a check found wrong. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; absent when it is about the whole file. */
  readonly line?: number;
  /** A whole sentence that says what to do. */
  readonly message: string;
}

/** A finding as a line that terminals and editors can follow. */
export function formatFinding({ path, line, message }: Finding): string {
  return `${path}${line === undefined ? "" : `:${line}`}: ${message}`;
}
