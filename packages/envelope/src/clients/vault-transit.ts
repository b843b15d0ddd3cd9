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
import type { TransitClient, TransitInput } from "./transit-client.ts";

/** How to reach a Vault server, or a Coffer server by its Vault API. */
export interface VaultOptions extends CallOptions {
  /** Such as `https://vault.example:8200`. */
  readonly address: string;
  readonly token: string | (() => Promise<string>);
  readonly namespace?: string | undefined;
}

/** How to reach a Transit engine. */
export interface TransitClientOptions extends VaultOptions {
  /** Default `transit`. */
  readonly mount?: string | undefined;
}

/**
 * A client of Vault's Transit engine over `fetch`. Source: Vault API, secret/transit.
 *
 * Plaintext passes through strings of JSON in requests and answers, which nobody can wipe. Bytes in answers are the
 * caller's, who wipes them.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function transitClient(options: TransitClientOptions): TransitClient {
  const mount = trimSlashes(options.mount ?? "transit");
  parseServiceUrl(options.address, vaultServer);
  const mountPath = encodePath(mount);
  const call = (operation: string, key: string, body: object) =>
    callVault(options, "POST", `${mountPath}/${operation}/${encodeSegment(key)}`, body);
  return {
    mount,
    async generateDataKey({ key, bits, associatedData }) {
      const data = await call("datakey/plaintext", key, { bits, ...associated(associatedData) });
      return { plaintext: bytesMember(data, "plaintext"), ciphertext: textMember(data, "ciphertext") };
    },
    async encrypt({ key, plaintext, associatedData }) {
      const body = { plaintext: base64OfBytes(plaintext), ...associated(associatedData) };
      return { ciphertext: textMember(await call("encrypt", key, body), "ciphertext") };
    },
    async decrypt({ key, ciphertext, associatedData }) {
      const data = await call("decrypt", key, { ciphertext, ...associated(associatedData) });
      return { plaintext: bytesMember(data, "plaintext") };
    },
  };
}

function associated(bytes: TransitInput["associatedData"]): { associated_data?: string } {
  return bytes === undefined || bytes.length === 0 ? {} : { associated_data: base64OfBytes(bytes) };
}

/** A mount or a folder, without slashes at its ends. */
export function trimSlashes(path: string): string {
  return path.replace(/^\/+|(?<!\/)\/+$/g, "");
}

/**
 * A path in a URL.
 *
 * @throws EnvelopeError InvalidInput when it would be another's there
 */
export function encodePath(path: string): string {
  return path.split("/").map(encodeSegment).join("/");
}

function encodeSegment(segment: string): string {
  if (["", ".", ".."].includes(segment)) throw invalidInput(`"${segment}" is no part of a path of a Vault server.`);
  return encodeURIComponent(segment);
}

const vaultServer = "a Vault server";

/**
 * Calls a Vault server.
 *
 * @param path after `/v1/`, encoded
 * @returns the answer's `data`
 * @throws EnvelopeError ServiceRefused, ServiceUnavailable
 */
export async function callVault(
  options: VaultOptions,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const { href } = parseServiceUrl(options.address, vaultServer);
  const url = `${href.replace(/\/$/, "")}/v1/${path}`;
  const answer = await callService(
    "The Vault server",
    options,
    async () => {
      const token = typeof options.token === "string" ? options.token : await options.token();
      const headers: Record<string, string> = { "X-Vault-Token": token, "X-Vault-Request": "true" };
      if (options.namespace !== undefined) headers["X-Vault-Namespace"] = options.namespace;
      return body === undefined ? { url, method, headers } : { url, method, headers, body: JSON.stringify(body) };
    },
    ({ status }) => status === 429 || status === 500 || status === 502 || status === 504,
  );
  const data = isRecord(answer.json) ? answer.json["data"] : undefined;
  if (answer.status === 200 && isRecord(data)) return data;
  throw refused(path, answer);
}

function textMember(data: Readonly<Record<string, unknown>>, name: string): string {
  const value = data[name];
  if (typeof value !== "string") throw new EnvelopeError("ServiceRefused", `The Vault server's answer has no ${name}.`);
  return value;
}

function bytesMember(data: Readonly<Record<string, unknown>>, name: string): Uint8Array {
  const bytes = bytesOfBase64(textMember(data, name));
  if (bytes === undefined) throw new EnvelopeError("ServiceRefused", `The Vault server's ${name} is not base64.`);
  return bytes;
}

/** What to do about a refusal, by its status. Source: Vault API, HTTP status codes. */
const advice: ReadonlyMap<number, string> = new Map([
  [403, "Check the token and its policies."],
  [404, "Check the mount and the key's name."],
  [503, "The server is sealed or not ready."],
]);

function refused(path: string, answer: ServiceAnswer): EnvelopeError {
  const errors = isRecord(answer.json) ? answer.json["errors"] : undefined;
  const isVault = Array.isArray(errors);
  const said = (isVault ? errors : [])
    .filter((text) => typeof text === "string")
    .join("; ")
    .replace(/\s+/g, " ")
    .trim();
  const next = isVault ? advice.get(answer.status) : "That is no answer of a Vault server: check its address.";
  const text = refusalText(`status ${answer.status}`, said, next ?? "");
  return new EnvelopeError(
    answer.status === 429 || answer.status >= 500 ? "ServiceUnavailable" : "ServiceRefused",
    `${path} was refused: ${text}`,
    { status: answer.status, requestId: isRecord(answer.json) ? textOf(answer.json["request_id"]) : undefined },
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
