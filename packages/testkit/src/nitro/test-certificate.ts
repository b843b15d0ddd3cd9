import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { der } from "./encode.ts";

/** A certificate of a test with its private key. */
export interface TestCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  readonly name: string;
}

/** What is in a certificate; each has a sound value when absent. */
export interface TestCertificateFields {
  readonly name: string;
  /** Absent: it signs itself. */
  readonly issuer?: TestCertificate;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isCa: boolean;
  readonly maxPathLength?: number;
  /** The first octet of the bits (RFC 5280 section 4.2.1.3). */
  readonly keyUsage: number;
  readonly curve?: "P-384" | "P-256";
  readonly hash?: "sha384" | "sha256";
  /** Adds a critical extension that nobody knows. */
  readonly unknownCritical?: boolean;
  /** Says its key usage once more. */
  readonly doubledKeyUsage?: boolean;
  /** Further extensions: OIDs in hex, as DER has them. */
  readonly more?: readonly { readonly oid: string; readonly critical?: boolean; readonly value: Buffer }[];
  /** Organizational units of the subject. */
  readonly units?: readonly string[];
  /** The pair, instead of a new one. */
  readonly keys?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** Names another issuer than the one that signs. */
  readonly issuerName?: string;
}

const ecdsaOids = { sha384: "2a8648ce3d040303", sha256: "2a8648ce3d040302" } as const;

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function commonName(name: string, units: readonly string[] = []): Buffer {
  const attribute = (id: string, text: string) => der(0x31, der(0x30, oid(id), der(0x0c, Buffer.from(text))));
  return der(0x30, ...units.map((unit) => attribute("55040b", unit)), attribute("550403", name));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(digits));
}

const yes = der(0x01, Buffer.of(0xff));

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return der(0x30, oid(id), critical ? yes : Buffer.of(), der(0x04, value));
}

function extensions(fields: TestCertificateFields): Buffer {
  const pathLength = fields.maxPathLength === undefined ? Buffer.of() : der(0x02, Buffer.of(fields.maxPathLength));
  const keyUsage = extension("551d0f", true, der(0x03, Buffer.of(0, fields.keyUsage)));
  return der(
    0xa3,
    der(
      0x30,
      extension("551d13", true, der(0x30, fields.isCa ? yes : Buffer.of(), pathLength)),
      keyUsage,
      fields.doubledKeyUsage === true ? keyUsage : Buffer.of(),
      fields.unknownCritical === true ? extension("2a0304", true, der(0x05)) : Buffer.of(),
      ...(fields.more ?? []).map(({ oid: id, critical = false, value }) => extension(id, critical, value)),
    ),
  );
}

/** Makes a certificate (RFC 5280). */
export function makeTestCertificate(fields: TestCertificateFields): TestCertificate {
  const { name, issuer, hash = "sha384", curve = "P-384" } = fields;
  const { privateKey, publicKey } = fields.keys ?? generateKeyPairSync("ec", { namedCurve: curve });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const algorithm = der(0x30, oid(ecdsaOids[hash]));
  const serial = createHash("sha256").update(spki).digest().subarray(0, 8);
  serial[0] = 1;
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    commonName(fields.issuerName ?? issuer?.name ?? name, issuer === undefined ? fields.units : []),
    der(0x30, time(fields.notBeforeMs), time(fields.notAfterMs)),
    commonName(name, fields.units),
    spki,
    extensions(fields),
  );
  const signature = sign(hash, tbs, issuer?.privateKey ?? privateKey);
  return { name, privateKey, der: der(0x30, tbs, algorithm, der(0x03, Buffer.of(0), signature)) };
}
