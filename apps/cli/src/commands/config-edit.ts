import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { type ConfigDocument, openDocument } from "@coffer/sops";
import { unixTimeMs } from "../clock.ts";
import type { Command, Invocation } from "../command.ts";
import { type ConfigFile, readConfigFile, renderConfig } from "../config/config-file.ts";
import { formatOption } from "../config/config-formats.ts";
import { openConfigServices } from "../config/config-services.ts";
import { replaceFile } from "../config/replace-file.ts";
import { keyServiceOptions } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print } from "../terminal.ts";

/** `coffer config edit`. */
export const configEditCommand: Command = {
  name: "config edit",
  summary: "Edit an encrypted config file in your editor",
  usage: "FILE",
  options: [formatOption, ...keyServiceOptions],
  notes: [
    "The editor is VISUAL or EDITOR, else vi. It gets a copy in memory (/dev/shm) where there is one, else in the temporary folder, which is overwritten and removed afterwards.",
    "Values that did not change keep their ciphertexts, so that a diff shows what changed.",
    "Example:\n  coffer config edit secrets.enc.yaml",
  ],
  maxPositionals: 1,
  run: runEdit,
};

async function runEdit(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  if (file.name === "-") throw new OperatorError("name a file to edit.", 2);
  const services = await openConfigServices(invocation);
  using opened = await tellingService(() => openDocument(file.document, { services }), file.name);
  const before = renderConfig(file);
  const edited = editUntilReadable(invocation, file, before);
  if (edited === undefined) {
    print(`${file.name} is as it was.`);
    return 0;
  }
  await tellingService(async () => opened.seal(edited, unixTimeMs()), file.name);
  replaceFile(file.path, renderConfig({ format: file.format, document: edited }), { overwrite: true });
  return 0;
}

/** @returns undefined when nothing was changed */
function editUntilReadable(invocation: Invocation, file: ConfigFile, before: Buffer): ConfigDocument | undefined {
  using folder = secretFolder();
  const path = join(folder.path, basename(file.path));
  writeFileSync(path, before, { mode: 0o600 });
  for (;;) {
    runEditor(invocation, path);
    const after = readFileSync(path);
    if (after.equals(before)) return undefined;
    try {
      return file.format.parse(after.toString(file.format.encoding));
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      process.stderr.write(`${file.name}: ${error.message}\n`);
      if (!process.stdin.isTTY)
        throw new OperatorError(`${file.name} was not changed: what the editor left cannot be read.`);
      process.stderr.write("The editor opens again; leave the file as it was to give up.\n");
    }
  }
}

function runEditor({ environment }: Invocation, path: string): void {
  const editor = environment["VISUAL"] || environment["EDITOR"] || "vi";
  // As git does it: the variable is a command line, and the shell splits it.
  const { status, error } = spawnSync("sh", ["-c", `${editor} "$@"`, editor, path], { stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    throw new OperatorError(
      `the editor (${editor}) ended with ${error?.message ?? `status ${status}`}; nothing was changed.`,
    );
  }
}

/** A folder for a plaintext, overwritten and removed at its end, also when a signal ends the process. */
function secretFolder(): Disposable & { readonly path: string } {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = mkdtempSync(join(parent, "coffer-edit-"));
  const remove = () => {
    for (const name of existsSync(path) ? readdirSync(path) : []) {
      const file = join(path, name);
      writeFileSync(file, Buffer.alloc(statSync(file).size));
    }
    rmSync(path, { recursive: true, force: true });
  };
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    process.kill(process.pid, signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, onSignal);
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
      process.removeListener("exit", remove);
      remove();
    },
  };
}
