import { createHmac, hash as digest, type KeyObject } from "node:crypto";

/** A hash of Transit (OpenBao, sdk/helper/keysutil/consts.go: `HashTypeMap`). */
export interface TransitHash {
  /** OpenSSL's name. */
  readonly opensslName: string;
  readonly bytes: number;
  /** What stands before a digest in a PKCS #1 signature: DigestInfo (RFC 8017 section 9.2, note 1; NIST CSOR, SHA-3). */
  readonly digestInfo: Buffer;
}

/** DigestInfo without the digest: SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, NULL }, OCTET STRING }. */
function digestInfo(oidHex: string, bytes: number): Buffer {
  const oid = Buffer.from(oidHex, "hex");
  const algorithm = Buffer.concat([Buffer.of(0x06, oid.length), oid, Buffer.of(0x05, 0)]);
  const head = Buffer.concat([Buffer.of(0x30, algorithm.length), algorithm, Buffer.of(0x04, bytes)]);
  return Buffer.concat([Buffer.of(0x30, head.length + bytes), head]);
}

function row(opensslName: string, bytes: number, oidHex: string): TransitHash {
  return { opensslName, bytes, digestInfo: digestInfo(oidHex, bytes) };
}

const nistHashes = "6086480165030402";

const hashes: ReadonlyMap<string, TransitHash> = new Map([
  ["sha1", row("sha1", 20, "2b0e03021a")],
  ["sha2-224", row("sha224", 28, `${nistHashes}04`)],
  ["sha2-256", row("sha256", 32, `${nistHashes}01`)],
  ["sha2-384", row("sha384", 48, `${nistHashes}02`)],
  ["sha2-512", row("sha512", 64, `${nistHashes}03`)],
  ["sha3-224", row("sha3-224", 28, `${nistHashes}07`)],
  ["sha3-256", row("sha3-256", 32, `${nistHashes}08`)],
  ["sha3-384", row("sha3-384", 48, `${nistHashes}09`)],
  ["sha3-512", row("sha3-512", 64, `${nistHashes}0a`)],
]);

/** The hash of an untrusted name, as Transit writes it. */
export function findTransitHash(name: string): TransitHash | undefined {
  return hashes.get(name);
}

/** The digest of a message by a hash's OpenSSL name. */
export function digestWith(opensslName: string, message: Uint8Array): Buffer {
  return digest(opensslName, message, "buffer");
}

/** HMAC (FIPS 198-1) with a hash by OpenSSL's name. */
export function hmacWith(opensslName: string, key: KeyObject, message: Uint8Array): Buffer {
  return createHmac(opensslName, key).update(message).digest();
}
