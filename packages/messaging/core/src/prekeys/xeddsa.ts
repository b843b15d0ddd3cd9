import { ed25519 } from "@noble/curves/ed25519.js";

const keyBytes = 32;
const signatureBytes = 64;
const signBit = 0x80;
const { Fp } = ed25519.Point;

/**
 * Whether a signature is that of a message by the Curve25519 key `publicKey`. Source: Signal, "The XEdDSA and VXEdDSA Signature
 * Schemes", revision 1, section 2.5: the key as a point of Edwards25519, whose sign stands in the signature's last bit, then
 * Ed25519.
 *
 * @param publicKey 32 bytes, the u coordinate
 * @param signature 64 bytes
 */
export function verifyXeddsa(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false;
  const edwards = edwardsKey(publicKey);
  if (edwards === undefined) return false;
  const plain = signature.slice();
  edwards[keyBytes - 1]! |= plain[signatureBytes - 1]! & signBit;
  plain[signatureBytes - 1]! &= ~signBit;
  try {
    return ed25519.verify(plain, message, edwards, { zip215: false });
  } catch {
    return false;
  }
}

/** y = (u - 1) / (u + 1), in 32 bytes, little-endian (RFC 7748, section 4.1); undefined for what is no key. */
function edwardsKey(publicKey: Uint8Array): Uint8Array | undefined {
  let u: bigint;
  try {
    u = Fp.fromBytes(publicKey);
  } catch {
    return undefined;
  }
  const divisor = Fp.add(u, Fp.ONE);
  if (Fp.is0(divisor)) return undefined;
  return Fp.toBytes(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(divisor)));
}
