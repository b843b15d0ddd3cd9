import type { KeyObject } from "node:crypto";
import type { KeySpec } from "../key-specs/row.ts";
import { loadPublicKey } from "../public-key.ts";

type Fits = (key: KeyObject) => boolean;

function rsa(modulusBits: number): Fits {
  return (key) => key.asymmetricKeyType === "rsa" && key.asymmetricKeyDetails?.modulusLength === modulusBits;
}

function ec(namedCurve: string): Fits {
  return (key) => key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === namedCurve;
}

const fits: ReadonlyMap<KeySpec, Fits> = new Map([
  ["RSA_2048", rsa(2048)],
  ["RSA_3072", rsa(3072)],
  ["RSA_4096", rsa(4096)],
  ["ECC_NIST_P256", ec("prime256v1")],
  ["ECC_NIST_P384", ec("secp384r1")],
  ["ECC_NIST_P521", ec("secp521r1")],
  ["ECC_NIST_EDWARDS25519", (key) => key.asymmetricKeyType === "ed25519"],
]);

/** Whether public keys of a spec may be imported without their private keys. */
export function takesPublicKeys(spec: KeySpec): boolean {
  return fits.has(spec);
}

/**
 * The public key of a spec in some untrusted SubjectPublicKeyInfo DER.
 *
 * @returns undefined when it is none of that spec
 */
export function loadPublicKeyOf(spec: KeySpec, spki: Uint8Array): KeyObject | undefined {
  const key = loadPublicKey(spki);
  return key !== undefined && fits.get(spec)?.(key) === true ? key : undefined;
}
