import type { Command, Surroundings } from "./command.ts";
import { runCommand } from "./run-command.ts";

/** Commands of pipelines and of loops over many files. They load alone: all commands take a quarter of a second. */
const loadedAlone: ReadonlyMap<string, () => Promise<readonly Command[]>> = new Map([
  ["encrypt", async () => [(await import("./commands/encrypt.ts")).encryptCommand]],
  ["decrypt", async () => [(await import("./commands/decrypt.ts")).decryptCommand]],
  ["inspect", async () => [(await import("./commands/inspect.ts")).inspectCommand]],
  ["config", async () => (await import("./commands/config.ts")).configCommands],
  ["exec", async () => [(await import("./commands/exec.ts")).execCommand]],
  ["git", async () => (await import("./commands/git.ts")).gitCommands],
]);

/**
 * Runs the command line.
 *
 * @param args after `coffer`
 * @returns the exit code
 * @throws OperatorError, to be shown as one line
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first = "", second = ""] = args;
  const load = args.includes("--help") || args.includes("-h") ? undefined : loadedAlone.get(first);
  for (const command of (await load?.()) ?? []) {
    const words = command.name === first ? 1 : 2;
    if (words === 1 || command.name === `${first} ${second}`) {
      return runCommand(command, args.slice(words), surroundings);
    }
  }
  const { runAnyCommand } = await import("./run-any-command.ts");
  return runAnyCommand(args, surroundings);
}
