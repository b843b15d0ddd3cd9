import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { contextOption, parseContextFlags } from "../context-flags.ts";
import { keyOptions } from "../files/key-option-rows.ts";
import {
  encryptedName,
  forceOption,
  formatOption,
  outputOption,
  readEnds,
  readFormat,
  updateOption,
} from "../files/transform-options.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer encrypt`. */
export const encryptCommand: Command = {
  name: "encrypt",
  summary: "Encrypt a file, a directory or a stream with a key that stays in the server",
  usage: "--key KEY [--context NAME=VALUE]... IN|DIR|- [-o OUT]",
  options: [
    ...keyOptions,
    contextOption,
    outputOption,
    formatOption,
    { name: "sign", doc: "Sign as well: whoever can only decrypt cannot make such a message." },
    forceOption,
    updateOption,
    ...keyServiceOptions,
    jsonOption,
  ],
  maxPositionals: 1,
  notes: [
    "Without -o, FILE becomes FILE.enc, DIR becomes DIR.enc with a NAME.enc for each file, and - goes to standard output.",
    "Any AWS Encryption SDK reads the result (with --format jwe or age: FILE.jwe, FILE.age). A file appears when it is whole, with its source's mode.",
    "A directory keeps modes and times; links are left out; what an earlier run did is skipped, so run it again to go on.",
    "Exit code: 0, or 1 when something failed (the other files of a directory are done), 2 when it was called wrongly.",
    "Example: coffer encrypt --key alias/backups --context host=db1 dump.sql",
    "Example: pg_dump db | coffer encrypt --key alias/backups - > dump.sql.enc",
  ],
  run: runEncrypt,
};

async function runEncrypt(invocation: Invocation): Promise<number> {
  const ends = readEnds(invocation, "encrypt");
  const context = parseContextFlags(invocation);
  const format = readFormat(invocation);
  const { openEncryption } = await import("../files/open-encryption.ts");
  const { runTransform } = await import("../files/run-transform.ts");
  return runTransform(invocation, {
    ends,
    makesBinary: format !== "jwe",
    defaultOutput: (input) => encryptedName(input, format),
    open: (signal, shared) =>
      openEncryption(invocation, { context, format, sign: isOn(invocation, "sign"), signal, shared }),
  });
}
