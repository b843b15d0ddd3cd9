import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { contextOption, parseContextFlags } from "../context-flags.ts";
import { keyOptions } from "../files/key-option-rows.ts";
import {
  commitmentOption,
  decryptedName,
  forceOption,
  outputOption,
  readCommitment,
  readEnds,
  updateOption,
} from "../files/transform-options.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer decrypt`. */
export const decryptCommand: Command = {
  name: "decrypt",
  summary: "Decrypt what coffer encrypt or an AWS Encryption SDK wrote, whichever its format",
  usage: "[--context NAME=VALUE]... IN|DIR|- [-o OUT]",
  options: [
    ...keyOptions,
    contextOption,
    outputOption,
    commitmentOption,
    {
      name: "release-before-signature",
      doc: "Give plaintext of a signed message to standard output before its signature was read.",
    },
    forceOption,
    updateOption,
    ...keyServiceOptions,
    jsonOption,
  ],
  maxPositionals: 1,
  notes: [
    "Without --key and --vault-key, any key that the message names and that you may use; with them, those alone.",
    "Without -o, FILE.enc (or .jwe, .age) becomes FILE, DIR.enc becomes DIR, and - goes to standard output.",
    "Give the context that the message has to have: decrypting says no to any other.",
    "A file appears when all of it was authentic. A directory is done as by coffer encrypt, and is run again to go on.",
    "Example: coffer decrypt --context host=db1 dump.sql.enc",
    "Example: coffer decrypt dump.sql.enc -o - | psql db",
  ],
  run: runDecrypt,
};

async function runDecrypt(invocation: Invocation): Promise<number> {
  const ends = readEnds(invocation, "decrypt");
  const context = parseContextFlags(invocation);
  const commitment = readCommitment(invocation);
  const releaseBeforeSignature = isOn(invocation, "release-before-signature");
  const { openDecryption } = await import("../files/open-encryption.ts");
  const { runTransform } = await import("../files/run-transform.ts");
  return runTransform(invocation, {
    ends,
    makesBinary: false,
    defaultOutput: decryptedName,
    open: (signal, shared) =>
      openDecryption(invocation, { context, commitment, releaseBeforeSignature, signal, shared }),
  });
}
