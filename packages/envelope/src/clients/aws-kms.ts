import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64 } from "../bytes.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import {
  type CallOptions,
  callService,
  isRecord,
  parseServiceUrl,
  refusalText,
  type ServiceAnswer,
} from "./http-call.ts";
import type { KmsDataKey, KmsDataKeyPair, KmsKeyMaker } from "./kms-client.ts";
import { signPost } from "./sign-request.ts";

/** Credentials of AWS, or of a Coffer server: the same kind. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end. A provider is asked again five minutes before, and when the server says that they did. */
  readonly expiration?: Date | undefined;
}

/** How to reach AWS KMS, or a Coffer server. */
export interface KmsClientOptions extends CallOptions {
  /** The region that requests are signed for, such as `us-east-1`. */
  readonly region: string;
  /** Default: AWS's own of the region. */
  readonly endpoint?: string | undefined;
  /** A provider is asked once for calls that come together. */
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
  "ImportToken",
  "Mac",
  "Message",
  "Plaintext",
  "PrivateKeyCiphertextBlob",
  "PrivateKeyPlaintext",
  "PublicKey",
  "SharedSecret",
  "SharedSecretCiphertextBlob",
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
 * Plaintext passes through strings of JSON in requests and answers, which nobody can wipe. Bytes in answers are the
 * caller's, who wipes them.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function kmsClient(options: KmsClientOptions): KmsCaller {
  const { region } = options;
  if (!/^[a-z0-9-]+$/.test(region)) throw invalidInput(`"${region}" is no region such as us-east-1.`);
  const { href } = parseServiceUrl(options.endpoint ?? awsEndpoint(region), "a KMS server");
  const credentials = keepFresh(options.credentials);
  const call = (operation: string, input: object) => callKms(options, href, credentials, operation, input);
  const wrapped = ["KeyId", "CiphertextBlob"];
  const callFor = async (operation: string, input: object, members: readonly string[]) =>
    withMembers(operation, await call(operation, input), members);
  return {
    call,
    generateDataKey: (input) => callFor("GenerateDataKey", input, [...wrapped, "Plaintext"]),
    encrypt: (input) => callFor("Encrypt", input, wrapped),
    decrypt: (input) => callFor("Decrypt", input, ["KeyId", "Plaintext"]),
    generateDataKeyWithoutPlaintext: (input) => callFor("GenerateDataKeyWithoutPlaintext", input, wrapped),
    generateDataKeyPairWithoutPlaintext: (input) =>
      callFor("GenerateDataKeyPairWithoutPlaintext", input, ["KeyId", "PublicKey", "PrivateKeyCiphertextBlob"]),
    reEncrypt: (input) => callFor("ReEncrypt", input, wrapped),
  };
}

/** Source: the partitions of AWS, as botocore 1.44 lists them. */
function awsEndpoint(region: string): string {
  const suffixes = [
    ["cn-", "amazonaws.com.cn"],
    ["eusc-", "amazonaws.eu"],
    ["us-isob-", "sc2s.sgov.gov"],
    ["us-isof-", "csp.hci.ic.gov"],
    ["eu-isoe-", "cloud.adc-e.uk"],
    ["us-iso-", "c2s.ic.gov"],
  ] as const;
  return `https://kms.${region}.${suffixes.find(([start]) => region.startsWith(start))?.[1] ?? "amazonaws.com"}`;
}

type Answered = KmsDataKey & KmsDataKeyPair;

/** @throws EnvelopeError ServiceRefused when the answer lacks a member */
function withMembers(operation: string, output: Record<string, unknown>, members: readonly string[]): Answered {
  for (const name of members) {
    const value = output[name];
    if (binaryMembers.has(name) ? value instanceof Uint8Array : typeof value === "string" && value !== "") continue;
    throw new EnvelopeError("ServiceRefused", `The key server's answer to ${operation} has no ${name}.`);
  }
  return output;
}

/** Credentials that are asked for when they are needed. */
interface FreshCredentials {
  current(): Promise<AwsCredentials>;
  /** The server refuses those. @returns whether there may be others */
  forget(): boolean;
}

function keepFresh(given: KmsClientOptions["credentials"]): FreshCredentials {
  if (typeof given !== "function") return { current: async () => given, forget: () => false };
  let known: AwsCredentials | undefined;
  let asked: Promise<AwsCredentials> | undefined;
  const ask = async () => {
    try {
      known = await given();
      return known;
    } finally {
      asked = undefined;
    }
  };
  return {
    async current() {
      const before = known;
      const leftMs = (before?.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - platform.now();
      if (before !== undefined && leftMs > refreshBeforeMs) return before;
      asked ??= ask();
      try {
        return await asked;
      } catch (error) {
        // A provider that is out of order for a moment stops nothing before they end.
        if (before !== undefined && leftMs > 0) return before;
        throw error;
      }
    },
    forget() {
      known = undefined;
      return true;
    },
  };
}

async function callKms(
  options: KmsClientOptions,
  url: string,
  credentials: FreshCredentials,
  operation: string,
  input: object,
): Promise<Record<string, unknown>> {
  const body = JSON.stringify(encodeValue(input));
  const answer = await callService(
    "The key server",
    options,
    async () => {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` };
      const post = { url, body, headers, region: options.region, service: "kms", timeMs: platform.now() };
      return { url, method: "POST", headers: await signPost(post, await credentials.current()), body };
    },
    (refusal, attempt) =>
      isTemporary(refusal) || (attempt === 1 && codeOf(refusal) === "ExpiredTokenException" && credentials.forget()),
  );
  if (answer.status === 200 && isRecord(answer.json)) return decodeMembers(answer.json);
  throw refused(operation, answer);
}

function isTemporary(answer: ServiceAnswer): boolean {
  return answer.status >= 500 || answer.status === 429 || retryableCodes.has(codeOf(answer));
}

/** Bytes are base64, times seconds since 1970. Source: AWS JSON 1.1 protocol. */
function encodeValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64OfBytes(value);
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(encodeValue);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encodeValue(member)]));
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
  ["", "That is no answer of a KMS server: check the endpoint."],
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
  const { json, status } = answer;
  const said = isRecord(json) ? (json["message"] ?? json["Message"]) : undefined;
  const text = refusalText(
    code || `status ${status}`,
    typeof said === "string" ? said : "",
    adviceFor(code, requestId),
  );
  return new EnvelopeError(
    isTemporary(answer) ? "ServiceUnavailable" : "ServiceRefused",
    `${operation} was refused: ${text}`,
    { serviceCode: code, status, requestId },
  );
}
