import { decodeUtf8, limits, parseStrictJson } from "@coffer/service";
import { refuseSerialization, refuseType } from "./problems.ts";

const depth = { maxDepth: limits.jsonDepth.value };

const reasons = {
  "invalid JSON": "The request body is not valid JSON",
  "duplicate key": "The request body names a member twice",
  "nested too deeply": `The request body nests more than ${depth.maxDepth} levels`,
} as const;

/**
 * Parses a request body, which must be a JSON object.
 *
 * @throws ServiceError InvalidInput kind `serialization`; the reason never quotes the body
 */
export function readBody(body: Uint8Array): object {
  const text = decodeUtf8(body);
  if (text === undefined) refuseSerialization("The request body is not valid UTF-8");
  const parsed = parseStrictJson(text, depth);
  if (!parsed.ok) refuseSerialization(`${reasons[parsed.reason]} (character ${parsed.offset})`);
  const { value } = parsed;
  if (Array.isArray(value)) refuseType(value, "an object");
  if (typeof value !== "object" || value === null) refuseSerialization("The request body is not a JSON object");
  return value;
}
