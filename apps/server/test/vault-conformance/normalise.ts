import type { Json } from "./scenario.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Whole strings that differ from run to run, and what stands for them. The first that matches counts. */
const texts: readonly (readonly [RegExp, string | ((match: RegExpExecArray) => string)])[] = [
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "<uuid>"],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/, "<time>"],
  [/^vault:v(\d+):([A-Za-z0-9+/]+=*)$/, ([, version, text]) => `<vault:v${version}: ${bytesOf(text ?? "")} bytes>`],
  [/^-----BEGIN ([A-Z ]+)-----\n/, ([, label]) => `<${label}>`],
];

/** Members whose strings are of one kind. */
const members: ReadonlyMap<string, (text: string) => string> = new Map([
  ["request_id", (text) => (text === "" ? "" : "<request id>")],
  ["accessor", accessor],
  ["mount_accessor", accessor],
  ["wrapped_accessor", accessor],
  ["client_token", token],
  ["root_token", token],
  ["token", token],
  ["id", token],
]);

/**
 * What two servers have in common of an answer: ids, times, tokens, ciphertexts and public keys become names of what they are.
 *
 * @param random paths into the value to base64 or hex of random bytes
 */
export function normalise(value: Json, random: readonly string[] = []): Json {
  return normaliseAt("", "", value, new Set(random));
}

function normaliseAt(path: string, name: string, value: Json, random: ReadonlySet<string>): Json {
  if (typeof value === "string") return random.has(path) ? randomBytes(value) : text(name, value);
  if (typeof value === "number") return normaliseNumber(name, value);
  if (typeof value !== "object" || value === null) return value;
  const below = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(value)) return value.map((item, at) => normaliseAt(below(String(at)), name, item, random));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, normaliseAt(below(key), key, item, random)]),
  );
}

function text(name: string, value: string): string {
  const named = members.get(name)?.(value);
  if (named !== undefined && named !== value) return named;
  for (const [pattern, stands] of texts) {
    const match = pattern.exec(value);
    if (match !== null) return typeof stands === "string" ? stands : stands(match);
  }
  return value.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>");
}

function token(value: string): string {
  return /^(?:hvs|s|hvb|b)\.[\w.-]{20,}$/.test(value) ? "<token>" : value;
}

function accessor(value: string): string {
  const match = /^(?:(\w+)_[0-9a-f]{8}|[\w.-]{24,})$/.exec(value);
  return match === null ? value : match[1] === undefined ? "<accessor>" : `<accessor of ${match[1]}>`;
}

function randomBytes(value: string): string {
  if (value.startsWith("-----BEGIN")) return text("", value);
  if (/^(?:[0-9a-f]{2})+$/.test(value)) return `<hex of ${value.length / 2} bytes>`;
  if (/^[A-Za-z0-9+/]+=*$/.test(value)) return `<base64 of ${bytesOf(value)} bytes>`;
  return value;
}

function bytesOf(text: string): number {
  return Buffer.from(text, "base64").length;
}

/** Times of now, and times to live that a second may have passed of. */
function normaliseNumber(name: string, value: number): Json {
  if (Number.isInteger(value) && Math.abs(value * 1000 - Date.now()) < dayMs) return "<seconds of now>";
  return name === "ttl" ? Math.ceil(value / 10) * 10 : value;
}
