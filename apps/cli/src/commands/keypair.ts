import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { contextOption, parseContextFlags } from "../context-flags.ts";
import { keyServiceOptions, openKeyServices } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print } from "../terminal.ts";

/** The pairs of AWS KMS that Coffer has. Source: AWS KMS API Reference, GenerateDataKeyPair, KeyPairSpec. */
const specs = [
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "ECC_NIST_P256",
  "ECC_NIST_P384",
  "ECC_NIST_P521",
  "ECC_SECG_P256K1",
  "ECC_NIST_EDWARDS25519",
];

/** `coffer keypair`: GenerateDataKeyPairWithoutPlaintext. */
export const keypairCommand: Command = {
  name: "keypair",
  summary: "Make a pair of keys for use outside: the private one wrapped under a key of the server",
  usage: "--key KEY [--spec RSA_3072] [--context NAME=VALUE]... -o NAME",
  options: [
    { name: "key", placeholder: "KEY", doc: "The wrapping key: an ARN, a key id, or alias/NAME." },
    { name: "spec", placeholder: "SPEC", doc: `One of ${specs.join(", ")}. Default RSA_3072.` },
    contextOption,
    {
      name: "output",
      short: "o",
      placeholder: "NAME",
      doc: "Writes NAME.pub.pem, the public key, and NAME.key.wrapped, the private one as the server wrapped it.",
    },
    ...keyServiceOptions,
    jsonOption,
  ],
  notes: [
    "The private key is never here in the clear. 'aws kms decrypt --ciphertext-blob fileb://NAME.key.wrapped' unwraps it: PKCS #8, DER.",
    "Example:\n  coffer keypair --key alias/devices --spec ECC_NIST_P256 --context device=7 -o device-7",
  ],
  run: runKeypair,
};

async function runKeypair(invocation: Invocation): Promise<number> {
  const KeyId = flagText(invocation, "key");
  if (!KeyId) throw new OperatorError("name the wrapping key with --key KEY.", 2);
  const KeyPairSpec = flagText(invocation, "spec") ?? "RSA_3072";
  if (!specs.includes(KeyPairSpec)) throw new OperatorError(`--spec is one of ${specs.join(", ")}.`, 2);
  const name = flagText(invocation, "output");
  const json = isOn(invocation, "json");
  if (name === undefined && !json)
    throw new OperatorError("name the files with -o NAME, or print them with --json.", 2);
  const services = await openKeyServices(invocation);
  const input = { KeyId, KeyPairSpec, EncryptionContext: parseContextFlags(invocation) };
  const answer = await tellingService(() => services.kms().call("GenerateDataKeyPairWithoutPlaintext", input));
  const publicKey = createPublicKey({
    key: Buffer.from(answer["PublicKey"] as Uint8Array),
    format: "der",
    type: "spki",
  });
  const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
  const wrapped = Buffer.from(answer["PrivateKeyCiphertextBlob"] as Uint8Array);
  if (name !== undefined) {
    write(invocation, `${name}.key.wrapped`, wrapped);
    write(invocation, `${name}.pub.pem`, pem);
  }
  if (json)
    print(
      JSON.stringify({
        key: answer["KeyId"],
        spec: KeyPairSpec,
        publicKey: pem,
        wrappedPrivateKey: wrapped.toString("base64"),
      }),
    );
  return 0;
}

function write(invocation: Invocation, file: string, content: Uint8Array | string): void {
  try {
    writeFileSync(resolve(invocation.workingDirectory, file), content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(code === "EEXIST" ? `${file} is there already.` : `cannot write ${file}: ${code}.`);
  }
}
