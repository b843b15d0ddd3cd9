import { bytesOfHex } from "../bytes.ts";
import type { CurveName } from "./platform.ts";

interface CurveFacts {
  /** Bytes of a coordinate, and of each half of a signature. */
  readonly fieldBytes: number;
  /** A SubjectPublicKeyInfo up to a compressed point (RFC 5480). */
  readonly spkiPrefix: Uint8Array;
  /** The field's prime and the curve's b; a is -3 (NIST SP 800-186, 3.2.1). */
  readonly p: bigint;
  readonly b: bigint;
}

/** The curves of the signing suites. */
export const curves: Readonly<Record<CurveName, CurveFacts>> = {
  "P-256": {
    fieldBytes: 32,
    spkiPrefix: bytesOfHex("3039301306072a8648ce3d020106082a8648ce3d030107032200"),
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  "P-384": {
    fieldBytes: 48,
    spkiPrefix: bytesOfHex("3046301006072a8648ce3d020106052b81040022033200"),
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
};

/** A point as SEC 1, 2.3.3 compresses it: the parity of y, then x. */
export function compressPoint(x: Uint8Array, y: Uint8Array): Uint8Array {
  const point = new Uint8Array(x.length + 1);
  point[0] = 2 + (y[y.length - 1]! & 1);
  point.set(x, 1);
  return point;
}

/**
 * The whole point of a compressed one, as the Web Cryptography API takes it: y is a square root of x^3 - 3x + b, and since
 * p is 3 modulo 4, that is its ((p + 1) / 4)th power. Public values alone, so that time does not matter.
 *
 * @returns undefined when it is no point of the curve
 */
export function decompressPoint(curve: CurveName, point: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const { fieldBytes, p, b } = curves[curve];
  const parity = point[0]! - 2;
  if (point.length !== fieldBytes + 1 || (parity !== 0 && parity !== 1)) return undefined;
  const x = BigInt(`0x${hexOf(point.subarray(1))}`);
  if (x >= p) return undefined;
  const square = ((((x * x - 3n) * x + b) % p) + p) % p;
  const root = power(square, (p + 1n) / 4n, p);
  if ((root * root) % p !== square) return undefined;
  const y = Number(root & 1n) === parity ? root : p - root;
  const hexDigits = fieldBytes * 2;
  return bytesOfHex(`04${x.toString(16).padStart(hexDigits, "0")}${y.toString(16).padStart(hexDigits, "0")}`);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}
