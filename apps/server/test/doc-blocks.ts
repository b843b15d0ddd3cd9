import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type ProgramResult, runProgram, runShell } from "./run-program.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** A fenced block of a page that stands below `<!-- test: NAME -->`. */
export interface DocBlock {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

const root = join(import.meta.dirname, "../../..");

/** The text of a page, by its path from the root, its blocks that tests run, and how many it marks as such. */
export function readDoc(path: string): { readonly blocks: readonly DocBlock[]; readonly marks: number } {
  const page = readFileSync(join(root, path), "utf8");
  const found = page.matchAll(/^<!-- test: ([a-z0-9-]+) -->\n```(\w+)\n(.*?)^```$/gms);
  return {
    blocks: [...found].map(([, name = "", language = "", text = ""]) => ({ name, language, text })),
    marks: (page.match(/<!-- test:/g) ?? []).length,
  };
}

/**
 * Runs a block as it stands, but for the ports, which are taken on a machine where tests run.
 *
 * @param programs - what the block calls; the first one runs Python blocks
 */
export function runBlock(
  { language, text }: DocBlock,
  server: ServerUnderTest,
  programs: readonly [python: string, ...others: string[]],
  workingDirectory?: string,
): Promise<ProgramResult> {
  const moved = text
    .replaceAll("localhost:8080", `localhost:${server.port}`)
    .replaceAll("localhost:8200", `localhost:${new URL(server.vaultUrl).port}`);
  const path = [...programs.map((program) => dirname(program)), process.env["PATH"]].join(delimiter);
  const options = { environment: { PATH: path }, ...(workingDirectory === undefined ? {} : { workingDirectory }) };
  if (language === "python") return runProgram(programs[0], ["-"], { ...options, input: moved });
  return runShell(moved, options);
}
