import { platform } from "#platform";
import { joinBytes } from "../bytes.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";

/** The part of `fetch` that the clients use, so that a program can put its own there: a proxy, a certificate authority. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string | undefined;
    /** A redirected request would carry its token, or a plaintext key, to another server. */
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<FetchAnswer>;

/** The part of a `Response` that the clients use. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
}

/** How a service is called. */
export interface CallOptions {
  readonly fetch?: Fetch | undefined;
  /** For one attempt. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Attempts at most, the first included. Default 3. */
  readonly maxAttempts?: number | undefined;
}

/** An answer of a service. */
export interface ServiceAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown;
}

/** Bytes of an answer at most. */
export const maxAnswerBytes = 1024 * 1024;

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** What fails in the same way again: TLS, above all a certificate that is not trusted. */
const tlsProblem = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_(?:SSL|TLS)|^EPROTO$/;

/**
 * The URL of a service.
 *
 * @param service what it is, for errors, such as `a KMS server`
 * @throws EnvelopeError InvalidInput
 */
export function parseServiceUrl(text: string, service: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalidInput(`"${text}" is no URL of ${service}.`);
  // The text is not repeated: it may hold a password.
  if (url.username + url.password + url.search + url.hash !== "")
    throw invalidInput(`The URL of ${service} has no user, password, query or fragment.`);
  return url;
}

/**
 * Calls a service, again when it cannot answer now.
 *
 * @param service its name, for errors
 * @param prepare makes the request, anew for each attempt: a signature has a time
 * @param again whether an answer to this attempt, the first is 1, is worth another
 * @throws EnvelopeError ServiceUnavailable when no attempt was answered; ServiceRefused when an answer is too long or
 *   leads to another server; InvalidInput when a header cannot be sent
 */
export async function callService(
  service: string,
  options: CallOptions,
  prepare: () => Promise<{ url: string; method: string; headers: Record<string, string>; body?: string }>,
  again: (answer: ServiceAnswer, attempt: number) => boolean,
): Promise<ServiceAnswer> {
  const attempts = options.maxAttempts ?? 3;
  for (let attempt = 1; ; attempt++) {
    const request = await prepare();
    checkHeaders(request.headers);
    try {
      const answer = await send(service, options, request);
      if (attempt >= attempts || !again(answer, attempt)) return answer;
    } catch (cause) {
      if (cause instanceof EnvelopeError) throw cause;
      const reason = reasonOf(cause);
      if (attempt >= attempts || tlsProblem.test(reason)) throw unavailable(service, request.url, reason, cause);
    }
    await platform.pause(pauseMs(attempt));
  }
}

/** Full jitter, so that clients that failed together do not come back together. */
function pauseMs(attempt: number): number {
  const [random = 0] = platform.randomBytes(1);
  return Math.ceil((Math.min(firstPauseMs * 2 ** attempt, longestPauseMs) * (random + 1)) / 256);
}

/** The errors of `fetch` repeat what a header cannot hold, which is a secret here. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\x20-\x7e]+$/.test(value))
      throw invalidInput(`What is given for ${name} is empty, or has a character that no credentials have.`);
  }
}

async function send(
  service: string,
  options: CallOptions,
  request: { url: string; method: string; headers: Record<string, string>; body?: string },
): Promise<ServiceAnswer> {
  const { url, ...init } = request;
  const call: Fetch = options.fetch ?? ((target, rest) => fetch(target, { ...rest, body: rest.body ?? null }));
  const signal = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const { status, headers, body } = await call(url, { ...init, redirect: "manual", signal });
  // Browsers hide a redirection behind status 0.
  if (status < 200 || (status >= 300 && status < 400)) {
    await body?.cancel();
    const target = URL.parse(headers.get("location") ?? "", url)?.origin ?? "another address";
    throw refused(service, url, `leads to ${target}. If that is the server, name it as the endpoint`, status);
  }
  const bytes = await readBounded(body);
  if (bytes === undefined) throw refused(service, url, `answers more than ${maxAnswerBytes} bytes`, status);
  return {
    status,
    header: (name) => headers.get(name) ?? undefined,
    json: parseJson(new TextDecoder().decode(bytes)),
  };
}

/** @returns undefined when there are too many, of which no more are read */
async function readBounded(body: FetchAnswer["body"]): Promise<Uint8Array | undefined> {
  const reader = body?.getReader();
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {};
    if (done || value === undefined) return joinBytes(parts);
    byteLength += value.length;
    if (byteLength > maxAnswerBytes) {
      await reader?.cancel();
      return undefined;
    }
    parts.push(value);
  }
}

function refused(service: string, url: string, what: string, status: number): EnvelopeError {
  return new EnvelopeError("ServiceRefused", `${service} at ${new URL(url).origin} ${what}.`, { status });
}

/** An answer without a body says as much as an empty object. */
function parseJson(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why there is no answer, as far as the platform says. */
function reasonOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string") return code;
    if (error.name === "TimeoutError") return "no answer in time";
    if (error.cause === undefined) return error.message;
  }
  return "no connection";
}

function unavailable(service: string, url: string, reason: string, cause: unknown): EnvelopeError {
  const advice = tlsProblem.test(reason)
    ? "Check its certificate, and which authorities are trusted here"
    : "Check the endpoint, or try again";
  return new EnvelopeError(
    "ServiceUnavailable",
    `${service} at ${new URL(url).origin} does not answer (${reason}). ${advice}.`,
    { cause },
  );
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a service said and what to do, as one text: the code, its own words, the advice. Empty parts are left out. */
export function refusalText(code: string, said: string, advice: string): string {
  const own = [code, said.trim().replace(/\.$/, "")].filter((part) => part !== "").join(": ");
  return advice === "" ? own : `${own}. ${advice}`;
}
