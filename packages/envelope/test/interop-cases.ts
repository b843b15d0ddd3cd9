/** Plaintexts of lengths around those of frames: none, a byte, one frame, some more. */
export const interopPlaintexts: readonly Uint8Array[] = [0, 1, 127, 128, 129, 4096, 10_001].map((length) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 0xff),
);

/** Contexts: none, text of many scripts, an order that UTF-16 has another way than UTF-8, many entries. */
export const interopContexts: readonly Readonly<Record<string, string>>[] = [
  {},
  { purpose: "interop" },
  { ключ: "значение", 键: "值", "naïve café": "", "with = and\nline": "\u0000\u007f" },
  // U+FF5E comes before U+1F511 in UTF-8, and behind its surrogates in UTF-16.
  { "～": "fullwidth tilde", "🔑": "key", "\ufeffbom": "\ufeff", e: "1", é: "2", "e\u0301": "3" },
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`name-${index}`, `value of ${index}`])),
];
