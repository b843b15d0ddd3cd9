import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline";
import { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { type ConfigDocument, encryptDocument, openDocument } from "@coffer/sops";
import { unixTimeMs } from "../clock.ts";
import type { Invocation } from "../command.ts";
import { endOnInterrupt } from "../files/interrupt.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print, printable } from "../terminal.ts";
import { type ConfigFile, parseConfigFile, readGiven, renderConfig } from "./config-file.ts";
import { formatFor } from "./config-formats.ts";
import { findRecipients } from "./config-recipients.ts";
import { openConfigServices } from "./config-services.ts";
import { replaceFile } from "./replace-file.ts";
import { SecretFolder } from "./secret-folder.ts";

/** @returns the exit code @throws OperatorError */
export function runEdit(invocation: Invocation): Promise<number> {
  return endOnInterrupt(() => edit(invocation));
}

async function edit(invocation: Invocation): Promise<number> {
  const [name] = invocation.positionals;
  if (name === undefined || name === "-") throw new OperatorError("name a file to edit.", 2);
  const isNew = !existsSync(resolve(invocation.workingDirectory, name));
  const given = isNew
    ? Buffer.from(formatFor(invocation, name).name === "json" ? "{}\n" : "")
    : readGiven(invocation, name);
  const file = await parseConfigFile(invocation, name, given);
  using session = isNew ? await newSession(invocation, file) : await openSession(invocation, file);
  const edited = await editUntilSealed(invocation, file, session);
  if (edited === undefined) {
    print(isNew ? `${name} was not made: nothing was written.` : `${name} is as it was.`);
    return 0;
  }
  if (!isNew && !readGiven(invocation, name).equals(given)) {
    throw new OperatorError(`${name} was changed by somebody else in the meantime; nothing was written.`);
  }
  replaceFile(file.path, renderConfig({ format: file.format, document: edited }), { overwrite: !isNew });
  return 0;
}

interface EditSession extends Disposable {
  /** Encrypts what was edited. @throws EnvelopeError for what a file cannot hold */
  seal(document: ConfigDocument): Promise<void>;
}

async function openSession(invocation: Invocation, file: ConfigFile): Promise<EditSession> {
  const services = await openConfigServices(invocation);
  const opened = await tellingService(() => openDocument(file.document, { services }), file.name);
  return {
    seal: async (document) => opened.seal(document, unixTimeMs()),
    [Symbol.dispose]: () => opened.dispose(),
  };
}

async function newSession(invocation: Invocation, file: ConfigFile): Promise<EditSession> {
  const recipients = await findRecipients(invocation, file.path);
  const context = { services: await openConfigServices(invocation), nowMs: unixTimeMs };
  return {
    seal: (document) => encryptDocument(document, { ...context, ...recipients }),
    [Symbol.dispose]: () => undefined,
  };
}

/** @returns undefined when nothing was changed */
async function editUntilSealed(
  invocation: Invocation,
  file: ConfigFile,
  session: EditSession,
): Promise<ConfigDocument | undefined> {
  const before = renderConfig(file);
  using folder = new SecretFolder();
  const path = folder.write(basename(file.path), before);
  for (let refused: Buffer | undefined; ; ) {
    await runEditor(invocation, folder, path);
    const after = readEdited(path);
    if (after.equals(before)) return undefined;
    try {
      const document = file.format.parse(after.toString(file.format.encoding));
      await session.seal(document);
      return document;
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      process.stderr.write(`${file.name}: ${printable(error.message)}\n`);
      if (refused?.equals(after)) {
        throw new OperatorError(`${file.name} was not changed: what the editor left cannot be taken.`);
      }
      refused = after;
    }
    await waitForEnter();
  }
}

function readEdited(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new OperatorError(
      `the editor's file cannot be read: ${(error as NodeJS.ErrnoException).code}; nothing was changed.`,
    );
  }
}

async function runEditor({ environment }: Invocation, folder: SecretFolder, path: string): Promise<void> {
  const editor = environment["VISUAL"] || environment["EDITOR"] || "vi";
  // As git does it: the variable is a command line, and the shell splits it.
  const ended = await folder.run("sh", ["-c", `${editor} "$@"`, editor, path]);
  if (ended !== 0) {
    const how = typeof ended === "number" ? `status ${ended}` : ended;
    throw new OperatorError(`the editor (${editor}) ended with ${how}; nothing was changed.`);
  }
}

/** So that the message is seen before the editor covers it. */
async function waitForEnter(): Promise<void> {
  if (!process.stdin.isTTY) return;
  process.stderr.write("Press Enter to edit it again; leave it as it is then to give up. ");
  const lines = createInterface({ input: process.stdin });
  await new Promise<void>((resolve) => lines.once("line", () => resolve()).once("close", () => resolve()));
  lines.close();
}
