import { basename } from "node:path";
import type { Keyring, MessageDescription } from "@coffer/envelope";
import { nowMs } from "../clock.ts";
import type { Invocation } from "../command.ts";
import { openKeyServices } from "../key-services.ts";
import { print, printable } from "../terminal.ts";
import { FileError, fileProblem } from "./file-problem.ts";
import { endOnInterrupt, interruptible, withInterrupts } from "./interrupt.ts";
import { openAnyKey, openKeysOf, openNamedKeys } from "./open-keys.ts";
import { Progress } from "./progress.ts";
import { renderBytes } from "./render-facts.ts";
import { type RewrapOptions, rewrapFile } from "./rewrap-file.ts";
import { followProgress } from "./transform-file.ts";

/** What `rewrap` is told. */
export interface RewrapRun extends Pick<RewrapOptions, "context" | "commitment"> {
  readonly files: readonly string[];
  readonly json: boolean;
}

/** Puts files under other keys, one after another; what fails is named, and the others go on. @returns the exit code */
export function rewrapFiles(invocation: Invocation, { files, json, ...options }: RewrapRun): Promise<number> {
  return endOnInterrupt(() =>
    withInterrupts(async (signal) => {
      const services = await openKeyServices(invocation);
      const named = openNamedKeys(invocation, services);
      const keysFor = (message: MessageDescription): Keyring => {
        const keys = named ?? openKeysOf(message, services);
        if (keys === undefined)
          throw new FileError("its keys are neither KMS nor Transit keys: name others with --key.");
        return interruptible(keys, signal);
      };
      const reading = interruptible(openAnyKey(services), signal);
      const namedKeys = named && interruptible(named, signal);
      let bytes = 0;
      let anew = 0;
      const done: string[] = [];
      const failed: { file: string; problem: string }[] = [];
      for (const file of files) {
        const progress = new Progress(nowMs, printable(basename(file)));
        try {
          const onProgress = followProgress(progress);
          const all = { ...options, reading, keysFor, namedKeys, signal, onProgress };
          const rewrapped = await rewrapFile(file, all);
          bytes += rewrapped.bytes;
          if (rewrapped.anew) anew++;
          done.push(file);
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          const { message } = fileProblem(printable(file), error);
          failed.push({ file, problem: message });
          process.stderr.write(`coffer: ${message}\n`);
        } finally {
          progress.end();
        }
      }
      if (json) print(JSON.stringify({ done, bytes, encryptedAnew: anew, failed }));
      else print(renderDone(done.length, anew, bytes, failed.length));
      return failed.length === 0 ? 0 : 1;
    }),
  );
}

function renderDone(done: number, anew: number, bytes: number, failed: number): string {
  const how = anew === 0 ? "" : `, ${anew} encrypted anew, since the format allows no other key for the same body`;
  const rest = failed === 0 ? "" : `; ${failed} FAILED`;
  return `${done} ${done === 1 ? "file" : "files"} rewrapped (${renderBytes(bytes)})${how}${rest}`;
}
