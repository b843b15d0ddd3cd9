import { demand } from "./attestation-error.ts";
import { type CborMap, type CborValue, decodeCbor } from "./cbor.ts";
import { documentLimits as limits } from "./limits.ts";

/** What made the document: a Nitro enclave, or the NitroTPM of an EC2 instance. */
export type AttestedKind = "enclave" | "nitroTpm";

/** The payload of an attestation document (AWS Nitro Enclaves: attestation process, section 2.2), not verified yet. */
export interface AttestationDocument {
  readonly kind: AttestedKind;
  readonly moduleId: string;
  readonly timestampMs: number;
  /** By index, 0 to 31. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER, the root first. */
  readonly bundle: readonly Uint8Array[];
  /** DER, when the attested program gave one. */
  readonly publicKey: Uint8Array | undefined;
}

const pcrFields: readonly (readonly [field: string, kind: AttestedKind])[] = [
  ["pcrs", "enclave"],
  ["nitrotpm_pcrs", "nitroTpm"],
];
const fields: ReadonlySet<number | string> = new Set([
  "module_id",
  "timestamp",
  "digest",
  ...pcrFields.map(([field]) => field),
  "certificate",
  "cabundle",
  "public_key",
  "user_data",
  "nonce",
]);
const pcrLengths: ReadonlySet<number> = new Set([32, 48, 64]);

/**
 * Parses the payload by the rules of its specification: every field, type and length. A member that is absent may be
 * null, as the Nitro hypervisor writes it.
 *
 * @throws AttestationError
 */
export function parseDocument(payload: Uint8Array): AttestationDocument {
  const map = decodeCbor(payload);
  demand(map instanceof Map, "The attestation document is not a map.");
  for (const field of map.keys()) demand(fields.has(field), "The attestation document has an unknown field.");
  const moduleId = map.get("module_id");
  demand(
    typeof moduleId === "string" && moduleId.length >= 1 && moduleId.length <= limits.moduleIdChars,
    "The module_id of the attestation document is malformed.",
  );
  const timestampMs = map.get("timestamp");
  demand(typeof timestampMs === "number" && timestampMs > 0, "The timestamp of the attestation document is malformed.");
  demand(map.get("digest") === "SHA384", "The digest of the attestation document is not SHA384.");
  const bundle = map.get("cabundle");
  demand(
    Array.isArray(bundle) && bundle.length >= 1 && bundle.length <= limits.bundleCertificates,
    "The cabundle of the attestation document is malformed.",
  );
  optionalBytes(map, "user_data", 0, limits.userBytes);
  optionalBytes(map, "nonce", 0, limits.userBytes);
  return {
    ...parsePcrs(map),
    moduleId,
    timestampMs,
    certificate: requireBytes(map.get("certificate"), "certificate", 1, limits.certificateBytes),
    bundle: bundle.map((item: CborValue) => requireBytes(item, "cabundle", 1, limits.certificateBytes)),
    publicKey: optionalBytes(map, "public_key", 1, limits.publicKeyBytes),
  };
}

function parsePcrs(map: CborMap): Pick<AttestationDocument, "kind" | "pcrs"> {
  const malformed = "The PCRs of the attestation document are malformed.";
  const present = pcrFields.filter(([field]) => map.has(field));
  const [found] = present;
  demand(found !== undefined && present.length === 1, malformed);
  const [field, kind] = found;
  const registers = map.get(field);
  demand(registers instanceof Map && registers.size >= 1 && registers.size <= limits.pcrs, malformed);
  const pcrs = new Map<number, Uint8Array>();
  for (const [index, value] of registers) {
    demand(typeof index === "number" && index >= 0 && index < limits.pcrs, malformed);
    demand(value instanceof Uint8Array && pcrLengths.has(value.byteLength), malformed);
    pcrs.set(index, value);
  }
  return { kind, pcrs };
}

function optionalBytes(map: CborMap, field: string, minBytes: number, maxBytes: number): Uint8Array | undefined {
  const value = map.get(field);
  return value === undefined || value === null ? undefined : requireBytes(value, field, minBytes, maxBytes);
}

function requireBytes(value: CborValue | undefined, field: string, minBytes: number, maxBytes: number): Uint8Array {
  demand(
    value instanceof Uint8Array && value.byteLength >= minBytes && value.byteLength <= maxBytes,
    `The ${field} of the attestation document is malformed.`,
  );
  return value;
}
