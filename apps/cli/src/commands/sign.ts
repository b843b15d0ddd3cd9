import { createHash, type Hash } from "node:crypto";
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { type Command, flagText, type Invocation, isOn, jsonOption, type OptionRow } from "../command.ts";
import { keyServiceOptions, openKeyServices } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print, styled } from "../terminal.ts";

/** How a message goes to the server: as the digest that the algorithm is for, so that it may have any size. */
interface SigningRow {
  /** Of the digest; none: the algorithm takes the message itself, of 4096 bytes at most. */
  readonly hash: "sha256" | "sha384" | "sha512" | undefined;
}

/** The signing algorithms of AWS KMS. Source: AWS KMS API Reference, Sign. */
const algorithms: ReadonlyMap<string, SigningRow> = new Map<string, SigningRow>([
  ...(["256", "384", "512"] as const).flatMap((bits) =>
    [`RSASSA_PSS_SHA_${bits}`, `RSASSA_PKCS1_V1_5_SHA_${bits}`, `ECDSA_SHA_${bits}`].map(
      (name) => [name, { hash: `sha${bits}` }] as const,
    ),
  ),
  ["ED25519_PH_SHA_512", { hash: "sha512" }],
  ["ED25519_SHA_512", { hash: undefined }],
  ["ML_DSA_SHAKE_256", { hash: undefined }],
]);

/** Bytes of a message that goes to the server whole. Source: AWS KMS API Reference, Sign, MessageType RAW. */
const maxRawBytes = 4096;

const sharedOptions: readonly OptionRow[] = [
  { name: "key", placeholder: "KEY", doc: "The signing key: an ARN, a key id, or alias/NAME." },
  {
    name: "algorithm",
    placeholder: "NAME",
    doc: `Signing algorithm (else the key's first): ${[...algorithms.keys()].join(", ")}.`,
  },
];

/** `coffer sign`: Sign. */
export const signCommand: Command = {
  name: "sign",
  summary: "Sign a file with a key of the server",
  usage: "--key KEY [--algorithm NAME] FILE|- [-o SIGNATURE]",
  options: [
    ...sharedOptions,
    { name: "output", short: "o", placeholder: "FILE", doc: "Where the signature's bytes go; else base64 is printed." },
    ...keyServiceOptions,
    jsonOption,
  ],
  notes: [
    "A file of any size: its digest goes to the server. With ED25519_SHA_512 and ML-DSA the message itself goes, up to 4096 bytes.",
    "Example:\n  coffer sign --key alias/releases release.tar.gz -o release.tar.gz.sig",
  ],
  maxPositionals: 1,
  run: runSign,
};

/** `coffer verify`: Verify. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "Verify a file's signature with a key of the server, or offline with its public key",
  usage: "--key KEY|--public-key PEM [--algorithm NAME] --signature SIGNATURE FILE|-",
  options: [
    ...sharedOptions,
    {
      name: "public-key",
      placeholder: "FILE",
      doc: "Verify offline, with this public key (PEM); --algorithm says how.",
    },
    { name: "signature", placeholder: "FILE", doc: "The signature: its bytes, or base64." },
    ...keyServiceOptions,
    jsonOption,
  ],
  notes: [
    "Exit code: 0 when the signature is right, 1 when it is not.",
    "Example:\n  coffer verify --key alias/releases --signature release.tar.gz.sig release.tar.gz",
    "Example:\n  coffer verify --public-key releases.pem --algorithm ECDSA_SHA_256 --signature a.sig a",
  ],
  maxPositionals: 1,
  run: runVerify,
};

async function runSign(invocation: Invocation): Promise<number> {
  const request = await prepare(invocation);
  const answer = await tellingService(() => request.call("Sign", {}));
  const signature = Buffer.from(answer["Signature"] as Uint8Array);
  const output = flagText(invocation, "output");
  if (output !== undefined) writeGiven(invocation, output, signature);
  if (isOn(invocation, "json")) {
    const { algorithm } = request;
    print(JSON.stringify({ key: answer["KeyId"], algorithm, signature: signature.toString("base64") }));
  } else if (output === undefined) {
    print(signature.toString("base64"));
  }
  return 0;
}

async function runVerify(invocation: Invocation): Promise<number> {
  const file = flagText(invocation, "signature");
  if (file === undefined) throw new OperatorError("name the signature with --signature FILE.", 2);
  const Signature = readSignature(invocation, file);
  const publicKeyFile = flagText(invocation, "public-key");
  const { valid, algorithm } =
    publicKeyFile === undefined
      ? await verifyByServer(invocation, Signature)
      : await verifyByPublicKey(invocation, publicKeyFile, Signature);
  if (isOn(invocation, "json")) print(JSON.stringify({ valid, algorithm }));
  else print(valid ? styled("green", "the signature is right") : styled("red", "the signature is wrong"));
  return valid ? 0 : 1;
}

interface Verdict {
  readonly valid: boolean;
  readonly algorithm: string;
}

async function verifyByServer(invocation: Invocation, Signature: Uint8Array): Promise<Verdict> {
  const request = await prepare(invocation);
  const valid = await tellingService(() => isValid(() => request.call("Verify", { Signature })));
  return { valid, algorithm: request.algorithm };
}

async function verifyByPublicKey(
  invocation: Invocation,
  publicKeyFile: string,
  signature: Uint8Array,
): Promise<Verdict> {
  const [file] = invocation.positionals;
  const algorithm = flagText(invocation, "algorithm");
  if (flagText(invocation, "key") !== undefined) throw new OperatorError("give --key or --public-key, not both.", 2);
  if (file === undefined) throw new OperatorError("name the file to verify, or - for standard input.", 2);
  if (algorithm === undefined || !algorithms.has(algorithm)) {
    throw new OperatorError(`--public-key needs --algorithm: one of ${[...algorithms.keys()].join(", ")}.`, 2);
  }
  const { verifyOffline } = await import("../files/verify-offline.ts");
  return { valid: await verifyOffline({ publicKeyFile, signature, algorithm, file }), algorithm };
}

async function isValid(verify: () => Promise<unknown>): Promise<boolean> {
  try {
    await verify();
    return true;
  } catch (error) {
    if (error instanceof EnvelopeError && error.serviceCode === "KMSInvalidSignatureException") return false;
    throw error;
  }
}

interface SigningRequest {
  readonly algorithm: string;
  call(operation: "Sign" | "Verify", more: Record<string, unknown>): Promise<Record<string, unknown>>;
}

async function prepare(invocation: Invocation): Promise<SigningRequest> {
  const KeyId = flagText(invocation, "key");
  if (!KeyId) throw new OperatorError("name the signing key with --key KEY.", 2);
  const [file] = invocation.positionals;
  if (file === undefined) throw new OperatorError("name the file to sign, or - for standard input.", 2);
  const given = flagText(invocation, "algorithm");
  if (given !== undefined && !algorithms.has(given)) {
    throw new OperatorError(`--algorithm is one of ${[...algorithms.keys()].join(", ")}.`, 2);
  }
  const kms = (await openKeyServices(invocation)).kms();
  const algorithm = given ?? (await tellingService(() => firstAlgorithm(kms, KeyId)));
  const row = algorithms.get(algorithm);
  if (row === undefined) throw new OperatorError(`the key signs with ${algorithm}, which this command does not know.`);
  const message = await readMessage(invocation, file, row);
  const input = { KeyId, SigningAlgorithm: algorithm, ...message };
  return { algorithm, call: (operation, more) => kms.call(operation, { ...input, ...more }) };
}

async function firstAlgorithm(kms: { call: SigningCaller }, KeyId: string): Promise<string> {
  const { SigningAlgorithms } = await kms.call("GetPublicKey", { KeyId });
  const [first] = Array.isArray(SigningAlgorithms) ? SigningAlgorithms : [];
  if (typeof first !== "string") throw new OperatorError("this key does not sign: its usage is not SIGN_VERIFY.");
  return first;
}

type SigningCaller = (operation: string, input: Record<string, unknown>) => Promise<Record<string, unknown>>;

async function readMessage(invocation: Invocation, file: string, { hash }: SigningRow) {
  const source = file === "-" ? process.stdin : createReadStream(resolve(invocation.workingDirectory, file));
  const name = file === "-" ? "standard input" : file;
  try {
    if (hash === undefined) return { MessageType: "RAW", Message: await readSmall(source, name) };
    return { MessageType: "DIGEST", Message: await digestOf(source, createHash(hash)) };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`cannot read ${name}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

async function digestOf(source: Readable, digest: Hash): Promise<Uint8Array> {
  for await (const chunk of source) digest.update(chunk);
  return digest.digest();
}

async function readSmall(source: Readable, name: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxRawBytes) {
      throw new OperatorError(
        `${name} has more than ${maxRawBytes} bytes, which is all that this algorithm takes: sign a digest of it, or use an RSA or NIST key.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readSignature(invocation: Invocation, file: string): Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(invocation.workingDirectory, file));
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
  const text = bytes.toString("latin1").trim();
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return isBase64 ? Buffer.from(text, "base64") : bytes;
}

function writeGiven(invocation: Invocation, file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(resolve(invocation.workingDirectory, file), bytes, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(code === "EEXIST" ? `${file} is there already.` : `cannot write ${file}: ${code}.`);
  }
}
