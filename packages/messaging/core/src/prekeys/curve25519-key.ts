import { ed25519 } from "@noble/curves/ed25519.js";

const keyBytes = 32;
const { Fp } = ed25519.Point;

/** The u coordinates of points whose order divides 8, with which every agreement gives zero (RFC 7748, section 6.1). */
const smallOrder: readonly bigint[] = [
  0n,
  1n,
  Fp.ORDER - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

/** Whether 32 bytes are a public key of X25519 as every implementation writes it, and none of small order. */
export function isCurve25519Key(bytes: Uint8Array): boolean {
  if (bytes.length !== keyBytes) return false;
  try {
    return !smallOrder.includes(Fp.fromBytes(bytes));
  } catch {
    return false;
  }
}
