import { readFileSync } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { flagText, type Invocation, type OptionRow } from "./command.ts";

/** The options of every command that talks to a server. */
export const endpointOptions: readonly OptionRow[] = [
  {
    name: "endpoint",
    placeholder: "URL",
    doc: "URL of the server (COFFER_ENDPOINT, else the credentials file, else http://127.0.0.1:8080).",
  },
  { name: "ca-file", placeholder: "FILE", doc: "PEM certificates to trust besides the system's." },
  {
    name: "credentials-file",
    placeholder: "FILE",
    doc: "JSON file with endpoint and token (COFFER_CREDENTIALS_FILE; default ~/.coffer/credentials.json).",
  },
];

/** The options of every command that authenticates. */
export const clientOptions: readonly OptionRow[] = [
  ...endpointOptions,
  {
    name: "token-file",
    placeholder: "FILE",
    doc: "File with the token (else COFFER_TOKEN, else the credentials file).",
  },
];

/** An answer of the server. */
export interface ClientAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown;
}

/** A client of one server. */
export interface Client {
  /** Without a slash at the end. */
  readonly endpoint: string;
  /**
   * @param path with the query, beginning with a slash
   * @throws OperatorError when there is no answer, saying what to do
   */
  get(path: string): Promise<ClientAnswer>;
  /** As `get`, with any method and a body that is sent as JSON; a text is sent as it is. */
  send(method: string, path: string, body?: unknown): Promise<ClientAnswer>;
}

const requestTimeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024 * 1024;
const defaultEndpoint = "http://127.0.0.1:8080";

/**
 * Makes the client that a command's options and the environment ask for: an option wins over a variable, that over the
 * credentials file.
 *
 * @throws OperatorError when something given cannot be used, or a token is needed and there is none
 */
export function openClient(invocation: Invocation, needs: { readonly token: boolean }): Client {
  const credentials = readCredentials(invocation);
  const endpoint = parseEndpoint(
    flagText(invocation, "endpoint") ||
      invocation.environment["COFFER_ENDPOINT"] ||
      credentials.endpoint ||
      defaultEndpoint,
  );
  const token = needs.token ? findToken(invocation, credentials) : undefined;
  const caFile = flagText(invocation, "ca-file");
  const ca = caFile === undefined ? undefined : readGivenFile(invocation, caFile);
  const sendTo = (method: string, path: string, body?: unknown) => send({ endpoint, token, ca, method, path, body });
  return { endpoint, get: (path) => sendTo("GET", path), send: sendTo };
}

interface Credentials {
  readonly file: string;
  readonly endpoint: string | undefined;
  readonly token: string | undefined;
}

function readCredentials(invocation: Invocation): Credentials {
  const given = flagText(invocation, "credentials-file") || invocation.environment["COFFER_CREDENTIALS_FILE"];
  const file = given || resolve(invocation.homeDirectory, ".coffer", "credentials.json");
  let text: string;
  try {
    text = readFileSync(resolve(invocation.workingDirectory, file), "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!given && code === "ENOENT") return { file, endpoint: undefined, token: undefined };
    throw new OperatorError(`cannot read the credentials file ${file}: ${code}.`);
  }
  const value = parseJson(text);
  if (!isRecord(value)) throw new OperatorError(`the credentials file ${file} is not a JSON object.`);
  return { file, endpoint: textOf(value["endpoint"]), token: textOf(value["token"]) };
}

function findToken(invocation: Invocation, credentials: Credentials): string {
  const tokenFile = flagText(invocation, "token-file");
  const token =
    tokenFile === undefined
      ? invocation.environment["COFFER_TOKEN"] || credentials.token
      : readGivenFile(invocation, tokenFile).trim();
  if (token === undefined || token === "") {
    throw new OperatorError(
      `this command needs a token: set COFFER_TOKEN, or give --token-file FILE (${credentials.file} has none).`,
    );
  }
  // A line break would end the header; the token itself is never shown.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new OperatorError("the token has characters that no token has.");
  return token;
}

function readGivenFile(invocation: Invocation, file: string): string {
  try {
    return readFileSync(resolve(invocation.workingDirectory, file), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

function parseEndpoint(text: string): string {
  const url = URL.parse(text);
  if (url === null || !(url.protocol === "http:" || url.protocol === "https:")) {
    throw new OperatorError(`the endpoint "${text}" is not a URL such as ${defaultEndpoint}.`);
  }
  if (url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new OperatorError("the endpoint has no user, query or fragment.");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

interface Sending {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly ca: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

async function send({ endpoint, token, ca, method, path, body }: Sending): Promise<ClientAnswer> {
  const request = endpoint.startsWith("https:") ? requestHttps : requestHttp;
  const headers: Record<string, string> = { Accept: "application/json", "User-Agent": "coffer-cli" };
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const content = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  if (content !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, signal, ...(ca === undefined ? {} : { ca }) };
  const outgoing = request(`${endpoint}${path}`, options, answered);
  outgoing.on("error", reject);
  outgoing.end(content);
  try {
    const message = await promise;
    const text = await readText(message);
    return {
      status: message.statusCode ?? 0,
      header: (name) => message.headersDistinct[name]?.[0],
      json: parseJson(text),
    };
  } catch (error) {
    throw describeNoAnswer(endpoint, error as NodeJS.ErrnoException);
  }
}

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Why there is no answer, and what to do. */
const noAnswer: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there. Start it with 'coffer server', or name another with --endpoint URL"],
  ["ENOTFOUND", "the host name is unknown; check --endpoint and COFFER_ENDPOINT"],
  ["EAI_AGAIN", "the host name cannot be resolved now; check the network and --endpoint"],
  ["EHOSTUNREACH", "the machine cannot be reached; check the network and --endpoint"],
  ["ETIMEDOUT", "the machine does not answer; check the network and --endpoint"],
  ["ABORT_ERR", `there was no answer within ${requestTimeoutMs / 1000} seconds`],
  ["ECONNRESET", "it closed the connection; if it speaks HTTPS, write https:// in the endpoint"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is self-signed; if it is yours, give it with --ca-file FILE"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate's authority is unknown; give it with --ca-file FILE"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate's authority is unknown; give it with --ca-file FILE"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its certificate's authority is unknown; give it with --ca-file FILE"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name; check --endpoint"],
  ["EPROTO", "it does not speak HTTPS; check whether the endpoint should begin with http://"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak HTTPS; write http:// in the endpoint"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "it does not speak HTTPS; write http:// in the endpoint"],
]);

function describeNoAnswer(endpoint: string, error: NodeJS.ErrnoException): OperatorError {
  const code = error.code ?? "";
  const known = noAnswer.get(code) ?? (code.startsWith("HPE_") ? "it does not speak HTTP" : undefined);
  return new OperatorError(`no answer from ${endpoint}: ${known ?? (code || error.message)}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What the server says is wrong, from the body of an error; its status when it says nothing. */
export function describeRefusal(answer: ClientAnswer): string {
  if (isRecord(answer.json)) {
    for (const name of ["detail", "message", "title", "error"]) {
      const text = textOf(answer.json[name]);
      if (text !== undefined) return text;
    }
    // Vault's.
    const { errors } = answer.json;
    if (Array.isArray(errors) && errors.length > 0) return errors.map(String).join("; ");
  }
  return `status ${answer.status}`;
}
