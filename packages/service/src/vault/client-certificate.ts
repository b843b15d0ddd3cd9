import { X509Certificate } from "node:crypto";
import { limits } from "../limits.ts";
import {
  parseAlternativeNames,
  parseOids,
  parsePathLength,
  parseX509Fields,
  textOf,
  type X509Extension,
} from "./x509-extensions.ts";

const oids = {
  commonName: "2.5.4.3",
  organizationalUnit: "2.5.4.11",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  policies: "2.5.29.32",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  anyUsage: "2.5.29.37.0",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Critical extensions that are looked at, or say nothing of who somebody is. */
const understood: ReadonlySet<string> = new Set([
  oids.keyUsage,
  oids.alternativeName,
  oids.basicConstraints,
  oids.policies,
  oids.extendedKeyUsage,
]);

/** SHA-256 and longer, with RSA (PKCS #1) and ECDSA, and Ed25519: no others are taken for a certificate's signature. */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  "1.3.101.112",
]);
const minRsaBits = 2048;
const keyCertSignBit = 0x04;

/** A certificate, parsed and not trusted yet. */
export class ClientCertificate {
  readonly x509: X509Certificate;
  readonly der: Buffer;
  readonly #subject: readonly (readonly [string, string])[];
  readonly #extensions: ReadonlyMap<string, X509Extension>;

  private constructor(der: Uint8Array) {
    this.x509 = new X509Certificate(der);
    this.der = this.x509.raw;
    const fields = parseX509Fields(this.der);
    this.#subject = fields.subject;
    this.#extensions = fields.extensions;
  }

  /** @returns undefined when it is no certificate that can be read */
  static parse(der: Uint8Array): ClientCertificate | undefined {
    try {
      return new ClientCertificate(der);
    } catch {
      return undefined;
    }
  }

  get isCa(): boolean {
    return this.x509.ca;
  }

  /** The last common name of the subject; empty when there is none. */
  get commonName(): string {
    return this.#subject.findLast(([oid]) => oid === oids.commonName)?.[1] ?? "";
  }

  get organizationalUnits(): readonly string[] {
    return this.#subject.filter(([oid]) => oid === oids.organizationalUnit).map(([, text]) => text);
  }

  get emailAddresses(): readonly string[] {
    return this.#alternativeNames(1);
  }

  get dnsNames(): readonly string[] {
    return this.#alternativeNames(2);
  }

  get uris(): readonly string[] {
    return this.#alternativeNames(6);
  }

  /** Decimal. */
  get serialNumber(): string {
    return BigInt(`0x${this.x509.serialNumber}`).toString();
  }

  /** Hex with colons; empty when there is none. */
  get subjectKeyId(): string {
    return hexOf(this.#extensions.get(oids.subjectKeyId)?.value, (value) => value[0] === 0x04);
  }

  /** Hex with colons; empty when there is none. */
  get authorityKeyId(): string {
    const value = this.#extensions.get(oids.authorityKeyId)?.value;
    // The first member of the sequence, tagged [0].
    return hexOf(value?.subarray(2), (rest) => rest[0] === 0x80);
  }

  /** The text of an extension, by its OID; empty when it is no text, undefined when there is none. */
  extensionText(oid: string): string | undefined {
    const value = this.#extensions.get(oid)?.value;
    return value && textOf(value);
  }

  /** Whether it may be used for TLS as a client, by its extended key usage; `any` where it has none. */
  mayAuthenticateClients(): boolean {
    const usage = this.#extensions.get(oids.extendedKeyUsage);
    if (usage === undefined) return true;
    const wanted: readonly string[] = [oids.clientAuth, oids.anyUsage];
    return parseOids(usage.value).some((oid) => wanted.includes(oid));
  }

  /** Whether it is its time, nothing critical in it is unknown, and its names are not restricted. */
  isUsable(nowMs: number): boolean {
    const { validFromDate, validToDate } = this.x509;
    if (!(validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime())) return false;
    // Restrictions of names are not evaluated, so nothing below them is trusted.
    if (this.#extensions.has(oids.nameConstraints)) return false;
    return [...this.#extensions].every(([oid, { critical }]) => !critical || understood.has(oid));
  }

  /** Whether this certificate was issued by another one, with so many certificates of authorities in between. */
  isIssuedBy(issuer: ClientCertificate, authoritiesBetween: number): boolean {
    if (!issuer.isCa || !issuer.#maySignCertificates()) return false;
    const constraints = issuer.#extensions.get(oids.basicConstraints);
    const pathLength = constraints && parsePathLength(constraints.value);
    if (pathLength !== undefined && authoritiesBetween > pathLength) return false;
    if (!this.x509.checkIssued(issuer.x509)) return false;
    const algorithm = (this.x509 as { readonly signatureAlgorithmOid?: string }).signatureAlgorithmOid;
    if (algorithm === undefined || !signatureAlgorithms.has(algorithm)) return false;
    const key = issuer.x509.publicKey;
    if (key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits) return false;
    return this.x509.verify(key);
  }

  #maySignCertificates(): boolean {
    const usage = this.#extensions.get(oids.keyUsage)?.value;
    // A BIT STRING: tag, length, unused bits, the first eight bits.
    return usage === undefined || ((usage[3] ?? 0) & keyCertSignBit) !== 0;
  }

  #alternativeNames(kind: 1 | 2 | 6): readonly string[] {
    const names = this.#extensions.get(oids.alternativeName);
    return names === undefined ? [] : parseAlternativeNames(names.value, kind);
  }
}

/** The content of a short DER element as hex with colons. */
function hexOf(der: Uint8Array | undefined, isWanted: (der: Uint8Array) => boolean): string {
  if (der === undefined || !isWanted(der) || der[1] === undefined || der[1] >= 0x80) return "";
  return [...der.subarray(2, 2 + der[1])].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The certificates of a PEM text; what is none is left out. */
export function parsePemCertificates(pem: string): readonly ClientCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, limits.chainCertificates.value).flatMap((block) => {
    const base64 = block.replace(/-----[A-Z ]+-----/g, "");
    return ClientCertificate.parse(Buffer.from(base64, "base64")) ?? [];
  });
}

/**
 * The ways from a client's certificate to one that is trusted, each with both (RFC 5280 section 6.1). All certificates of
 * a way are usable now and may be used for TLS as a client; a trusted one is no exception.
 *
 * @param presented the client's own first, then what it says issued it
 * @param roots trusted certificates of authorities
 */
export function trustedChains(
  presented: readonly ClientCertificate[],
  roots: readonly ClientCertificate[],
  nowMs: number,
): readonly (readonly ClientCertificate[])[] {
  const [leaf, ...intermediates] = presented;
  const isSound = (one: ClientCertificate) => one.isUsable(nowMs) && one.mayAuthenticateClients();
  if (leaf === undefined || !isSound(leaf)) return [];
  const sound = intermediates.filter(isSound);
  const anchors = roots.filter(isSound);
  const chains: (readonly ClientCertificate[])[] = [];
  const isSame = (one: ClientCertificate, other: ClientCertificate) => one.der.equals(other.der);
  let checks = 0;
  const extend = (chain: readonly ClientCertificate[]): void => {
    const last = chain.at(-1)!;
    for (const [issuers, isAnchor] of [
      [anchors, true],
      [sound, false],
    ] as const) {
      for (const issuer of issuers) {
        if (chain.some((one) => isSame(one, issuer))) continue;
        checks += 1;
        if (checks > limits.chainChecks.value) return;
        if (!last.isIssuedBy(issuer, chain.length - 1)) continue;
        const longer = [...chain, issuer];
        if (isAnchor) chains.push(longer);
        else if (longer.length < limits.chainCertificates.value) extend(longer);
      }
    }
  };
  if (anchors.some((anchor) => isSame(anchor, leaf))) chains.push([leaf]);
  extend([leaf]);
  return chains;
}
