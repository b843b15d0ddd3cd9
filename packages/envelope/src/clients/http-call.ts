import { platform } from "#platform";
import { EnvelopeError } from "../errors.ts";

/** The part of `fetch` that the clients use, so that a program can put its own there: a proxy, a certificate authority. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string | undefined;
    readonly signal: AbortSignal;
  },
) => Promise<FetchAnswer>;

/** The part of a `Response` that the clients use. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
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

/**
 * Calls a service, again when it cannot answer now.
 *
 * @param service its name, for errors
 * @param prepare makes the request, anew for each attempt: a signature has a time
 * @param again whether an answer is worth another attempt
 * @throws EnvelopeError ServiceUnavailable when no attempt was answered
 */
export async function callService(
  service: string,
  options: CallOptions,
  prepare: () => Promise<{ url: string; method: string; headers: Record<string, string>; body?: string }>,
  again: (answer: ServiceAnswer) => boolean,
): Promise<ServiceAnswer> {
  const attempts = options.maxAttempts ?? 3;
  for (let attempt = 1; ; attempt++) {
    const request = await prepare();
    try {
      const answer = await send(options, request);
      if (attempt >= attempts || !again(answer)) return answer;
    } catch (cause) {
      if (attempt >= attempts) throw unavailable(service, request.url, cause);
    }
    await platform.pause(pauseMs(attempt));
  }
}

/** Full jitter, so that clients that failed together do not come back together. */
function pauseMs(attempt: number): number {
  const [random = 0] = platform.randomBytes(1);
  return Math.ceil((Math.min(firstPauseMs * 2 ** attempt, longestPauseMs) * (random + 1)) / 256);
}

async function send(
  options: CallOptions,
  request: { url: string; method: string; headers: Record<string, string>; body?: string },
): Promise<ServiceAnswer> {
  const { url, ...init } = request;
  const call: Fetch =
    options.fetch ?? ((target, rest) => fetch(target, { ...rest, body: rest.body ?? null, redirect: "error" }));
  const response = await call(url, { ...init, signal: AbortSignal.timeout(options.timeoutMs ?? 10_000) });
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    json: parseJson(new TextDecoder().decode(bytes)),
  };
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

function unavailable(service: string, url: string, cause: unknown): EnvelopeError {
  return new EnvelopeError(
    "ServiceUnavailable",
    `${service} at ${new URL(url).origin} does not answer (${reasonOf(cause)}). Check the endpoint, or try again.`,
    { cause },
  );
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
