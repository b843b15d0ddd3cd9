/** A request path, taken apart and decoded once. */
export type ParsedPath =
  | {
      readonly ok: true;
      /** Decoded; none is empty, `.` or `..`, alone or between encoded slashes. */
      readonly segments: readonly string[];
      readonly trailingSlash: boolean;
    }
  | {
      readonly ok: false;
      /** A whole sentence that never quotes the path. */
      readonly reason: string;
    };

/** C0 controls, delete and C1 controls. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\x00-\x1f\x7f-\x9f]/;
/** The bytes that need no decoding, no dot segment and no second look: the usual path. */
const plain = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$/;

function refuse(reason: string): ParsedPath {
  return { ok: false, reason };
}

function isUnsafe(segment: string): boolean {
  return segment.split(/[/\\]/).some((part) => part === "" || part === "." || part === "..");
}

/**
 * Takes a raw request path apart. Each segment is percent-decoded exactly once, so `%252e` stays `%2e` and an encoded
 * slash stays inside its segment. Refused are empty segments, dot segments however they are written, control
 * characters and malformed or non-UTF-8 escapes: what two readers could see as two different paths.
 *
 * @param path starts with `/`, as sent
 */
export function parsePath(path: string): ParsedPath {
  if (plain.test(path)) return { ok: true, segments: path.slice(1).split("/"), trailingSlash: false };
  if (!path.startsWith("/")) return refuse("The path must start with a slash.");
  if (path === "/") return { ok: true, segments: [], trailingSlash: false };
  const trailingSlash = path.endsWith("/");
  const segments: string[] = [];
  for (const part of path.slice(1, trailingSlash ? -1 : undefined).split("/")) {
    let segment: string;
    try {
      segment = decodeURIComponent(part);
    } catch {
      return refuse("The path has a malformed percent escape.");
    }
    if (control.test(segment)) return refuse("The path must not hold control characters.");
    if (isUnsafe(segment)) return refuse("The path must not hold empty segments, '.' or '..'.");
    segments.push(segment);
  }
  return { ok: true, segments, trailingSlash };
}
