import { DerReader, derTags } from "@coffer/attestation";

/** An extension of a certificate (RFC 5280 section 4.2). */
export interface X509Extension {
  readonly critical: boolean;
  /** DER. */
  readonly value: Uint8Array;
}

/** What Node does not tell of a certificate. */
export interface X509Fields {
  /** By attribute, in their order: OIDs in dotted form. */
  readonly subject: readonly (readonly [string, string])[];
  /** By OID in dotted form. */
  readonly extensions: ReadonlyMap<string, X509Extension>;
}

const versionTag = 0xa0;
const extensionsTag = 0xa3;
const setTag = 0x31;
/** UTF8String, PrintableString and IA5String: what can be read without guessing. */
const textTags: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16]);

/** An OID in dotted form. */
function dotted(bytes: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.trunc(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

/** The text of a DER string; empty for anything else. */
export function textOf(der: Uint8Array): string {
  try {
    const reader = new DerReader(der);
    const { tag, content } = reader.next();
    reader.end();
    return textTags.has(tag) ? Buffer.from(content).toString("utf8") : "";
  } catch {
    return "";
  }
}

/** @throws Error when it is no certificate of version 3 */
export function parseX509Fields(der: Uint8Array): X509Fields {
  const outer = new DerReader(der);
  const fields = new DerReader(new DerReader(outer.take(derTags.sequence).content).take(derTags.sequence).content);
  fields.take(versionTag);
  fields.take(derTags.integer);
  fields.take(derTags.sequence);
  fields.take(derTags.sequence);
  fields.take(derTags.sequence);
  const subject = parseName(fields.take(derTags.sequence).content);
  fields.take(derTags.sequence);
  while (!fields.isAtEnd) {
    const { tag, content } = fields.next();
    if (tag === extensionsTag) return { subject, extensions: parseExtensions(content) };
  }
  return { subject, extensions: new Map() };
}

function parseName(bytes: Uint8Array): readonly (readonly [string, string])[] {
  const attributes: (readonly [string, string])[] = [];
  const names = new DerReader(bytes);
  while (!names.isAtEnd) {
    const set = new DerReader(names.take(setTag).content);
    while (!set.isAtEnd) {
      const pair = new DerReader(set.take(derTags.sequence).content);
      attributes.push([dotted(pair.take(derTags.oid).content), textOf(pair.next().whole)]);
    }
  }
  return attributes;
}

function parseExtensions(bytes: Uint8Array): ReadonlyMap<string, X509Extension> {
  const extensions = new Map<string, X509Extension>();
  const list = new DerReader(new DerReader(bytes).take(derTags.sequence).content);
  while (!list.isAtEnd) {
    const fields = new DerReader(list.take(derTags.sequence).content);
    const oid = dotted(fields.take(derTags.oid).content);
    const critical = fields.optional(derTags.boolean)?.content[0] === 0xff;
    const value = fields.take(derTags.octetString).content;
    if (extensions.has(oid)) throw new Error("a certificate has an extension twice");
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** OIDs of a sequence, as in extended key usage. */
export function parseOids(der: Uint8Array): readonly string[] {
  const oids: string[] = [];
  const list = new DerReader(new DerReader(der).take(derTags.sequence).content);
  while (!list.isAtEnd) oids.push(dotted(list.take(derTags.oid).content));
  return oids;
}

/** How many certificates of authorities may follow below; undefined for any number (RFC 5280 section 4.2.1.9). */
export function parsePathLength(basicConstraints: Uint8Array): number | undefined {
  const fields = new DerReader(new DerReader(basicConstraints).take(derTags.sequence).content);
  fields.optional(derTags.boolean);
  const length = fields.optional(derTags.integer)?.content;
  return length?.[0];
}

/** Alternative names of one kind (RFC 5280 section 4.2.1.6): 1 mail addresses, 2 DNS names, 6 URIs. */
export function parseAlternativeNames(der: Uint8Array, kind: 1 | 2 | 6): readonly string[] {
  const names: string[] = [];
  const list = new DerReader(new DerReader(der).take(derTags.sequence).content);
  while (!list.isAtEnd) {
    const { tag, content } = list.next();
    if (tag === (0x80 | kind)) names.push(Buffer.from(content).toString("latin1"));
  }
  return names;
}
