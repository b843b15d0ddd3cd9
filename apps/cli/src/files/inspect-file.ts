import { type FileHandle, open, stat } from "node:fs/promises";
import { EnvelopeError, inspectMessage, locateBodyEnd, type MessageDescription } from "@coffer/envelope";
import { inspectAge } from "@coffer/envelope/age";
import { inspectJwe } from "@coffer/envelope/jwe";
import { detectFormat, type FileFormat, formatBytes } from "./detect-format.ts";
import type { FileName } from "./file-names.ts";
import { FileError } from "./file-problem.ts";
import { type KeyFacts, keyFactsOf } from "./key-facts.ts";

/** What a file says of itself. Nothing of it is authentic. */
export interface FileFacts {
  readonly format: FileFormat;
  readonly fileBytes: number;
  /** Of a message of the AWS Encryption SDK. */
  readonly message: MessageFacts | undefined;
  /** Of a JWE or an age file. */
  readonly other: OtherFacts | undefined;
}

/** What a JWE or an age file says of itself. */
export interface OtherFacts {
  /** The algorithms by the format's own names. */
  readonly algorithms: readonly string[];
  readonly keys: readonly KeyFacts[];
  readonly context: Readonly<Record<string, string>>;
  /** Undefined when it is not known. */
  readonly plaintextBytes: number | undefined;
}

/** What a message says of itself. */
export interface MessageFacts {
  readonly version: 1 | 2;
  readonly suite: { readonly id: string; readonly name: string; readonly commits: boolean };
  readonly signed: boolean;
  readonly keys: readonly KeyFacts[];
  readonly context: Readonly<Record<string, string>>;
  /** 0: the body is one block. */
  readonly frameBytes: number;
  readonly messageId: string;
  readonly headerBytes: number;
  /** Undefined when the file's length is that of no message: it is cut off, or goes on too long. */
  readonly plaintextBytes: number | undefined;
}

/**
 * Reads what a file says of itself.
 *
 * @throws FileError when it is of no known format
 */
export async function inspectFile(path: FileName): Promise<FileFacts> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new FileError("it is no file; name a file that was encrypted.");
  await using file = await open(path);
  const start = await readAt(file, 0, Math.min(stats.size, formatBytes));
  const format = detectFormat(start);
  if (format === undefined) {
    throw new FileError("its format is unknown: no AWS Encryption SDK message, JWE, age or SOPS file begins so.");
  }
  const message = format === "aws" ? await inspectOpenFile(file, start, stats.size) : undefined;
  const other =
    format === "jwe" ? knownJweFacts(await file.readFile("latin1")) : format === "age" ? ageFacts(start) : undefined;
  return { format, fileBytes: stats.size, message, other };
}

/** Undefined for algorithms that are not read here. */
function knownJweFacts(text: string): OtherFacts | undefined {
  try {
    return jweFacts(text);
  } catch (error) {
    if (error instanceof EnvelopeError && error.code === "PolicyRefused") return undefined;
    throw error;
  }
}

function jweFacts(text: string): OtherFacts {
  const { encryption, recipients, encryptedDataKeys, context, plaintextBytes } = inspectJwe(text.trim());
  const named = recipients.map(({ algorithm, keyId = "" }) => ({
    provider: algorithm,
    key: keyId,
    version: undefined,
  }));
  return {
    algorithms: [encryption],
    keys: encryptedDataKeys.length > 0 ? encryptedDataKeys.map(keyFactsOf) : named,
    context: Object.fromEntries(context),
    plaintextBytes,
  };
}

function ageFacts(start: Uint8Array): OtherFacts {
  const recipients = inspectAge(start);
  return {
    algorithms: ["ChaCha20-Poly1305"],
    keys: recipients.map(({ type, key }) =>
      key === undefined ? { provider: type, key: "", version: undefined } : keyFactsOf(key),
    ),
    context: Object.fromEntries(recipients.flatMap(({ context }) => [...context])),
    plaintextBytes: undefined,
  };
}

async function inspectOpenFile(file: FileHandle, start: Uint8Array, fileBytes: number): Promise<MessageFacts> {
  const message = await inspectMessage(start);
  const { suite, context, frameBytes, headerBytes } = message;
  return {
    version: suite.version,
    suite: { id: `0x${suite.id.toString(16).padStart(4, "0")}`, name: suite.name, commits: suite.commits },
    signed: suite.signature !== undefined,
    keys: message.encryptedDataKeys.map(keyFactsOf),
    context,
    frameBytes,
    messageId: Buffer.from(message.messageId).toString("hex"),
    headerBytes,
    plaintextBytes: await measurePlaintext(file, message, fileBytes),
  };
}

/** Bytes of an ECDSA signature in DER at most, for P-384, with the two of its length. */
const maxFooterBytes = 2 + 104;

/** The body's end is where the mark of the last frame stands; a signature behind it has one of a few lengths. */
async function measurePlaintext(
  file: FileHandle,
  message: MessageDescription,
  fileBytes: number,
): Promise<number | undefined> {
  if (message.suite.signature === undefined) return measureBody(file, message, fileBytes, 0);
  const tail = await readAt(file, Math.max(0, fileBytes - maxFooterBytes), maxFooterBytes);
  for (let footerBytes = 2; footerBytes <= tail.length; footerBytes++) {
    if (tail.readUInt16BE(tail.length - footerBytes) !== footerBytes - 2) continue;
    const plaintextBytes = await measureBody(file, message, fileBytes, footerBytes);
    if (plaintextBytes !== undefined) return plaintextBytes;
  }
  return undefined;
}

async function measureBody(
  file: FileHandle,
  message: MessageDescription,
  fileBytes: number,
  footerBytes: number,
): Promise<number | undefined> {
  const end = locateBodyEnd(message, fileBytes, footerBytes);
  if (end === undefined) return undefined;
  const head = await readAt(file, end.offset, 24);
  if (message.frameBytes === 0) {
    return head.length >= 20 && head.readBigUInt64BE(12) === BigInt(end.contentBytes) ? end.plaintextBytes : undefined;
  }
  // Mark, number, IV, length. Source: AWS Encryption SDK specification, data-format/message-body.md, "Final Frame".
  const isLast =
    head.length === 24 &&
    head.readUInt32BE(0) === 0xffff_ffff &&
    head.readUInt32BE(4) === end.sequence &&
    head.readUInt32BE(20) === end.contentBytes;
  return isLast ? end.plaintextBytes : undefined;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
