import { OperatorError } from "@coffer/server/config";
import { flagText, type Invocation, isOn, type OptionRow } from "../command.ts";
import { standardStream } from "./file-names.ts";

/** The formats that are written, and what an encrypted file's name ends with unless `-o` says another. */
export const formatSuffixes = { aws: ".enc", jwe: ".jwe", age: ".age" } as const;

/** A format that is written. */
export type WrittenFormat = keyof typeof formatSuffixes;

export const encryptedSuffixes: readonly string[] = Object.values(formatSuffixes);

export const formatOption: OptionRow = {
  name: "format",
  placeholder: "FORMAT",
  doc: "aws (default; signed or not), jwe (one JSON Web Encryption, to 45 MiB) or age. Decrypting finds it out.",
};

/** @throws OperatorError exit code 2 */
export function readFormat(invocation: Invocation): WrittenFormat {
  const text = flagText(invocation, "format") ?? "aws";
  if (!Object.hasOwn(formatSuffixes, text)) throw new OperatorError("--format is aws, jwe or age.", 2);
  if (text !== "aws" && isOn(invocation, "sign")) throw new OperatorError("--sign is of the format aws alone.", 2);
  return text as WrittenFormat;
}

export const outputOption: OptionRow = {
  name: "output",
  short: "o",
  placeholder: "OUT",
  doc: "File or directory to write, or - for standard output.",
};

export const forceOption: OptionRow = { name: "force", doc: "Replace what is there. Otherwise it is left, and named." };

export const updateOption: OptionRow = {
  name: "update",
  doc: "In a directory: replace what was made of a file that is another now.",
};

export const commitmentOption: OptionRow = {
  name: "commitment",
  placeholder: "optional",
  doc: "Read old messages too, which do not commit to their key, so that two readers could see two plaintexts.",
};

/** @throws OperatorError exit code 2 */
export function readCommitment(invocation: Invocation): "required" | "optional" {
  const text = flagText(invocation, "commitment") ?? "required";
  if (text === "required" || text === "optional") return text;
  throw new OperatorError(`--commitment is optional or required, not "${text}".`, 2);
}

/** Where a command reads and writes. */
export interface Ends {
  /** A path, or `-`. */
  readonly input: string;
  /** A path, or `-`; undefined: the default, which depends on the input. */
  readonly output: string | undefined;
}

/** The IN and OUT of the command line. @throws OperatorError exit code 2 */
export function readEnds(invocation: Invocation, command: string): Ends {
  const [input] = invocation.positionals;
  if (input === undefined || input === "") {
    throw new OperatorError(`name what to ${command}: a file, a directory, or - for standard input.`, 2);
  }
  const output = flagText(invocation, "output");
  if (output === "") throw new OperatorError("-o is a file, a directory, or - for standard output.", 2);
  const writesStandard = output === standardStream || (output === undefined && input === standardStream);
  if (writesStandard && isOn(invocation, "json")) {
    throw new OperatorError("--json needs -o FILE: standard output is taken by the data.", 2);
  }
  return { input, output };
}

/** The default OUT of `encrypt`. */
export function encryptedName(input: string, format: WrittenFormat): string {
  return `${withoutSlashes(input)}${formatSuffixes[format]}`;
}

/** The default OUT of `decrypt`. @throws OperatorError exit code 2 */
export function decryptedName(input: string): string {
  const name = withoutSlashes(input);
  const suffix = encryptedSuffixes.find((ending) => name.endsWith(ending)) ?? "";
  const stripped = name.slice(0, name.length - suffix.length);
  if (suffix === "" || stripped === "" || stripped.endsWith("/")) {
    const endings = encryptedSuffixes.join(", ");
    throw new OperatorError(`${input} ends in none of ${endings}: say with -o OUT where the plaintext goes.`, 2);
  }
  return stripped;
}

function withoutSlashes(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "" || /(^|\/)\.{1,2}$/.test(trimmed)) {
    throw new OperatorError(`say with -o OUT where what becomes of ${path} goes.`, 2);
  }
  return trimmed;
}
