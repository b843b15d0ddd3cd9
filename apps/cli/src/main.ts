/** The `coffer` command. */
import { homedir } from "node:os";
import { describeFailure } from "@coffer/server/config";
import { runCli } from "./run-cli.ts";
import { exitOnClosedOutput, printable } from "./terminal.ts";

process.stdout.on("error", exitOnClosedOutput);

try {
  process.exitCode = await runCli(process.argv.slice(2), {
    environment: process.env,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
  });
} catch (error) {
  const failure = describeFailure(error);
  process.stderr.write(`coffer: ${printable(failure.line)}\n`);
  process.exitCode = failure.exitCode;
}
