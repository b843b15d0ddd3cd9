import { printable } from "../terminal.ts";
import type { FileFormat } from "./detect-format.ts";
import type { FileFacts, MessageFacts, OtherFacts } from "./inspect-file.ts";
import type { KeyFacts } from "./key-facts.ts";

type Row = readonly [name: string, value: string];

const formats: Readonly<Record<FileFormat, string>> = {
  aws: "AWS Encryption SDK message",
  awsBase64: "AWS Encryption SDK message in base64: decode it first (base64 -d)",
  jwe: "JSON Web Encryption (JWE)",
  age: "age",
  ageArmor: "age, armored",
  sops: "SOPS: coffer config decrypt reads it",
};

/** What is known of a file, as rows for people. */
export function renderFacts({ format, fileBytes, message, other }: FileFacts): readonly Row[] {
  const size: Row = ["size", renderExactBytes(fileBytes)];
  if (other !== undefined) return [["format", formats[format]], ...renderOther(other), size];
  if (message === undefined) return [["format", formats[format]], size];
  return [["format", `${formats[format]}, version ${message.version}`], ...renderMessage(message), size];
}

function renderMessage(message: MessageFacts): readonly Row[] {
  const { suite, keys, frameBytes, plaintextBytes } = message;
  return [
    ["suite", `${suite.name} (${suite.id})`],
    ["key commitment", suite.commits ? "yes" : "no: decrypt reads it with --commitment optional only"],
    ["signed", message.signed ? "yes" : "no"],
    ...renderKeys(keys),
    ...renderContext(message.context),
    ["frames", frameBytes === 0 ? "none: the body is one block" : `of ${renderExactBytes(frameBytes)}`],
    ["message id", message.messageId],
    ["header", renderExactBytes(message.headerBytes)],
    [
      "plaintext",
      plaintextBytes === undefined
        ? "unknown: THE FILE IS NO WHOLE MESSAGE, it is cut off or something was added"
        : renderExactBytes(plaintextBytes),
    ],
  ];
}

function renderOther({ algorithms, keys, context, plaintextBytes }: OtherFacts): readonly Row[] {
  const plaintext: readonly Row[] =
    plaintextBytes === undefined ? [] : [["plaintext", renderExactBytes(plaintextBytes)]];
  return [["suite", printable(algorithms.join(", "))], ...renderKeys(keys), ...renderContext(context), ...plaintext];
}

function renderKeys(keys: readonly KeyFacts[]): readonly Row[] {
  return keys.map(({ provider, key, version }, index): Row => {
    const text = [provider, key, version === undefined ? "" : `(version ${version})`].filter((part) => part !== "");
    return [keys.length === 1 ? "key" : `key ${index + 1}`, printable(text.join(" "))];
  });
}

function renderContext(context: Readonly<Record<string, string>>): readonly Row[] {
  const pairs = Object.entries(context);
  if (pairs.length === 0) return [["context", "none"]];
  return pairs.map(([name, value], index): Row => [index === 0 ? "context" : "", printable(`${name}=${value}`)]);
}

const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A number of bytes for people, such as `1.5 MiB`. */
export function renderBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} ${bytes === 1 ? "byte" : "bytes"}` : `${value.toFixed(1)} ${units[unit]}`;
}

function renderExactBytes(bytes: number): string {
  return bytes < 1024 ? renderBytes(bytes) : `${bytes} bytes (${renderBytes(bytes)})`;
}
