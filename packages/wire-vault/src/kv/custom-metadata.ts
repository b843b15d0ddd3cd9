import { ServiceError } from "@coffer/service";
import { collected } from "../errors.ts";
import { vaultLimits } from "../limits.ts";
import { refuse } from "./data.ts";

const failed = "custom_metadata validation failed";
/** Control characters, line and paragraph separators, and what is no character. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

function problemsOf(key: string, value: string): string[] {
  const { customMetadataKeyBytes, customMetadataValueBytes } = vaultLimits;
  const quoted = JSON.stringify(key.slice(0, customMetadataKeyBytes.value));
  const problems: string[] = [];
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes === 0 || keyBytes > customMetadataKeyBytes.value) {
    const range = `0 < len(key) <= ${customMetadataKeyBytes.value}`;
    problems.push(`${failed}: length of key ${quoted} is ${keyBytes} but must be ${range}`);
  }
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes === 0 || valueBytes > customMetadataValueBytes.value) {
    const range = `0 < len(value) <= ${customMetadataValueBytes.value}`;
    problems.push(`${failed}: length of value for key ${quoted} is ${valueBytes} but must be ${range}`);
  }
  if (unprintable.test(key)) problems.push(`${failed}: key ${quoted} contains unprintable characters`);
  if (unprintable.test(value)) problems.push(`${failed}: value for key ${quoted} contains unprintable characters`);
  return problems;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value === null) return "";
  return refuse(`${failed}: expected text`);
}

function checkAll(texts: readonly (readonly [string, string])[]): void {
  const max = vaultLimits.customMetadataKeys.value;
  const problems =
    texts.length > max
      ? [`${failed}: payload must contain at most ${max} keys, provided ${texts.length}`]
      : texts.flatMap(([key, value]) => problemsOf(key, value));
  if (problems.length === 0) return;
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: collected(...problems) });
}

/**
 * Reads custom metadata (OpenBao, builtin/logical/kv/path_metadata.go: `validateCustomMetadata`).
 *
 * @throws ServiceError InvalidInput with all that is wrong
 */
export function parseCustomMetadata(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts = Object.entries(raw).map(([key, value]) => [key, textOf(value)] as const);
  checkAll(texts);
  return Object.fromEntries(texts);
}

/** As `parseCustomMetadata`, with null for what goes. */
export function parseCustomMetadataPatch(
  raw: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | null>> {
  const texts = Object.entries(raw).map(([key, value]) => [key, value === null ? null : textOf(value)] as const);
  checkAll(texts.filter((pair): pair is readonly [string, string] => pair[1] !== null));
  return Object.fromEntries(texts);
}
