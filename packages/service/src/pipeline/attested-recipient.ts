import {
  type Attestation,
  AttestationError,
  encryptToRecipient,
  parseRecipientKey,
  verifyAttestation,
} from "@coffer/attestation";
import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { RecipientRequest } from "../model/request.ts";
import type { Operation, OperationConditions } from "./operation.ts";

/** Encrypts to the recipient: CMS EnvelopedData (RFC 5652). The plaintext stays the caller's. */
export type SealToRecipient = (plaintext: Uint8Array) => Buffer;

/** The recipient of an answer, after its attestation document was verified. */
export interface AttestedRecipient {
  readonly seal: SealToRecipient;
  /** `kms:RecipientAttestation:*`, lower case (AWS KMS developer guide: condition keys for attested platforms). */
  readonly conditions: OperationConditions;
  /** CloudTrail's `additionalEventData.recipient` (AWS KMS developer guide: monitoring attested requests). */
  readonly record: Readonly<Record<string, string>>;
}

/** The registers that AWS records of an enclave; PCR0 is its image. */
const recordedEnclavePcrs = [1, 2, 3, 4, 8];
const imagePcr = 0;

/**
 * Verifies the attestation document of a request.
 *
 * @throws ServiceError InvalidInput for a document that is not genuine and current or names no fit key; Unsupported for an
 * operation that answers to no recipient
 */
export async function verifyRecipient<Input, Output>(
  core: Core,
  { name, forRecipient }: Operation<Input, Output>,
  { document }: RecipientRequest,
  nowMs: number,
): Promise<AttestedRecipient> {
  if (forRecipient === undefined) {
    throw ServiceError.of("Unsupported", { reason: `${name} does not answer to a Recipient.` });
  }
  try {
    const attestation = await verifyAttestation(document, core.attestationRoots, nowMs);
    const key = parseRecipientKey(attestation);
    return {
      seal: (plaintext) => encryptToRecipient(plaintext, key, (byteLength) => core.randomness.bytes(byteLength)),
      conditions: conditionsOf(attestation),
      record: recordOf(attestation),
    };
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    throw ServiceError.of("InvalidInput", { kind: "validation", member: "recipient", reason: error.message });
  }
}

function conditionsOf({ kind, pcrs }: Attestation): OperationConditions {
  const prefix = "kms:recipientattestation:";
  if (kind === "nitroTpm") return new Map([...pcrs].map(([index, pcr]) => [`${prefix}nitrotpmpcr${index}`, [pcr]]));
  const conditions = new Map([...pcrs].map(([index, pcr]) => [`${prefix}pcr${index}`, [pcr]]));
  const image = pcrs.get(imagePcr);
  return image === undefined ? conditions : conditions.set(`${prefix}imagesha384`, [image]);
}

function recordOf({ kind, moduleId, pcrs }: Attestation): Readonly<Record<string, string>> {
  const prefix = "attestationDocument";
  const record: Record<string, string> = { [`${prefix}ModuleId`]: moduleId };
  if (kind === "nitroTpm") {
    for (const [index, pcr] of pcrs) record[`${prefix}NitroTPMPCR${index}`] = pcr;
    return record;
  }
  const image = pcrs.get(imagePcr);
  if (image !== undefined) record[`${prefix}EnclaveImageDigest`] = image;
  for (const index of recordedEnclavePcrs) {
    const pcr = pcrs.get(index);
    if (pcr !== undefined) record[`${prefix}EnclavePCR${index}`] = pcr;
  }
  return record;
}
