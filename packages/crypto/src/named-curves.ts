import type { KeyObject } from "node:crypto";

// id-ecPublicKey with the curve's OID (RFC 5480 section 2.1.1), DER, by OpenSSL's name of the curve.
const algorithmIdentifiers: ReadonlyMap<string, Buffer> = new Map([
  ["prime256v1", Buffer.from("301306072a8648ce3d020106082a8648ce3d030107", "hex")],
  ["secp384r1", Buffer.from("301006072a8648ce3d020106052b81040022", "hex")],
  ["secp521r1", Buffer.from("301006072a8648ce3d020106052b81040023", "hex")],
  ["secp256k1", Buffer.from("301006072a8648ce3d020106052b8104000a", "hex")],
]);

/**
 * Whether the DER at `offset` names this curve. A key that spells its curve's parameters out instead may not (RFC 5480
 * section 2.1.1), and OpenSSL takes one whose parameters are near enough: a wrong cofactor passes.
 *
 * @param namedCurve OpenSSL's name
 */
export function namesCurve(der: Uint8Array, offset: number, namedCurve: string): boolean {
  const expected = algorithmIdentifiers.get(namedCurve);
  return expected?.equals(der.subarray(offset, offset + expected.length)) === true;
}

/** Whether OpenSSL has the key's curve in assembly: the others cost ten times as much and more, too long for the event loop. */
export function isFastCurve(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}
