import { decodeBase64 } from "../http/base64.ts";

/** What Transit made, taken apart: `vault:vN:BASE64`. */
export type Versioned =
  | { readonly ok: true; readonly keyVersion: number; readonly bytes: Buffer }
  | { readonly ok: false; readonly problem: "prefix" | "fields" | "version" | "base64" };

const prefix = "vault:v";

/** Takes a signature or an HMAC apart, whatever its version is. */
export function parseVersioned(text: string, encoding: "base64" | "base64url"): Versioned {
  if (!text.startsWith(prefix)) return { ok: false, problem: "prefix" };
  const separator = text.indexOf(":", prefix.length);
  if (separator < 0) return { ok: false, problem: "fields" };
  const version = text.slice(prefix.length, separator);
  if (!/^[0-9]{1,9}$/.test(version)) return { ok: false, problem: "version" };
  const bytes = decode(text.slice(separator + 1), encoding);
  if (bytes === undefined) return { ok: false, problem: "base64" };
  return { ok: true, keyVersion: Number(version), bytes };
}

function decode(text: string, encoding: "base64" | "base64url"): Buffer | undefined {
  if (encoding === "base64url") {
    const bytes = Buffer.from(text, "base64url");
    return bytes.toString("base64url") === text ? bytes : undefined;
  }
  const decoded = decodeBase64(text);
  return decoded.ok ? decoded.bytes : undefined;
}

/** Writes what Transit made. */
export function formatVersioned(keyVersion: number, bytes: Uint8Array, encoding: "base64" | "base64url"): string {
  return `${prefix}${keyVersion}:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding)}`;
}
