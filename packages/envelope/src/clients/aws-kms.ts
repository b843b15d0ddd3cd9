import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64 } from "../bytes.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import { type CallOptions, callService, isRecord, type ServiceAnswer } from "./http-call.ts";
import type { KmsCiphertext, KmsDataKey, KmsDataKeyPair, KmsKeyMaker, KmsPlaintext } from "./kms-client.ts";
import { signPost } from "./sign-request.ts";

/** Credentials of AWS, or of a Coffer server: the same kind. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end. A provider is asked again five minutes before. */
  readonly expiration?: Date | undefined;
}

/** How to reach AWS KMS, or a Coffer server. */
export interface KmsClientOptions extends CallOptions {
  /** The region that requests are signed for, such as `us-east-1`. */
  readonly region: string;
  /** Default: AWS's own of the region. */
  readonly endpoint?: string | undefined;
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
}

/** A client that also makes calls which have no method of their own. */
export interface KmsCaller extends KmsKeyMaker {
  /**
   * Calls any operation. Binary members are `Uint8Array`, as in AWS's SDK.
   *
   * @param operation such as `DescribeKey`
   */
  call(operation: string, input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
}

/** The members that are base64 in JSON. Source: the AWS KMS API's model, the shapes of type blob. */
const binaryMembers: ReadonlySet<string> = new Set([
  "CiphertextBlob",
  "CiphertextForRecipient",
  "Mac",
  "Message",
  "Plaintext",
  "PrivateKeyCiphertextBlob",
  "PrivateKeyPlaintext",
  "PublicKey",
  "SharedSecret",
  "Signature",
]);

/** Codes with which the same request may succeed later. Source: AWS KMS API Reference, Common Errors. */
const retryableCodes: ReadonlySet<string> = new Set([
  "DependencyTimeoutException",
  "KMSInternalException",
  "LimitExceededException",
  "RequestTimeout",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "ThrottlingException",
]);

const refreshBeforeMs = 5 * 60_000;

/**
 * A small client of AWS KMS over `fetch`, with Signature Version 4: for programs that do not have AWS's SDK, whose `KMS`
 * fits everywhere that this does.
 *
 * Plaintext in answers passes through a string of the JSON parser, which nobody can wipe.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function kmsClient(options: KmsClientOptions): KmsCaller {
  const { region } = options;
  if (!/^[a-z0-9-]+$/.test(region)) throw invalidInput(`"${region}" is no region such as us-east-1.`);
  const endpoint = options.endpoint ?? `https://kms.${region}.amazonaws.com`;
  const parsed = URL.parse(endpoint);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw invalidInput(`"${endpoint}" is no URL of a KMS server.`);
  const credentials = keepFresh(options.credentials);
  const call = (operation: string, input: object) => callKms(options, parsed.href, credentials, operation, input);
  return {
    call,
    generateDataKey: async (input) => (await call("GenerateDataKey", input)) as KmsDataKey,
    encrypt: async (input) => (await call("Encrypt", input)) as KmsCiphertext,
    decrypt: async (input) => (await call("Decrypt", input)) as KmsPlaintext,
    generateDataKeyWithoutPlaintext: async (input) =>
      (await call("GenerateDataKeyWithoutPlaintext", input)) as KmsCiphertext,
    generateDataKeyPairWithoutPlaintext: async (input) =>
      (await call("GenerateDataKeyPairWithoutPlaintext", input)) as KmsDataKeyPair,
    reEncrypt: async (input) => (await call("ReEncrypt", input)) as KmsCiphertext,
  };
}

function keepFresh(given: KmsClientOptions["credentials"]): () => Promise<AwsCredentials> {
  if (typeof given !== "function") return async () => given;
  let current: Promise<AwsCredentials> | undefined;
  return async () => {
    const known = await current;
    const ends = known?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    if (known !== undefined && ends - platform.now() > refreshBeforeMs) return known;
    const asked = given();
    current = asked;
    asked.catch(() => {
      current = undefined;
    });
    return asked;
  };
}

async function callKms(
  options: KmsClientOptions,
  url: string,
  credentials: () => Promise<AwsCredentials>,
  operation: string,
  input: object,
): Promise<Record<string, unknown>> {
  const body = JSON.stringify(encodeMembers(input));
  const answer = await callService(
    "The key server",
    options,
    async () => {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` };
      const post = { url, body, headers, region: options.region, service: "kms", timeMs: platform.now() };
      return { url, method: "POST", headers: await signPost(post, await credentials()), body };
    },
    (refusal) => refusal.status >= 500 || refusal.status === 429 || retryableCodes.has(codeOf(refusal)),
  );
  if (answer.status === 200 && isRecord(answer.json)) return decodeMembers(answer.json);
  throw refused(operation, answer);
}

function encodeMembers(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, value instanceof Uint8Array ? base64OfBytes(value) : value]),
  );
}

function decodeMembers(output: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => {
      if (!binaryMembers.has(name)) return [name, value];
      const bytes = typeof value === "string" ? bytesOfBase64(value) : undefined;
      if (bytes === undefined) throw new EnvelopeError("ServiceRefused", `The key server's ${name} is not base64.`);
      return [name, bytes];
    }),
  );
}

function codeOf({ json }: ServiceAnswer): string {
  const type = isRecord(json) ? json["__type"] : undefined;
  return typeof type === "string" ? type.slice(type.lastIndexOf("#") + 1) : "";
}

/** What to do about refusals that have one cause. */
const advice: ReadonlyMap<string, string> = new Map([
  ["UnrecognizedClientException", "Check the access key id."],
  ["InvalidSignatureException", "Check the secret access key, and this machine's clock."],
  ["SignatureDoesNotMatch", "Check the secret access key, and this machine's clock."],
  ["ExpiredTokenException", "The session has ended: get new credentials."],
  ["NotFoundException", "Check the key, its region and its account."],
  ["DisabledException", "Enable the key, or use another."],
]);

function adviceFor(code: string, requestId: string | undefined): string {
  if (code === "AccessDeniedException" && requestId !== undefined) {
    return `On a Coffer server, coffer explain ${requestId} says which statement decides.`;
  }
  return advice.get(code) ?? "";
}

function refused(operation: string, answer: ServiceAnswer): EnvelopeError {
  const code = codeOf(answer);
  const requestId = answer.header("x-amzn-requestid");
  const { json } = answer;
  const said = isRecord(json) ? (json["message"] ?? json["Message"]) : undefined;
  const parts = [code || `status ${answer.status}`, typeof said === "string" ? said : "", adviceFor(code, requestId)];
  const unavailable = answer.status >= 500 || answer.status === 429 || retryableCodes.has(code);
  return new EnvelopeError(
    unavailable ? "ServiceUnavailable" : "ServiceRefused",
    `${operation} was refused: ${parts.filter((part) => part !== "").join(": ")}`,
    { serviceCode: code, status: answer.status, requestId },
  );
}
