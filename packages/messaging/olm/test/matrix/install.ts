import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Matrix's server and client library, where they are installed. */
export interface MatrixPeers {
  /** A Python that has `matrix-synapse`. */
  readonly python: string;
  /** The script of `clients.mjs`, where `matrix-js-sdk` is found. */
  readonly clients: string;
}

const sources = import.meta.dirname;
const files = ["requirements.txt", "package.json", "package-lock.json", "clients.mjs"];
const clientsCache = join(sources, "../../../../../.cache/clients");

/**
 * Installs `matrix-synapse` and `matrix-js-sdk` into a folder of .cache, once for each version of their lists.
 *
 * @returns why they are not there, when they cannot be installed
 */
export function installMatrixPeers(): MatrixPeers | string {
  const digest = createHash("sha256");
  for (const file of files) digest.update(readFileSync(join(sources, file)));
  const folder = join(clientsCache, `matrix-${digest.digest("hex").slice(0, 16)}`);
  if (!existsSync(folder)) {
    const started = `${folder}.${process.pid}`;
    const failed = install(started);
    if (failed === undefined) moveInto(started, folder);
    rmSync(started, { recursive: true, force: true });
    if (failed !== undefined) return failed;
  }
  return { python: join(folder, "venv/bin/python"), clients: join(folder, "clients.mjs") };
}

function install(folder: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  for (const file of files) cpSync(join(sources, file), join(folder, file));
  const commands: readonly (readonly [string, ...string[]])[] = [
    ["python3", "-m", "venv", "venv"],
    ["venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
    ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
  ];
  // The client library wants the Node that the tests run on.
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  for (const [program, ...options] of commands) {
    const path = program.includes("/") ? join(folder, program) : program;
    const { status, stderr } = spawnSync(path, options, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH },
    });
    if (status !== 0) {
      const what = `${program} ${options.slice(0, 3).join(" ")}`;
      return `matrix-synapse and matrix-js-sdk cannot be installed (${what}): ${stderr?.trim().split("\n").at(-1) ?? ""}`;
    }
  }
  return undefined;
}

/** Another process may have been faster; then its folder serves as well. */
function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (cause) {
    if (!existsSync(to)) throw cause;
  }
}
