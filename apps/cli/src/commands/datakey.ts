import { OperatorError } from "@coffer/server/config";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { contextOption, parseContextFlags } from "../context-flags.ts";
import { keyServiceOptions, openKeyServices } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print } from "../terminal.ts";

const specs = ["AES_256", "AES_128"];

/** `coffer datakey`: GenerateDataKey, or GenerateDataKeyWithoutPlaintext. */
export const datakeyCommand: Command = {
  name: "datakey",
  summary: "Make a data key: its bytes, and the same wrapped under a key of the server",
  usage: "--key KEY [--spec AES_256] [--context NAME=VALUE]... [--without-plaintext] [--json]",
  options: [
    { name: "key", placeholder: "KEY", doc: "The wrapping key: an ARN, a key id, or alias/NAME." },
    { name: "spec", placeholder: "SPEC", doc: `What it is for: ${specs.join(" or ")}. Default AES_256.` },
    contextOption,
    { name: "without-plaintext", doc: "The wrapped one alone, for use later." },
    ...keyServiceOptions,
    jsonOption,
  ],
  notes: [
    "Prints base64: the plaintext data key, then the wrapped one. 'coffer encrypt' does all this by itself.",
    "Example:\n  coffer datakey --key alias/orders --context table=orders --json",
  ],
  run: runDatakey,
};

async function runDatakey(invocation: Invocation): Promise<number> {
  const keyId = flagText(invocation, "key");
  if (!keyId) throw new OperatorError("name the wrapping key with --key KEY.", 2);
  const spec = flagText(invocation, "spec") ?? "AES_256";
  if (!specs.includes(spec)) throw new OperatorError(`--spec is ${specs.join(" or ")}.`, 2);
  const withPlaintext = !isOn(invocation, "without-plaintext");
  const services = await openKeyServices(invocation);
  const input = { KeyId: keyId, KeySpec: spec, EncryptionContext: parseContextFlags(invocation) };
  const operation = withPlaintext ? "GenerateDataKey" : "GenerateDataKeyWithoutPlaintext";
  const answer = await tellingService(() => services.kms().call(operation, input));
  const base64 = (name: string) => Buffer.from(answer[name] as Uint8Array).toString("base64");
  const plaintext = withPlaintext ? base64("Plaintext") : undefined;
  const wrapped = base64("CiphertextBlob");
  if (isOn(invocation, "json")) {
    print(JSON.stringify({ key: answer["KeyId"], ...(withPlaintext && { plaintext }), wrapped }));
  } else {
    if (plaintext !== undefined) print(plaintext);
    print(wrapped);
  }
  return 0;
}
