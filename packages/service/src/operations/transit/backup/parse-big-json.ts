/** JSON as it was parsed, with integers that a double does not hold as bigints. */
export type BigJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly BigJson[]
  | { readonly [name: string]: BigJson };

const integer = /^-?(?:0|[1-9][0-9]*)$/;
/** RSA-4096 has 1,234: parsing decimal digits, and reckoning with them, takes time quadratic in their count. */
const maxDigits = 1300;

/**
 * Parses untrusted JSON whose integers may have any length.
 *
 * @returns undefined when it is none
 */
export function parseBigJson(text: string): BigJson | undefined {
  try {
    return JSON.parse(text, (_name: string, value: unknown, context?: { readonly source?: string }) => {
      const source = context?.source;
      if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
      if (!integer.test(source)) return value;
      if (source.length > maxDigits) throw new RangeError("a number is too long");
      return BigInt(source);
    }) as BigJson;
  } catch {
    // Syntax, depth or numbers: the same for whoever sent it.
    return undefined;
  }
}
