import type { KeySpec } from "../algorithms.ts";

/** The last arc of 2.16.840.1.101.3.4: NIST's object identifiers of the parameter sets. */
const arcs: ReadonlyMap<KeySpec, readonly [family: number, set: number]> = new Map([
  ["ML_DSA_44", [3, 17]],
  ["ML_DSA_65", [3, 18]],
  ["ML_DSA_87", [3, 19]],
  ["ML_KEM_512", [4, 1]],
  ["ML_KEM_768", [4, 2]],
  ["ML_KEM_1024", [4, 3]],
]);

/** PKCS#8 DER of an ML-DSA or ML-KEM private key by its seed, expanded, or both (RFC 9881 and RFC 9935, section 6). */
export function encodePkcs8(spec: KeySpec, key: { readonly seed?: Buffer; readonly expanded?: Buffer }): Buffer {
  const arc = arcs.get(spec) ?? [0, 0];
  const algorithm = element(0x30, element(0x06, Buffer.of(0x60, 0x86, 0x48, 1, 0x65, 3, 4, ...arc)));
  return element(0x30, element(0x02, Buffer.of(0)), algorithm, element(0x04, choice(key)));
}

function choice({ seed, expanded }: { readonly seed?: Buffer; readonly expanded?: Buffer }): Buffer {
  if (expanded === undefined) return element(0x80, seed ?? Buffer.alloc(0));
  if (seed === undefined) return element(0x04, expanded);
  return element(0x30, element(0x04, seed), element(0x04, expanded));
}

function element(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  if (bytes.length < 0x80) return Buffer.concat([Buffer.of(tag, bytes.length), bytes]);
  return Buffer.concat([Buffer.of(tag, 0x82, bytes.length >> 8, bytes.length & 0xff), bytes]);
}
