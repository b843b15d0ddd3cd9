import { encodeLengthPrefixed } from "./length-prefixed.ts";

type Pair = readonly [key: string, value: string];

/**
 * The canonical bytes of an encryption context, for use as AAD: the number of pairs (u32be), then for each pair, in
 * order of the keys' UTF-8 bytes, key and value, each as its length in bytes (u32be) and UTF-8. The order in which the
 * pairs came does not matter, and no two contexts share an encoding. The empty context is four zero bytes. Frozen.
 *
 * Of a plain object the own enumerable keys count.
 *
 * @throws CryptoInvariantError when a key or value has a lone surrogate: callers refuse such input first
 */
export function encodeEncryptionContext(
  context: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): Buffer {
  const pairs: Pair[] = context instanceof Map ? [...context] : Object.entries(context);
  const [only] = pairs;
  // Nearly every context: nothing to sort, and nothing to flatten.
  if (pairs.length === 1 && only !== undefined) return encodeLengthPrefixed(1, only);
  pairs.sort(compareKeys);
  return encodeLengthPrefixed(pairs.length, pairs.flat());
}

/** The order of UTF-8 bytes, which is the order of code points; `<` on strings would be the order of UTF-16 units. */
function compareKeys([a]: Pair, [b]: Pair): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
