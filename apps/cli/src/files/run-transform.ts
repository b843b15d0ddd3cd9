import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { nowMs } from "../clock.ts";
import { type Invocation, isOn } from "../command.ts";
import { print, printable, showProgress } from "../terminal.ts";
import { standardStream } from "./file-names.ts";
import { fileProblem } from "./file-problem.ts";
import { endOnInterrupt, withInterrupts } from "./interrupt.ts";
import { Progress } from "./progress.ts";
import { renderBytes } from "./render-facts.ts";
import { type DirectoryRun, type RunSummary, runDirectory } from "./run-directory.ts";
import { entryTransformer } from "./transform-entry.ts";
import { type Transform, transformFile } from "./transform-file.ts";
import type { Ends } from "./transform-options.ts";
import { walkDirectory } from "./walk-directory.ts";

/** A command that makes other files of files. */
export interface TransformCommand {
  readonly ends: Ends;
  /** Whether what it makes is binary, which a terminal cannot show. */
  readonly makesBinary: boolean;
  /** The OUT of an IN that is a path. */
  defaultOutput(input: string): string;
  /** @param shared whether many files come, so that they may share what costs a call */
  open(signal: AbortSignal, shared: boolean): Promise<Transform & Pick<DirectoryRun, "nameTarget" | "isDone">>;
}

/** Files of a directory at once. */
const concurrency = 8;

/** Runs the command on whatever its IN is. @returns the exit code */
export function runTransform(invocation: Invocation, command: TransformCommand): Promise<number> {
  return endOnInterrupt(() =>
    withInterrupts(async (signal) => {
      const { input } = command.ends;
      const isDirectory = input !== standardStream && (await isDirectoryAt(input));
      return isDirectory ? runOnDirectory(invocation, command, signal) : runOnFile(invocation, command, signal);
    }),
  );
}

async function isDirectoryAt(input: string): Promise<boolean> {
  try {
    return (await stat(input)).isDirectory();
  } catch (error) {
    throw fileProblem(printable(input), error);
  }
}

async function runOnFile(invocation: Invocation, command: TransformCommand, signal: AbortSignal): Promise<number> {
  const { input } = command.ends;
  const output = command.ends.output ?? (input === standardStream ? standardStream : command.defaultOutput(input));
  if (command.makesBinary && command.ends.output === undefined && output === standardStream && process.stdout.isTTY) {
    throw new OperatorError(
      "the ciphertext is binary, which a terminal cannot show: give -o FILE, or a pipe (-o - writes it all the same).",
      2,
    );
  }
  const transform = await command.open(signal, false);
  const progress = openProgress(input, output);
  const overwrite = isOn(invocation, "force");
  const result = await transformFile(transform, { input, output, overwrite, progress, signal });
  if (isOn(invocation, "json")) print(JSON.stringify({ input, output, ...result }));
  return 0;
}

/** A terminal that shows the output has no room for the line. */
function openProgress(input: string, output: string): Progress {
  const label = input === standardStream ? "standard input" : printable(basename(input));
  const draw = output === standardStream && process.stdout.isTTY ? () => undefined : showProgress;
  return new Progress(nowMs, label, undefined, draw);
}

async function runOnDirectory(invocation: Invocation, command: TransformCommand, signal: AbortSignal): Promise<number> {
  const { input } = command.ends;
  const output = command.ends.output ?? command.defaultOutput(input);
  const transform = await command.open(signal, true);
  const progress = new Progress(nowMs, "0 files");
  if (process.stderr.isTTY) void measureDirectory(input, signal).then((bytes) => (progress.totalBytes = bytes));
  const json = isOn(invocation, "json");
  let summary: RunSummary;
  try {
    summary = await runDirectory({
      ...transform,
      transform: entryTransformer(transform, { outputDirectory: output, progress, signal }),
      input,
      output,
      replace: isOn(invocation, "force") ? "all" : isOn(invocation, "update") ? "changed" : "none",
      concurrency,
      progress,
      signal,
      onFailure: ({ file, problem }) => process.stderr.write(`coffer: ${file}: ${problem}\n`),
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : fileProblem(printable(output), error);
  } finally {
    progress.end();
  }
  if (json) print(JSON.stringify({ input, output, ...summary }));
  else print(renderSummary(transform.done, summary));
  return summary.failed.length === 0 ? 0 : 1;
}

/** Bytes of all files below a directory, as far as they can be seen. */
async function measureDirectory(input: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const { kind, path } of walkDirectory(input, async () => true)) {
    if (signal.aborted) break;
    if (kind === "file") bytes += (await stat(path).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

function renderSummary(word: string, { done, bytes, skipped, failed, leftOut }: RunSummary): string {
  return [
    `${count(done, "file")} ${word} (${renderBytes(bytes)})`,
    ...(skipped === 0 ? [] : [`${skipped} done before`]),
    ...(leftOut.length === 0 ? [] : [`${count(leftOut.length, "link or device", "links or devices")} left out`]),
    ...(failed.length === 0 ? [] : [`${failed.length} FAILED`]),
  ].join(", ");
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
