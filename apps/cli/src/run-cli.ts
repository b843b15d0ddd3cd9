import type { Command, Surroundings } from "./command.ts";
import { runCommand } from "./run-command.ts";

/** Commands of pipelines and of loops over many files. They load alone: all commands take a quarter of a second. */
const loadedAlone: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["encrypt", async () => (await import("./commands/encrypt.ts")).encryptCommand],
  ["decrypt", async () => (await import("./commands/decrypt.ts")).decryptCommand],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspectCommand],
]);

/**
 * Runs the command line.
 *
 * @param args after `coffer`
 * @returns the exit code
 * @throws OperatorError, to be shown as one line
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first = "", ...rest] = args;
  const load = loadedAlone.get(first);
  if (load !== undefined && !rest.includes("--help") && !rest.includes("-h")) {
    return runCommand(await load(), rest, surroundings);
  }
  const { runAnyCommand } = await import("./run-any-command.ts");
  return runAnyCommand(args, surroundings);
}
