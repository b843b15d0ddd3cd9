import { Agent } from "node:https";
import { rootCertificates } from "node:tls";
import { type ExternalCiphertext, externalIntegrityValue, timingSafeEqualBytes } from "@coffer/crypto";
import {
  type Clock,
  type ExternalKeyCall,
  ExternalKeyError,
  type ExternalKeyFacts,
  type ExternalKeys,
  limits,
} from "@coffer/service";
import { signRequest } from "@coffer/sigv4";
import { AnswerFields } from "./answer-fields.ts";
import { post, type Sender } from "./post.ts";

export interface XksClientOptions {
  readonly clock: Clock;
  /** How long a call may take, connecting included; `limits.xksTimeoutMs` when absent. */
  readonly timeoutMs?: number | undefined;
  /** PEM root certificates that a proxy's certificate is trusted by, besides those of Node.js. */
  readonly roots?: string | undefined;
  /** The certificate chain and private key (PEM) that are shown to a proxy that asks for them. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined;
}

const signingService = "kms-xks-proxy";
const maxSockets = 64;
const keepAliveMs = 30_000;
/** Most entries of a list in an answer (XKS Proxy API 1.0: keyUsage, ekmFleetDetails). */
const maxListed = 10;
const maxMetadataBytes = 20;
const ivLengths: readonly number[] = [12, 16];
const tagBytes = 16;

const statuses: ReadonlySet<string> = new Set(["ENABLED", "DISABLED"]);
const healthStatuses: ReadonlySet<string> = new Set(["ACTIVE", "DEGRADED", "UNAVAILABLE"]);

/**
 * The client of external key store proxies: JSON over HTTPS (TLS 1.2 or newer, the proxy's name verified), signed with
 * Signature Version 4 (XKS Proxy API 1.0.3). A call that takes longer than it may, connecting included,
 * fails; nothing is tried again but a call that met a kept connection at its end.
 */
export function createXksClient(options: XksClientOptions): ExternalKeys {
  const { clock, roots, clientCertificate } = options;
  const agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: keepAliveMs,
    maxSockets,
    minVersion: "TLSv1.2",
    ...(roots === undefined ? {} : { ca: [...rootCertificates, roots] }),
    ...clientCertificate,
  });
  const sender: Sender = {
    agent,
    clock,
    timeoutMs: options.timeoutMs ?? limits.xksTimeoutMs.value,
    maxAnswerBytes: limits.xksAnswerBytes.value,
  };
  const ask = (call: ExternalKeyCall, path: string, members: object) => send(sender, call, path, members);
  return {
    async checkHealth(call) {
      checkFleet(await ask(call, "health", {}));
    },
    async describeKey(call, xksKeyId) {
      return readFacts(await ask(call, `keys/${xksKeyId}/metadata`, {}));
    },
    async encrypt(call, xksKeyId, plaintext, aad) {
      const members = {
        ...aadMember(aad),
        plaintext: base64(plaintext),
        encryptionAlgorithm: "AES_GCM",
        ciphertextDataIntegrityValueAlgorithm: "SHA_256",
      };
      return readParts(await ask(call, `keys/${xksKeyId}/encrypt`, members), plaintext.byteLength, aad);
    },
    async decrypt(call, xksKeyId, parts, aad) {
      const members = {
        ...aadMember(aad),
        ciphertext: base64(parts.ciphertext),
        ...(parts.metadata.byteLength === 0 ? {} : { ciphertextMetadata: base64(parts.metadata) }),
        initializationVector: base64(parts.iv),
        authenticationTag: base64(parts.tag),
        encryptionAlgorithm: "AES_GCM",
      };
      const { byteLength } = parts.ciphertext;
      return (await ask(call, `keys/${xksKeyId}/decrypt`, members)).bytes("plaintext", (bytes) => bytes === byteLength);
    },
    close: () => agent.destroy(),
  };
}

async function send(sender: Sender, call: ExternalKeyCall, path: string, members: object): Promise<AnswerFields> {
  const { proxy, metadata } = call;
  const url = new URL(`${proxy.uriEndpoint}${proxy.uriPath}/${path}`);
  const body = Buffer.from(JSON.stringify({ requestMetadata: metadata, ...members }));
  const headers = new Map([
    ["host", url.host],
    ["content-type", "application/json"],
    ["content-length", String(body.byteLength)],
  ]);
  const signed = signRequest(
    { method: "POST", path: url.pathname, query: "", headers: new Map([["host", url.host]]), body },
    { accessKeyId: proxy.accessKeyId, secretAccessKey: proxy.secret },
    { region: proxy.region, service: signingService, timestampMs: sender.clock.nowMs() },
  );
  return AnswerFields.parse(await post(sender, { url, headers: new Map([...headers, ...signed]), body }));
}

function aadMember(aad: Uint8Array): object {
  return aad.byteLength === 0 ? {} : { additionalAuthenticatedData: base64(aad) };
}

/** A fleet of which nothing is able to serve is not healthy, whatever the status line says. */
function checkFleet(fields: AnswerFields): void {
  fields.count("xksProxyFleetSize");
  for (const name of ["xksProxyVendor", "xksProxyModel", "ekmVendor"]) fields.text(name);
  const fleet = fields.objects("ekmFleetDetails", maxListed).map((member) => {
    member.text("id");
    member.text("model");
    return oneOf(healthStatuses, member.text("healthStatus"));
  });
  if (fleet.every((status) => status === "UNAVAILABLE")) throw new ExternalKeyError("internal");
}

function readFacts(fields: AnswerFields): ExternalKeyFacts {
  return {
    keySpec: fields.text("keySpec"),
    keyUsage: fields.texts("keyUsage", maxListed),
    enabled: oneOf(statuses, fields.text("keyStatus")) === "ENABLED",
  };
}

function readParts(fields: AnswerFields, plaintextBytes: number, aad: Uint8Array): ExternalCiphertext {
  const parts = {
    ciphertext: fields.bytes("ciphertext", (bytes) => bytes === plaintextBytes),
    metadata: fields.optionalBytes("ciphertextMetadata", (bytes) => bytes <= maxMetadataBytes),
    iv: fields.bytes("initializationVector", (bytes) => ivLengths.includes(bytes)),
    tag: fields.bytes("authenticationTag", (bytes) => bytes === tagBytes),
  };
  const told = fields.bytes("ciphertextDataIntegrityValue", () => true);
  if (!timingSafeEqualBytes(told, externalIntegrityValue(parts, aad))) throw new ExternalKeyError("malformed");
  return parts;
}

function oneOf(words: ReadonlySet<string>, word: string): string {
  if (!words.has(word)) throw new ExternalKeyError("malformed");
  return word;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
