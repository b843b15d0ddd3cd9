import { RelayRefusal } from "./problem.ts";

/** What JSON has for objects; every member is untrusted. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The refusal of a request that cannot be read. */
export function invalid(detail: string): RelayRefusal {
  return new RelayRefusal("InvalidRequest", detail);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The object that a body has. @throws RelayRefusal InvalidRequest */
export function readBody(body: Uint8Array): JsonRecord {
  try {
    return recordOf(JSON.parse(decoder.decode(body)), "The body");
  } catch (cause) {
    if (cause instanceof RelayRefusal) throw cause;
    throw invalid("The body must be JSON in UTF-8.");
  }
}

/** @throws RelayRefusal InvalidRequest */
export function recordOf(value: unknown, what: string): JsonRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${what} must be an object.`);
  return value as JsonRecord;
}

/** @throws RelayRefusal InvalidRequest */
export function arrayOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${what} must be an array.`);
  if (value.length > most) throw invalid(`${what} must have at most ${most} members.`);
  return value;
}

/** A text of 1 to `most` characters. @throws RelayRefusal InvalidRequest */
export function textOf(value: unknown, what: string, most: number, pattern?: RegExp): string {
  if (typeof value !== "string" || value.length === 0 || value.length > most || pattern?.test(value) === false) {
    throw invalid(
      `${what} must be a text of 1 to ${most} characters${pattern === undefined ? "" : ` like ${pattern.source}`}.`,
    );
  }
  return value;
}

/** Base64 (RFC 4648, section 4) of 1 to `most` characters, as text. @throws RelayRefusal InvalidRequest */
export function base64Of(value: unknown, what: string, most: number): string {
  const text = textOf(value, what, most);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw invalid(`${what} must be base64 with padding.`);
  }
  return text;
}

/** A whole number from `least` on. @throws RelayRefusal InvalidRequest */
export function numberOf(value: unknown, what: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw invalid(`${what} must be a whole number from ${least} to ${most}.`);
  }
  return value as number;
}

/** A whole number in a query; `otherwise` when it is absent. @throws RelayRefusal InvalidRequest */
export function queryNumber(
  query: URLSearchParams,
  name: string,
  otherwise: number | undefined,
  most?: number,
): number {
  const text = query.get(name);
  if (text === null && otherwise !== undefined) return otherwise;
  return numberOf(/^\d{1,16}$/.test(text ?? "") ? Number(text) : undefined, `The parameter ${name}`, 0, most);
}
