import { type KeyObject, X509Certificate } from "node:crypto";
import { AttestationError, demand } from "./attestation-error.ts";
import { DerReader, derTags } from "./der.ts";

/** A certificate of a chain, parsed and not trusted yet (RFC 5280). */
export interface Certificate {
  readonly der: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** P-384. */
  readonly publicKey: KeyObject;
  /** What the issuer signed, with ecdsa-with-SHA384. */
  readonly signed: Uint8Array;
  /** DER. */
  readonly signature: Uint8Array;
  readonly isCa: boolean;
  /** How many certificates of CAs may follow below. */
  readonly maxPathLength: number | undefined;
  readonly canSignCertificates: boolean;
  readonly canSign: boolean;
}

const malformed = "A certificate of the attestation document is malformed.";
const wrongAlgorithm = "A certificate of the attestation document is not signed with ECDSA P-384 and SHA-384.";

/** 1.2.840.10045.4.3.3 */
const ecdsaWithSha384 = Buffer.from("06082a8648ce3d040303", "hex");
const versionTag = 0xa0;
const extensionsTag = 0xa3;
const version3 = 2;
/** 2.5.29.19 and 2.5.29.15; critical ones besides are refused (RFC 5280 section 4.2). */
const basicConstraints = "551d13";
const keyUsage = "551d0f";
const digitalSignatureBit = 0x80;
const keyCertSignBit = 0x04;

/**
 * Parses an X.509 certificate of the kind that the AWS Nitro PKI uses: version 3, P-384, ecdsa-with-SHA384.
 *
 * @throws AttestationError
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = new DerReader(der);
  const fields = new DerReader(outer.take(derTags.sequence).content);
  outer.end();
  const tbs = fields.take(derTags.sequence);
  const algorithm = fields.take(derTags.sequence).content;
  demand(ecdsaWithSha384.equals(algorithm), wrongAlgorithm);
  const bits = fields.take(derTags.bitString).content;
  demand(bits[0] === 0, malformed);
  fields.end();
  const parsed = parseWithNode(der);
  return { der, ...parsed, ...parseTbs(tbs.content), signed: tbs.whole, signature: bits.subarray(1) };
}

function parseWithNode(der: Uint8Array): Pick<Certificate, "publicKey" | "notBeforeMs" | "notAfterMs"> {
  let certificate: X509Certificate;
  let publicKey: KeyObject;
  try {
    certificate = new X509Certificate(der);
    ({ publicKey } = certificate);
  } catch {
    throw new AttestationError(malformed);
  }
  demand(publicKey.asymmetricKeyDetails?.namedCurve === "secp384r1", wrongAlgorithm);
  const notBeforeMs = certificate.validFromDate.getTime();
  const notAfterMs = certificate.validToDate.getTime();
  demand(Number.isFinite(notBeforeMs) && Number.isFinite(notAfterMs), malformed);
  return { publicKey, notBeforeMs, notAfterMs };
}

/** RFC 5280 section 4.1: TBSCertificate, without what Node reads. */
function parseTbs(tbs: Uint8Array) {
  const fields = new DerReader(tbs);
  const version = new DerReader(fields.take(versionTag).content).take(derTags.integer).content;
  demand(version.byteLength === 1 && version[0] === version3, malformed);
  fields.take(derTags.integer);
  demand(ecdsaWithSha384.equals(fields.take(derTags.sequence).content), wrongAlgorithm);
  const issuer = fields.take(derTags.sequence).whole;
  fields.take(derTags.sequence);
  const subject = fields.take(derTags.sequence).whole;
  fields.take(derTags.sequence);
  const extensions = fields.take(extensionsTag).content;
  fields.end();
  return { issuer, subject, ...parseExtensions(extensions) };
}

type Extensions = Pick<Certificate, "isCa" | "maxPathLength" | "canSignCertificates" | "canSign">;

function parseExtensions(bytes: Uint8Array): Extensions {
  let constraints: Pick<Certificate, "isCa" | "maxPathLength"> = { isCa: false, maxPathLength: undefined };
  let usage = 0;
  const seen = new Set<string>();
  const outer = new DerReader(bytes);
  const list = new DerReader(outer.take(derTags.sequence).content);
  outer.end();
  while (!list.isAtEnd) {
    const fields = new DerReader(list.take(derTags.sequence).content);
    const oid = Buffer.from(fields.take(derTags.oid).content).toString("hex");
    const critical = fields.optional(derTags.boolean)?.content[0] === 0xff;
    const value = fields.take(derTags.octetString).content;
    fields.end();
    demand(!seen.has(oid), malformed);
    seen.add(oid);
    if (oid === basicConstraints) constraints = parseBasicConstraints(value);
    else if (oid === keyUsage) usage = parseKeyUsage(value);
    else demand(!critical, "A certificate of the attestation document has an unknown critical extension.");
  }
  return {
    ...constraints,
    canSignCertificates: (usage & keyCertSignBit) !== 0,
    canSign: (usage & digitalSignatureBit) !== 0,
  };
}

/** RFC 5280 section 4.2.1.9. */
function parseBasicConstraints(value: Uint8Array): Pick<Certificate, "isCa" | "maxPathLength"> {
  const outer = new DerReader(value);
  const fields = new DerReader(outer.take(derTags.sequence).content);
  outer.end();
  const isCa = fields.optional(derTags.boolean)?.content[0] === 0xff;
  const pathLength = fields.optional(derTags.integer)?.content;
  fields.end();
  if (pathLength === undefined) return { isCa, maxPathLength: undefined };
  const [maxPathLength] = pathLength;
  demand(pathLength.byteLength === 1 && maxPathLength !== undefined && maxPathLength < 0x80, malformed);
  return { isCa, maxPathLength };
}

/** RFC 5280 section 4.2.1.3. @returns its first eight bits, the first of them highest */
function parseKeyUsage(value: Uint8Array): number {
  const outer = new DerReader(value);
  const bits = outer.take(derTags.bitString).content;
  outer.end();
  return bits[1] ?? 0;
}
