import type { KeyObject } from "node:crypto";
import {
  canonicalMaterial,
  ecMaterialOf,
  ecNumbersOf,
  ecPublicNumbersOf,
  ed25519OfSeed,
  ed25519PublicKeyOf,
  findTransitType,
  type KeySpec,
  rsaMaterialOf,
  rsaNumbersOf,
  rsaPublicKeyOf,
  rsaPublicNumbersOf,
  SecretBytes,
  specOfTransitType,
  timingSafeEqualBytes,
  transitKeyBytes,
} from "@coffer/crypto";
import { readPemBlocks } from "../pem.ts";
import type { BigJson } from "./parse-big-json.ts";

export type Members = { readonly [name: string]: BigJson };

/** The members of a version that hold its key, as JSON text. */
interface WrittenKey {
  /** `key`: base64, or null. */
  readonly key: string | null;
  /** `ec_x` to `rsa_public_key`. */
  readonly numbers: string;
}

/** How the key of one version stands in a backup (OpenBao, sdk/helper/keysutil/policy.go: `KeyEntry`). */
interface EntryCodec {
  readonly write: (material: KeyObject) => WrittenKey;
  /** As `write`, of a version that has its public key alone; absent where there is none. */
  readonly writePublic?: (publicKey: KeyObject) => WrittenKey;
  /** The public key of such a version, as SubjectPublicKeyInfo DER. */
  readonly readPublic?: (entry: Members) => Buffer | undefined;
  /** The material as its spec loads it; undefined when there is none, or its parts do not belong together. */
  readonly read: (spec: KeySpec, entry: Members) => SecretBytes | undefined;
}

/** What a backup calls a type of key, and how it holds such keys. */
export interface BackupType {
  readonly type: string;
  /** OpenBao, sdk/helper/keysutil/policy.go: `KeyType`. */
  readonly number: number;
  readonly codec: EntryCodec;
}

function base64Of(secret: SecretBytes): string {
  return secret.use((bytes) => bytes.toString("base64"));
}

/** Bytes in base64; undefined for anything else. */
export function readSecret(value: BigJson | undefined): SecretBytes | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.length === 0 ? undefined : SecretBytes.takeFrom(bytes);
}

function readNumber(value: BigJson | undefined): bigint | undefined {
  if (typeof value === "bigint") return value >= 0n ? value : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
}

function isThere(value: BigJson | undefined): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** An object's members; undefined for anything else. */
export function readMembers(value: BigJson | undefined): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

const noNumbers = `"ec_x":null,"ec_y":null,"ec_d":null,"rsa_key":null,"rsa_public_key":null`;

const raw: EntryCodec = {
  write(material) {
    using secret = canonicalMaterial(material);
    return { key: base64Of(secret), numbers: noNumbers };
  },
  read: (_spec, entry) => readSecret(entry["key"]),
};

const noKey: WrittenKey = { key: null, numbers: noNumbers };
const seedBytes = 32;

/** Seed and public key, side by side. */
const ed25519: EntryCodec = {
  writePublic: () => noKey,
  readPublic(entry) {
    const { public_key: raw } = entry;
    return isThere(entry["key"]) || typeof raw !== "string"
      ? undefined
      : ed25519PublicKeyOf(Buffer.from(raw, "base64"));
  },
  write(material) {
    using bytes = transitKeyBytes(material);
    return { key: base64Of(bytes), numbers: noNumbers };
  },
  read(_spec, entry) {
    using bytes = readSecret(entry["key"]);
    if (bytes?.byteLength !== 2 * seedBytes) return undefined;
    using seed = bytes.use((all) => SecretBytes.takeFrom(Buffer.from(all.subarray(0, seedBytes))));
    const key = ed25519OfSeed(seed);
    using own = transitKeyBytes(key);
    const same = own.use((mine) => bytes.use((theirs) => timingSafeEqualBytes(mine, theirs)));
    return same ? canonicalMaterial(key) : undefined;
  },
};

const ec: EntryCodec = {
  writePublic(publicKey) {
    const { x, y } = ecPublicNumbersOf(publicKey);
    return { key: null, numbers: `"ec_x":${x},"ec_y":${y},"ec_d":null,"rsa_key":null,"rsa_public_key":null` };
  },
  readPublic(entry) {
    const { public_key: pem } = entry;
    return isThere(entry["ec_d"]) || typeof pem !== "string" ? undefined : readPemBlocks(pem)?.[0]?.der;
  },
  write(material) {
    const { x, y, d } = ecNumbersOf(material);
    return { key: null, numbers: `"ec_x":${x},"ec_y":${y},"ec_d":${d},"rsa_key":null,"rsa_public_key":null` };
  },
  read(spec, entry) {
    const [x, y, d] = ["ec_x", "ec_y", "ec_d"].map((name) => readNumber(entry[name]));
    return x === undefined || y === undefined || d === undefined ? undefined : ecMaterialOf(spec, { x, y, d });
  },
};

const rsa: EntryCodec = {
  writePublic(publicKey) {
    const { n, e } = rsaPublicNumbersOf(publicKey);
    const numbers = `"ec_x":null,"ec_y":null,"ec_d":null,"rsa_key":null,"rsa_public_key":{"N":${n},"E":${e}}`;
    return { key: null, numbers };
  },
  readPublic(entry) {
    const key = isThere(entry["rsa_key"]) ? undefined : readMembers(entry["rsa_public_key"]);
    const [n, e] = [readNumber(key?.["N"]), readNumber(key?.["E"])];
    return n === undefined || e === undefined ? undefined : rsaPublicKeyOf({ n, e });
  },
  write(material) {
    const { n, e, d, p, q, dp, dq, qInv } = rsaNumbersOf(material);
    const precomputed = `{"Dp":${dp},"Dq":${dq},"Qinv":${qInv},"CRTValues":[]}`;
    const key = `{"N":${n},"E":${e},"D":${d},"Primes":[${p},${q}],"Precomputed":${precomputed}}`;
    return { key: null, numbers: `"ec_x":null,"ec_y":null,"ec_d":null,"rsa_key":${key},"rsa_public_key":null` };
  },
  read(_spec, entry) {
    const key = readMembers(entry["rsa_key"]);
    const primes = key?.["Primes"];
    if (key === undefined || !Array.isArray(primes) || primes.length !== 2) return undefined;
    const [n, e, d, p, q] = [key["N"], key["E"], key["D"], primes[0], primes[1]].map(readNumber);
    if (n === undefined || e === undefined || d === undefined || !p || !q) return undefined;
    if (p === 1n || q === 1n || p * q !== n) return undefined;
    // What can be had of the others is not taken on trust.
    const qInv = inverse(q % p, p);
    return qInv === undefined ? undefined : rsaMaterialOf({ n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qInv });
  },
};

/** The inverse modulo `modulus` by Euclid's algorithm; undefined where there is none. */
function inverse(value: bigint, modulus: bigint): bigint | undefined {
  let [a, b] = [modulus, value];
  let [x, y] = [0n, 1n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined;
}

const types: readonly BackupType[] = [
  { type: "aes256-gcm96", number: 0, codec: raw },
  { type: "ecdsa-p256", number: 1, codec: ec },
  { type: "ed25519", number: 2, codec: ed25519 },
  { type: "rsa-2048", number: 3, codec: rsa },
  { type: "rsa-4096", number: 4, codec: rsa },
  { type: "chacha20-poly1305", number: 5, codec: raw },
  { type: "ecdsa-p384", number: 6, codec: ec },
  { type: "ecdsa-p521", number: 7, codec: ec },
  { type: "aes128-gcm96", number: 8, codec: raw },
  { type: "rsa-3072", number: 9, codec: rsa },
  { type: "hmac", number: 10, codec: raw },
  { type: "xchacha20-poly1305", number: 11, codec: raw },
];

const hmac = types.find(({ type }) => type === "hmac")!;
const byNumber: ReadonlyMap<number, BackupType> = new Map(types.map((row) => [row.number, row]));
const byType: ReadonlyMap<string, BackupType> = new Map(types.map((row) => [row.type, row]));
/** Vault's number of HMAC keys is OpenBao's of XChaCha20-Poly1305. */
const vaultHmacNumber = 11;

/**
 * The type of a backup's number. Where the originals differ, an HMAC key is known by the key of its HMACs, which is the key
 * itself.
 */
export function findBackupType(number: number, someEntry: Members): BackupType | undefined {
  if (number === vaultHmacNumber && someEntry["hmac_key"] === someEntry["key"]) return hmac;
  return byNumber.get(number);
}

/** How a backup holds keys of a spec; undefined where the originals have none such. */
export function backupTypeOf(spec: string): BackupType | undefined {
  return byType.get(findTransitType(spec)?.type ?? "");
}

/** The spec of a type whose keys have so many bytes. */
export function specOfBackup({ type }: BackupType, keyBytes: number): KeySpec | undefined {
  return specOfTransitType(type, "", keyBytes)?.spec;
}
