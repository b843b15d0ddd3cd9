const lineChars = 64;

/** PEM (RFC 7468) of some DER, with a line break at its end. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(new RegExp(`.{1,${lineChars}}`, "g")) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** One block of PEM. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const begin = "-----BEGIN ";
const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----/y;

/**
 * The blocks of untrusted PEM, whatever stands before each of them (RFC 7468 section 2).
 *
 * @returns undefined when one is malformed, or something follows the last
 */
export function readPemBlocks(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  for (let at = 0; ; ) {
    const next = text.indexOf(begin, at);
    if (next < 0) return text.slice(at).trim() === "" ? blocks : undefined;
    block.lastIndex = next;
    const found = block.exec(text);
    if (found === null) return undefined;
    blocks.push({ label: found[1]!, der: Buffer.from(found[2]!.replace(/\s/g, ""), "base64") });
    at = block.lastIndex;
  }
}

/** The certificates of PEM that `set-certificate` took, as DER. */
export function certificatesOf(chain: string): readonly Buffer[] {
  return (readPemBlocks(chain) ?? []).map(({ der }) => der);
}
