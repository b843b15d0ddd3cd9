import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64, utf8 } from "../bytes.ts";
import { invalidInput, malformed } from "../errors.ts";

/** A recipient's lines in the header of an age file: its wrapped file key. As `Stanza` of npm `age-encryption`. */
export interface AgeStanza {
  /** The type, and what else stands in its line: ASCII without spaces. */
  readonly args: string[];
  readonly body: Uint8Array;
}

/** The beginning of an age file. */
export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[];
  /** 32 bytes. */
  readonly mac: Uint8Array;
}

const versionLine = "age-encryption.org/v1";
const armorLine = "-----BEGIN AGE ENCRYPTED FILE-----";
const macBytes = 32;
/** Bytes of a file key (C2SP, age.md, "File key"). */
export const fileKeyBytes = 16;
const lineColumns = 64;

/**
 * Where a header ends.
 *
 * @param text the file's beginning, a character for each byte
 * @returns undefined when more is needed
 * @throws EnvelopeError InvalidInput, MessageMalformed
 */
export function endOfHeader(text: string): number | undefined {
  if (text.startsWith(armorLine)) {
    throw invalidInput("The age file is armored: decode it first (age-encryption: armor.decode).");
  }
  const beginning = `${versionLine}\n`;
  if (!text.startsWith(beginning.slice(0, text.length))) throw malformed("This is no age file of version 1", 0);
  const macLine = text.indexOf("\n---");
  const end = macLine < 0 ? -1 : text.indexOf("\n", macLine + 1);
  return end < 0 ? undefined : end + 1;
}

/**
 * Reads a header. Source: C2SP, age.md, "Header": each header has one spelling, so that what is read is what was written.
 *
 * @param text the header alone, a character for each byte
 * @throws EnvelopeError MessageMalformed
 */
export function decodeAgeHeader(text: string): AgeHeader {
  const lines = text.split("\n");
  const stanzas: AgeStanza[] = [];
  let line = 1;
  while (lines[line]?.startsWith("-> ")) {
    const args = lines[line++]!.slice(3).split(" ");
    let body = "";
    for (let more = true; more; ) {
      const part = lines[line++] ?? "";
      body += part;
      more = part.length === lineColumns;
    }
    stanzas.push({ args, body: decodeBase64(body) });
  }
  const mac = decodeBase64(lines[line]?.slice(4) ?? "");
  if (mac.length !== macBytes || stanzas.length === 0 || stanzas.some(({ args }) => !args.every(isArgument))) {
    throw badHeader();
  }
  const header = { stanzas, mac };
  if (encodeAgeHeader(header) !== text) throw badHeader();
  return header;
}

/** The one spelling of a header, a character for each byte. */
export function encodeAgeHeader({ stanzas, mac }: AgeHeader): string {
  return `${encodeStanzas(stanzas)} ${encodeBase64(mac)}\n`;
}

/** Makes a header of stanzas. @param fileKey 16 bytes @throws EnvelopeError InvalidInput */
export async function sealAgeHeader(stanzas: readonly AgeStanza[], fileKey: Uint8Array): Promise<Uint8Array> {
  if (!stanzas.every(({ args }) => args.length > 0 && args.every(isArgument))) {
    throw invalidInput("A stanza of an age file has arguments of ASCII without spaces.");
  }
  return utf8(encodeAgeHeader({ stanzas, mac: await macOf(stanzas, fileKey) }));
}

/** Whether the header is what somebody with the file key made. */
export async function isAuthentic({ stanzas, mac }: AgeHeader, fileKey: Uint8Array): Promise<boolean> {
  return platform.equalBytes(mac, await macOf(stanzas, fileKey));
}

async function macOf(stanzas: readonly AgeStanza[], fileKey: Uint8Array): Promise<Uint8Array> {
  const key = await platform.hkdf("sha256", fileKey, new Uint8Array(0), utf8("header"), macBytes);
  try {
    return await platform.hmac("sha256", key, utf8(encodeStanzas(stanzas)));
  } finally {
    key.fill(0);
  }
}

/** What the MAC is of: everything up to its own dashes. */
function encodeStanzas(stanzas: readonly AgeStanza[]): string {
  const lines = stanzas.flatMap(({ args, body }) => [`-> ${args.join(" ")}`, ...linesOf(encodeBase64(body))]);
  return [versionLine, ...lines, "---"].join("\n");
}

/** A last line is never full: an empty one follows, if need be. */
function linesOf(text: string): string[] {
  return Array.from({ length: Math.floor(text.length / lineColumns) + 1 }, (_, index) =>
    text.slice(index * lineColumns, (index + 1) * lineColumns),
  );
}

function isArgument(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

/** Base64 without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return base64OfBytes(bytes).replace(/=+$/, "");
}

/** @throws EnvelopeError MessageMalformed */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = bytesOfBase64(text);
  if (bytes === undefined || encodeBase64(bytes) !== text) throw badHeader();
  return bytes;
}

function badHeader() {
  return malformed("The age file's header is not well-formed", 0);
}
