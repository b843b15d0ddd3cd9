import { OperatorError } from "@coffer/server/config";
import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { contextOption, parseContextFlags } from "../context-flags.ts";
import { keyOptions } from "../files/key-option-rows.ts";
import { commitmentOption, readCommitment } from "../files/transform-options.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer rewrap`. */
export const rewrapCommand: Command = {
  name: "rewrap",
  summary: "Put encrypted files under other keys, or under the newest version of theirs",
  usage: "[--key KEY]... FILE...",
  options: [...keyOptions, contextOption, commitmentOption, ...keyServiceOptions, jsonOption],
  maxPositionals: 10_000,
  notes: [
    "--key and --vault-key name the keys afterwards; without them, the ones that the file has, in their newest version.",
    "The format of the AWS Encryption SDK allows no other key for the same body: the header's tag would use a nonce twice.",
    "So the file is encrypted anew under another data key, frame by frame, and replaced when it is whole. It keeps context,",
    "signature and frame size, its mode, and its owner if you are the superuser; its plaintext never touches the disk.",
    "An age file gets another header, and its body stays; a JWE is encrypted anew. Both need --key or --vault-key.",
    "Exit code: 0, or 1 when a file failed, which is named and left as it was; the others are done.",
    "Example: coffer rewrap --key alias/backups-2027 dump.sql.enc",
  ],
  run: runRewrap,
};

async function runRewrap(invocation: Invocation): Promise<number> {
  const files = invocation.positionals;
  if (files.length === 0) throw new OperatorError("name the files to rewrap.", 2);
  const context = parseContextFlags(invocation);
  const commitment = readCommitment(invocation);
  const { rewrapFiles } = await import("../files/rewrap-files.ts");
  return rewrapFiles(invocation, { files, context, commitment, json: isOn(invocation, "json") });
}
