/** A range of addresses: the first `prefixBits` of `words` count. */
export interface IpRange {
  readonly version: 4 | 6;
  /** 16 bits each: two for IPv4, eight for IPv6. */
  readonly words: readonly number[];
  readonly prefixBits: number;
}

const mappedPrefixBits = 96;
const octet = /^(?:0|[1-9]\d{0,2})$/;
const hexWord = /^[0-9a-fA-F]{1,4}$/;
const prefix = /^(?:0|[1-9]\d{0,2})$/;

/**
 * Parses an address, or a range in CIDR form (RFC 4632, RFC 4291). Bits past the prefix are ignored, as AWS does. An
 * IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`, what a dual-stack socket reports) is that IPv4 address.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = address.includes(":") ? parseIpv6(address) : parseIpv4(address);
  if (words === undefined) return undefined;
  const maxBits = words.length * 16;
  const bits = slash < 0 ? String(maxBits) : text.slice(slash + 1);
  if (!prefix.test(bits) || Number(bits) > maxBits) return undefined;
  return unmap(words, Number(bits));
}

/** Whether `address`, itself a range, lies wholly within `range`. */
export function isWithin(address: IpRange, range: IpRange): boolean {
  if (address.version !== range.version || address.prefixBits < range.prefixBits) return false;
  for (let i = 0, left = range.prefixBits; left > 0; i++, left -= 16) {
    const differing = (address.words[i] as number) ^ (range.words[i] as number);
    if (differing >>> Math.max(0, 16 - left) !== 0) return false;
  }
  return true;
}

function unmap(words: readonly number[], prefixBits: number): IpRange {
  const isMapped = words.length === 8 && words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  if (isMapped && prefixBits >= mappedPrefixBits) {
    return { version: 4, words: words.slice(6), prefixBits: prefixBits - mappedPrefixBits };
  }
  return { version: words.length === 2 ? 4 : 6, words, prefixBits };
}

function parseIpv4(text: string): number[] | undefined {
  const octets = text.split(".", 5);
  if (octets.length !== 4 || !octets.every((part) => octet.test(part) && Number(part) < 256)) return undefined;
  const [a, b, c, d] = octets.map(Number) as [number, number, number, number];
  return [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::", 3);
  if (halves.length > 2) return undefined;
  const left = parseWords(halves[0] as string, halves.length === 1);
  const right = halves[1] === undefined ? [] : parseWords(halves[1], true);
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

/** Words between single colons; the last may be a dotted IPv4 address (RFC 4291 section 2.2, form 3). */
function parseWords(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const words: number[] = [];
  const parts = text.split(":", 9);
  for (const [i, part] of parts.entries()) {
    if (hexWord.test(part)) words.push(Number.parseInt(part, 16));
    else {
      const dotted = isEnd && i === parts.length - 1 ? parseIpv4(part) : undefined;
      if (dotted === undefined) return undefined;
      words.push(...dotted);
    }
  }
  return words;
}
