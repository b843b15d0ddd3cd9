import { readFileSync } from "node:fs";
import { SecretBytes } from "@coffer/crypto";
import { OperatorError } from "../operator-error.ts";
import type { PassphraseSource } from "./build-settings.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const maxPassphraseBytes = 4096;

/**
 * Reads the seal's passphrase. One line end at the end of a file does not count. A variable is deleted from
 * `environment`, so that child processes do not inherit it.
 *
 * @throws OperatorError when it cannot be read, is empty or longer than 4096 bytes
 */
export function readPassphrase(source: PassphraseSource, environment: Record<string, string | undefined>): SecretBytes {
  const bytes = source.kind === "file" ? readFile(source.file) : takeVariable(source.variable, environment);
  const origin = source.kind === "file" ? source.file : source.variable;
  if (bytes.length > maxPassphraseBytes) {
    bytes.fill(0);
    throw new OperatorError(`the passphrase in ${origin} is longer than ${maxPassphraseBytes} bytes.`);
  }
  if (bytes.length === 0) throw new OperatorError(`the passphrase in ${origin} is empty.`);
  return SecretBytes.takeFrom(bytes);
}

function readFile(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new OperatorError(`cannot read the passphrase file ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
  let end = bytes.length;
  if (bytes[end - 1] === lineFeed) end -= bytes[end - 2] === carriageReturn ? 2 : 1;
  return bytes.subarray(0, end);
}

function takeVariable(variable: string, environment: Record<string, string | undefined>): Uint8Array {
  const text = environment[variable] ?? "";
  delete environment[variable];
  return Buffer.from(text, "utf8");
}
