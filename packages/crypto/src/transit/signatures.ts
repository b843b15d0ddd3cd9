import { hash as digestOf, type KeyObject } from "node:crypto";
import { isWholeDerSequence } from "../der.ts";
import { signOffLoop } from "../off-loop/off-loop.ts";
import { signDigest, verifyDigest } from "../signing/ecdsa.ts";
import { ecdsaDerToP1363, ecdsaP1363ToDer } from "../signing/ecdsa-digest.ts";
import { ed25519Rows } from "../signing/ed25519.ts";
import { mlDsaSigningRows } from "../signing/ml-dsa.ts";
import type { SigningAlgorithmRow } from "../signing/row.ts";
import { encodePkcs1 } from "../signing/rsa-pkcs1.ts";
import { encodePss, isPssEncoding, maxSaltBytes } from "../signing/rsa-pss.ts";
import { isEncodedUnder, modulusBytes, recoverEncoded } from "../signing/rsa-raw.ts";
import type { TransitHash } from "./hashes.ts";

/** How Transit signs (Vault API: Transit, sign data). */
export interface TransitSigning {
  /** Undefined for `none`: the input goes into a PKCS #1 signature as it is. */
  readonly hash: TransitHash | undefined;
  /** Whether the input is the digest already. */
  readonly prehashed: boolean;
  /** Of RSA. */
  readonly padding: "pss" | "pkcs1v15";
  /** Of PSS: bytes, the hash's length, or the longest that fits (to verify: any). */
  readonly saltLength: number | "hash" | "auto";
  /** Of ECDSA: DER, or the two numbers side by side. */
  readonly marshaling: "asn1" | "jws";
}

/** Why Transit does not sign or verify so. `digestLength`: a digest of another length than the hash's. `malformed`: not the encoding of a signature. */
export type TransitSigningProblem = "saltLength" | "digestLength" | "unsupportedHash" | "inputTooLong" | "malformed";

/** A signature or a verdict; or what is wrong with the wish for it. */
export type TransitSigned<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: TransitSigningProblem };

interface TransitScheme {
  readonly sign: (key: KeyObject, input: Uint8Array, how: TransitSigning) => Promise<TransitSigned<Uint8Array>>;
  readonly verify: (
    key: KeyObject,
    input: Uint8Array,
    how: TransitSigning,
    signature: Uint8Array,
  ) => Promise<TransitSigned<boolean>>;
}

function done<T>(value: T): TransitSigned<T> {
  return { ok: true, value };
}

function wrong(problem: TransitSigningProblem): { readonly ok: false; readonly problem: TransitSigningProblem } {
  return { ok: false, problem };
}

/** The digest of an input, or the input where it is one. */
function digest(input: Uint8Array, { hash, prehashed }: TransitSigning): Uint8Array {
  return prehashed || hash === undefined ? input : digestOf(hash.opensslName, input, "buffer");
}

/** ECDSA (FIPS 186-5 section 6) over a digest of any length. */
const ecdsa: TransitScheme = {
  async sign(key, input, how) {
    const der = await signDigest(key, digest(input, how));
    return done(how.marshaling === "jws" ? ecdsaDerToP1363(key, der) : der);
  },
  async verify(key, input, how, signature) {
    if (how.marshaling === "asn1" && !isWholeDerSequence(signature)) return wrong("malformed");
    const der = how.marshaling === "jws" ? ecdsaP1363ToDer(key, signature) : signature;
    return done(der !== undefined && (await verifyDigest(key, digest(input, how), der)));
  },
};

/** Signs the input itself, whatever hash is named, as the originals do. */
function ofRawMessages(row: SigningAlgorithmRow): TransitScheme {
  return {
    sign: async (key, input) => done(await row.sign(key, input, "RAW")),
    verify: async (key, input, _how, signature) => done(await row.verify(key, input, "RAW", signature)),
  };
}

/** RSASSA-PSS and RSASSA-PKCS1-v1_5 (RFC 8017 section 8). */
const rsa: TransitScheme = {
  async sign(key, input, how) {
    const encoded = encode(key, digest(input, how), how);
    return encoded.ok ? done(await signOffLoop("rsa", key, encoded.value)) : encoded;
  },
  async verify(key, input, how, signature) {
    const bytes = digest(input, how);
    const salt = checkPss(key, bytes, how);
    if (!salt.ok) return salt;
    if (how.padding === "pkcs1v15") {
      const encoded = encode(key, bytes, how);
      return encoded.ok ? done(isEncodedUnder(key, signature, encoded.value)) : encoded;
    }
    const recovered = recoverEncoded(key, signature);
    return done(recovered !== undefined && isPssEncoding(how.hash!.opensslName, bytes, salt.value, recovered));
  },
};

/** The salt's length, undefined for any; or why there can be none. */
function checkPss(
  key: KeyObject,
  bytes: Uint8Array,
  { hash, padding, saltLength }: TransitSigning,
): TransitSigned<number | undefined> {
  if (padding !== "pss") return done(undefined);
  if (hash === undefined) return wrong("unsupportedHash");
  if (bytes.length !== hash.bytes) return wrong("digestLength");
  if (saltLength === "auto") return done(undefined);
  const salt = saltLength === "hash" ? hash.bytes : saltLength;
  return salt > maxSaltBytes(hash.bytes, modulusBytes(key)) ? wrong("saltLength") : done(salt);
}

function encode(key: KeyObject, bytes: Uint8Array, how: TransitSigning): TransitSigned<Buffer> {
  const room = modulusBytes(key);
  const salt = checkPss(key, bytes, how);
  if (!salt.ok) return salt;
  const { hash, padding } = how;
  if (padding === "pss") {
    const saltBytes = salt.value ?? maxSaltBytes(hash!.bytes, room);
    return done(encodePss(hash!.opensslName, bytes, saltBytes, room));
  }
  if (hash !== undefined && bytes.length !== hash.bytes) return wrong("digestLength");
  const info = hash?.digestInfo ?? new Uint8Array();
  // Eleven bytes at least are padding (RFC 8017 section 9.2).
  if (info.length + bytes.length + 11 > room) return wrong("inputTooLong");
  return done(encodePkcs1(info, bytes, key));
}

/** By Node's name of the key's type. */
const schemes: ReadonlyMap<string | undefined, TransitScheme> = new Map([
  ["ec", ecdsa],
  ["ed25519", ofRawMessages(ed25519Rows[0]!)],
  ["rsa", rsa],
  ...["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"].map((type) => [type, ofRawMessages(mlDsaSigningRows[0]!)] as const),
]);

/** What Transit signs with a key; undefined for a key that it signs nothing with. */
export function findTransitScheme(key: KeyObject): TransitScheme | undefined {
  return schemes.get(key.asymmetricKeyType);
}
