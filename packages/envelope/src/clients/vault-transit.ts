import { base64OfBytes, bytesOfBase64 } from "../bytes.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import { type CallOptions, callService, isRecord, type ServiceAnswer } from "./http-call.ts";
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
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function transitClient(options: TransitClientOptions): TransitClient {
  const mount = (options.mount ?? "transit").replace(/^\/+|\/+$/g, "");
  const call = (path: string, key: string, body: object) =>
    callVault(options, "POST", `${mount}/${path}`.replace(":key", encodeURIComponent(key)), body);
  return {
    mount,
    async generateDataKey({ key, bits, associatedData }) {
      const data = await call("datakey/plaintext/:key", key, { bits, ...associated(associatedData) });
      return { plaintext: bytesMember(data, "plaintext"), ciphertext: textMember(data, "ciphertext") };
    },
    async encrypt({ key, plaintext, associatedData }) {
      const body = { plaintext: base64OfBytes(plaintext), ...associated(associatedData) };
      return { ciphertext: textMember(await call("encrypt/:key", key, body), "ciphertext") };
    },
    async decrypt({ key, ciphertext, associatedData }) {
      const data = await call("decrypt/:key", key, { ciphertext, ...associated(associatedData) });
      return { plaintext: bytesMember(data, "plaintext") };
    },
  };
}

function associated(bytes: TransitInput["associatedData"]): { associated_data?: string } {
  return bytes === undefined || bytes.length === 0 ? {} : { associated_data: base64OfBytes(bytes) };
}

/**
 * Calls a Vault server.
 *
 * @param path after `/v1/`
 * @returns the answer's `data`
 * @throws EnvelopeError ServiceRefused, ServiceUnavailable
 */
export async function callVault(
  options: VaultOptions,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const base = URL.parse(options.address);
  if (base === null || !/^https?:$/.test(base.protocol))
    throw invalidInput(`"${options.address}" is no URL of a Vault server.`);
  const url = new URL(`v1/${path}`, base.href.endsWith("/") ? base.href : `${base.href}/`).href;
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
  const errors = isRecord(answer.json) && Array.isArray(answer.json["errors"]) ? answer.json["errors"] : [];
  const said = errors
    .filter((text) => typeof text === "string")
    .join("; ")
    .trim();
  const parts = [`status ${answer.status}`, said, advice.get(answer.status) ?? ""].filter((part) => part !== "");
  return new EnvelopeError(
    answer.status === 429 || answer.status >= 500 ? "ServiceUnavailable" : "ServiceRefused",
    `${path} was refused: ${parts.join(": ")}`,
    { status: answer.status, requestId: isRecord(answer.json) ? textOf(answer.json["request_id"]) : undefined },
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
