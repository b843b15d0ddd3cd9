import { describeDefault, loadSettings, settingRowsByName } from "@coffer/server/config";
import type { Command, Invocation, OptionRow } from "../command.ts";
import { exitOnClosedOutput } from "../terminal.ts";

const options: readonly OptionRow[] = [...settingRowsByName.values()].map((row) => ({
  name: row.flag,
  placeholder: row.type.placeholder,
  many: row.type.many,
  doc: row.type.placeholder === undefined ? row.doc : `${row.doc} Default: ${describeDefault(row)}.`,
}));

/** `coffer server`. */
export const serverCommand: Command = {
  name: "server",
  summary: "Run the server until it is told to stop",
  usage: "[--dev] [--listen HOST:PORT]... [--data-dir DIR] [OPTION]...",
  options,
  notes: [
    "Every option is also an environment variable (COFFER_...) and a key of the file that --config names;",
    "docs/CONFIGURATION.md lists them. SIGTERM or SIGINT lets requests under way finish and stops.",
  ],
  parsesItself: true,
  run: runServerCommand,
};

async function runServerCommand({ args, environment, homeDirectory, workingDirectory }: Invocation): Promise<number> {
  // Before the server itself is loaded: a typing error is told at once.
  const settings = loadSettings({ args, environment, homeDirectory, workingDirectory });
  // A server goes on when nobody reads its output any more.
  process.stdout.off("error", exitOnClosedOutput);
  const { composeServer, runServer } = await import("@coffer/server");
  const exitCode = await runServer(settings, composeServer);
  // Everything is closed; whatever still holds the event loop must not keep the process.
  process.exit(exitCode);
}
