import {
  type Core,
  execute,
  type KeyRecord,
  type RequestContext,
  xksDecrypt,
  xksEncrypt,
  xksHealth,
  xksKeyMetadata,
} from "@coffer/service";
import { xksLimits } from "./limits.ts";
import type { XksBody } from "./read-request.ts";
import type { XksTarget } from "./xks-path.ts";

/** What a call of the API works with. */
export interface XksCall {
  readonly core: Core;
  readonly context: RequestContext;
  readonly body: XksBody;
  readonly externalKeyId: string;
  /** Coffer's version. */
  readonly version: string;
  /** Called right before an operation runs, which leaves its own audit record. */
  readonly audited: () => void;
}

/** One call: gives the answer's JSON. */
type RunCall = (call: XksCall) => Promise<object>;

const maxMetadataBytes = 20;
const maxIvBytes = 16;
const maxTagBytes = 16;

async function health({ core, context, body, version, audited }: XksCall): Promise<object> {
  const metadata = body.metadata(["kmsOperation", "kmsRequestId"]);
  audited();
  const { status } = await execute(core, xksHealth, { metadata }, context);
  const model = `Coffer ${version}`;
  return {
    xksProxyFleetSize: 1,
    xksProxyVendor: "Coffer",
    xksProxyModel: model,
    ekmVendor: "Coffer",
    ekmFleetDetails: [
      { id: `coffer-${core.account}`, model, healthStatus: status === "active" ? "ACTIVE" : "DEGRADED" },
    ],
  };
}

async function keyMetadata({ core, context, body, externalKeyId, audited }: XksCall): Promise<object> {
  const metadata = body.metadata(["awsPrincipalArn", "kmsOperation", "kmsRequestId"]);
  audited();
  const { key } = await execute(core, xksKeyMetadata, { keyId: externalKeyId, metadata }, context);
  return { keySpec: specName(key), keyUsage: usages(key), keyStatus: key.state === "active" ? "ENABLED" : "DISABLED" };
}

function isSymmetric({ spec }: KeyRecord): boolean {
  return spec === "SYMMETRIC_DEFAULT";
}

/** A key that is no AES-256 key goes by its own name: the KMS then refuses it. */
function specName(key: KeyRecord): string {
  return isSymmetric(key) ? "AES_256" : key.spec;
}

function usages(key: KeyRecord): readonly string[] {
  return isSymmetric(key) ? ["ENCRYPT", "DECRYPT"] : [key.usage];
}

async function encrypt({ core, context, body, externalKeyId, audited }: XksCall): Promise<object> {
  const metadata = body.metadata(["awsPrincipalArn", "kmsKeyArn", "kmsOperation", "kmsRequestId"]);
  body.word("encryptionAlgorithm", "AES_GCM");
  const withIntegrityValue = body.has("ciphertextDataIntegrityValueAlgorithm");
  if (withIntegrityValue) body.word("ciphertextDataIntegrityValueAlgorithm", "SHA_256");
  const aad = body.optionalBytes("additionalAuthenticatedData", xksLimits.aadBytes.value);
  const plaintext = body.bytes("plaintext", xksLimits.plaintextBytes.value);
  try {
    audited();
    const input = { keyId: externalKeyId, metadata, plaintext, aad, withIntegrityValue };
    const { parts, integrityValue } = await execute(core, xksEncrypt, input, context);
    return {
      authenticationTag: base64(parts.tag),
      ciphertext: base64(parts.ciphertext),
      ...(integrityValue === undefined ? {} : { ciphertextDataIntegrityValue: base64(integrityValue) }),
      ciphertextMetadata: base64(parts.metadata),
      initializationVector: base64(parts.iv),
    };
  } finally {
    plaintext.fill(0);
  }
}

async function decrypt({ core, context, body, externalKeyId, audited }: XksCall): Promise<object> {
  const metadata = body.metadata(["awsPrincipalArn", "kmsKeyArn", "kmsOperation", "kmsRequestId"]);
  body.word("encryptionAlgorithm", "AES_GCM");
  const aad = body.optionalBytes("additionalAuthenticatedData", xksLimits.aadBytes.value);
  const parts = {
    ciphertext: body.bytes("ciphertext", xksLimits.plaintextBytes.value),
    metadata: body.optionalBytes("ciphertextMetadata", maxMetadataBytes),
    iv: body.bytes("initializationVector", maxIvBytes),
    tag: body.bytes("authenticationTag", maxTagBytes),
  };
  audited();
  const { plaintext } = await execute(core, xksDecrypt, { keyId: externalKeyId, metadata, parts, aad }, context);
  try {
    return { plaintext: base64(plaintext) };
  } finally {
    plaintext.fill(0);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The calls of the API, with CloudTrail's `eventName` of each. */
export const calls: Readonly<Record<XksTarget["call"], { readonly eventName: string; readonly run: RunCall }>> = {
  health: { eventName: xksHealth.name, run: health },
  metadata: { eventName: xksKeyMetadata.name, run: keyMetadata },
  encrypt: { eventName: xksEncrypt.name, run: encrypt },
  decrypt: { eventName: xksDecrypt.name, run: decrypt },
};
