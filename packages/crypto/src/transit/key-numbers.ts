import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { derTags, encodeDer, encodeDerInteger, readDer, readDerValues } from "../der-values.ts";
import { invariant } from "../invariant.ts";
import { canonicalMaterial } from "../key-specs/canonical.ts";
import type { KeySpec } from "../key-specs/row.ts";
import { encodePublicKey, publicKeyOf } from "../public-key.ts";
import type { SecretBytes } from "../secret-bytes.ts";

/** The numbers of an RSA private key (RFC 8017 appendix A.1.2). They are secrets that nobody can wipe: keep them short. */
export interface RsaNumbers {
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
  readonly dp: bigint;
  readonly dq: bigint;
  readonly qInv: bigint;
}

function numberOf(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return hex === "" ? 0n : BigInt(`0x${hex}`);
}

/** The numbers of an RSA private key. */
export function rsaNumbersOf(key: KeyObject): RsaNumbers {
  const der = key.export({ format: "der", type: "pkcs1" });
  try {
    const values = readDerValues(readDer(der)?.content ?? Buffer.alloc(0)) ?? [];
    invariant(values.length === 9, "OpenSSL writes the nine numbers of a key of two primes");
    const [n, e, d, p, q, dp, dq, qInv] = values.slice(1).map(({ content }) => numberOf(content));
    return { n: n!, e: e!, d: d!, p: p!, q: q!, dp: dp!, dq: dq!, qInv: qInv! };
  } finally {
    der.fill(0);
  }
}

/**
 * The RSA private key of some untrusted numbers, as PKCS#8 DER. Whether they belong together is the spec's to check.
 *
 * @returns undefined when OpenSSL takes none such
 */
export function rsaMaterialOf({ n, e, d, p, q, dp, dq, qInv }: RsaNumbers): SecretBytes | undefined {
  const numbers = [0n, n, e, d, p, q, dp, dq, qInv].map(encodeDerInteger);
  const der = encodeDer(derTags.sequence, ...numbers);
  try {
    return canonicalMaterial(createPrivateKey({ key: der, format: "der", type: "pkcs1" }));
  } catch {
    return undefined;
  } finally {
    for (const bytes of [der, ...numbers]) bytes.fill(0);
  }
}

/** A point and its private scalar. */
export interface EcNumbers {
  readonly x: bigint;
  readonly y: bigint;
  readonly d: bigint;
}

/** OpenSSL's names of Transit's curves, and the bytes of a coordinate. */
const curves: ReadonlyMap<KeySpec, { readonly namedCurve: string; readonly bytes: number }> = new Map([
  ["ECC_NIST_P256", { namedCurve: "prime256v1", bytes: 32 }],
  ["ECC_NIST_P384", { namedCurve: "secp384r1", bytes: 48 }],
  ["ECC_NIST_P521", { namedCurve: "secp521r1", bytes: 66 }],
]);

function coordinatesOf(publicKey: KeyObject): Pick<EcNumbers, "x" | "y"> {
  const point = publicKey.export({ format: "raw-public" });
  const bytes = (point.length - 1) / 2;
  return { x: numberOf(point.subarray(1, 1 + bytes)), y: numberOf(point.subarray(1 + bytes)) };
}

/** The numbers of an elliptic curve's private key. */
export function ecNumbersOf(key: KeyObject): EcNumbers {
  const scalar = key.export({ format: "raw-private" });
  try {
    return { ...coordinatesOf(publicKeyOf(key)), d: numberOf(scalar) };
  } finally {
    scalar.fill(0);
  }
}

/**
 * The private key of some untrusted numbers on the curve of a spec, as PKCS#8 DER.
 *
 * @returns undefined when it is none, or the point is not its own
 */
export function ecMaterialOf(spec: KeySpec, { x, y, d }: EcNumbers): SecretBytes | undefined {
  const curve = curves.get(spec);
  const hex = d.toString(16);
  if (curve === undefined || d <= 0n || hex.length > curve.bytes * 2) return undefined;
  const scalar = Buffer.from(hex.padStart(curve.bytes * 2, "0"), "hex");
  try {
    const { namedCurve } = curve;
    const key = createPrivateKey({ key: scalar, format: "raw-private", asymmetricKeyType: "ec", namedCurve });
    const point = coordinatesOf(createPublicKey(key));
    return point.x === x && point.y === y ? canonicalMaterial(key) : undefined;
  } catch {
    return undefined;
  } finally {
    scalar.fill(0);
  }
}

/** The numbers of an RSA public key. */
export function rsaPublicNumbersOf(key: KeyObject): Pick<RsaNumbers, "n" | "e"> {
  const values = readDerValues(readDer(key.export({ format: "der", type: "pkcs1" }))?.content ?? Buffer.alloc(0)) ?? [];
  const [n, e] = values.map(({ content }) => numberOf(content));
  invariant(n !== undefined && e !== undefined, "OpenSSL writes the two numbers of a public key");
  return { n, e };
}

/** The RSA public key of some untrusted numbers, as SubjectPublicKeyInfo DER. Undefined when OpenSSL takes none such. */
export function rsaPublicKeyOf({ n, e }: Pick<RsaNumbers, "n" | "e">): Buffer | undefined {
  const key = encodeDer(derTags.sequence, encodeDerInteger(n), encodeDerInteger(e));
  try {
    return encodePublicKey(createPublicKey({ key, format: "der", type: "pkcs1" }));
  } catch {
    return undefined;
  }
}

/** The point of an elliptic curve's public key. */
export function ecPublicNumbersOf(key: KeyObject): Pick<EcNumbers, "x" | "y"> {
  return coordinatesOf(key);
}

/** The Ed25519 public key of some untrusted bytes, as SubjectPublicKeyInfo DER. Undefined when they are not 32. */
export function ed25519PublicKeyOf(raw: Buffer): Buffer | undefined {
  if (raw.length !== 32) return undefined;
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  try {
    return encodePublicKey(createPublicKey({ key: jwk, format: "jwk" }));
  } catch {
    return undefined;
  }
}
