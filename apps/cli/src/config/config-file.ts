import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import type { ConfigDocument, ConfigFormat } from "@coffer/sops";
import { flagText, type Invocation, isOn } from "../command.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { formatFor } from "./config-formats.ts";
import { replaceFile } from "./replace-file.ts";

/** A file that a command works on. */
export interface ConfigFile {
  /** As the caller wrote it; `-` is standard input. */
  readonly name: string;
  readonly path: string;
  readonly format: ConfigFormat;
  readonly document: ConfigDocument;
}

/**
 * Reads and parses the file that the command names.
 *
 * @throws OperatorError
 */
export async function readConfigFile(invocation: Invocation): Promise<ConfigFile> {
  const [name] = invocation.positionals;
  if (name === undefined) throw new OperatorError("name a file, or - for standard input.", 2);
  return parseConfigFile(invocation, name, readGiven(invocation, name));
}

/** Parses what stands for a file. @throws OperatorError */
export async function parseConfigFile(invocation: Invocation, name: string, bytes: Buffer): Promise<ConfigFile> {
  const format = formatFor(invocation, name);
  const path = resolve(invocation.workingDirectory, name);
  const document = await tellingService(async () => format.parse(decodeText(name, format, bytes)), name);
  return { name, path, format, document };
}

/** The bytes of a file; `-` is standard input. @throws OperatorError */
export function readGiven(invocation: Invocation, name: string): Buffer {
  try {
    return readFileSync(name === "-" ? 0 : resolve(invocation.workingDirectory, name));
  } catch (error) {
    throw new OperatorError(`cannot read ${name}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

function decodeText(name: string, { encoding }: ConfigFormat, bytes: Buffer): string {
  if (encoding === "latin1") return bytes.toString("latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new OperatorError(`${name} is not UTF-8; --format binary takes it as one value.`);
  }
}

/** A document's bytes. */
export function renderConfig({ format, document }: Pick<ConfigFile, "format" | "document">): Buffer {
  return Buffer.from(document.render(), format.encoding);
}

/** Writes a command's result where its options say. @throws OperatorError */
export function writeResult(invocation: Invocation, file: ConfigFile): void {
  const output = flagText(invocation, "output");
  const bytes = renderConfig(file);
  if (isOn(invocation, "in-place")) {
    if (output !== undefined) throw new OperatorError("give --in-place or --output, not both.", 2);
    if (file.name === "-") throw new OperatorError("standard input has no place.", 2);
    replaceFile(file.path, bytes, { overwrite: true });
  } else if (output === undefined || output === "-") {
    process.stdout.write(bytes);
  } else {
    const path = resolve(invocation.workingDirectory, output);
    replaceFile(path, bytes, { overwrite: isOn(invocation, "force") });
  }
}
