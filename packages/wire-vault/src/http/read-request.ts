import { decodeUtf8, isCompressed, limits, parseStrictJson, ServiceError, type WireRequest } from "@coffer/service";
import { vaultLimits } from "../limits.ts";
import type { VaultOperation } from "./call.ts";
import { Fields } from "./fields.ts";

function refuse(kind: "serialization" | "validation", reason: string): never {
  throw ServiceError.of("InvalidInput", { kind, reason });
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["t", true],
  ["true", true],
  ["TRUE", true],
  ["True", true],
  ["0", false],
  ["f", false],
  ["false", false],
  ["FALSE", false],
  ["False", false],
]);

const operations: ReadonlyMap<string, VaultOperation> = new Map([
  ["GET", "read"],
  ["LIST", "list"],
  ["SCAN", "scan"],
  ["POST", "update"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);

/**
 * What a request wants: by method, or `GET` with `?list=true` or `?scan=true` (OpenBao, internal/http/logical.go).
 *
 * @throws ServiceError InvalidInput kind `method`; kind `validation` for a `list` or `scan` that is no truth value
 */
export function readOperation(method: string, query: URLSearchParams): VaultOperation {
  const operation = operations.get(method);
  if (operation === undefined) {
    throw ServiceError.of("InvalidInput", { kind: "method", reason: "unsupported operation" });
  }
  if (operation !== "read") return operation;
  for (const wanted of ["list", "scan"] as const) {
    const text = query.get(wanted) ?? "";
    const truth = text === "" ? false : truths.get(text);
    if (truth === undefined) refuse("validation", `the query parameter ${wanted} must be true or false`);
    if (truth) return wanted;
  }
  return operation;
}

const patchType = "application/merge-patch+json";

/** @throws ServiceError InvalidInput unless a patch says of what kind it is (OpenBao, internal/http/logical.go) */
function checkPatchType(request: WireRequest): void {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === patchType) return;
  if (type === "") refuse("validation", `PATCH requires Content-Type of ${patchType}`);
  const given = type.replace(/[^\w./+-]/g, "?").slice(0, 64);
  throw ServiceError.of("InvalidInput", {
    kind: "contentCoding",
    reason: `PATCH requires Content-Type of ${patchType}, provided ${given}`,
  });
}

/**
 * The parameters of a request: its JSON or form body for a write, its query otherwise. The content type only decides
 * whether a body that does not look like JSON is a form (OpenBao, internal/http/handler.go: `isForm`).
 *
 * @param maxMembers how many there may be
 * @throws ServiceError InvalidInput kind `serialization`; kind `contentCoding` for a patch of another kind
 */
export function readFields(
  operation: VaultOperation,
  request: WireRequest,
  query: URLSearchParams,
  maxMembers: number = vaultLimits.bodyMembers.value,
): Fields {
  if (operation !== "update" && operation !== "patch") {
    return fromPairs(query, (name) => name !== "list" && name !== "scan" && name !== "help", maxMembers);
  }
  if (operation === "patch") checkPatchType(request);
  if (isCompressed(request)) return refuse("serialization", "the body is compressed (Content-Encoding)");
  const text = decodeUtf8(request.body);
  if (text === undefined) return refuse("serialization", "the body is not valid UTF-8");
  const isFormType = /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(request.headers.get("content-type") ?? "");
  if (isFormType && !/^[ \t\r\n]*[{[]/.test(text)) return fromPairs(new URLSearchParams(text), () => true, maxMembers);
  if (text === "") return new Fields({});
  const parsed = parseStrictJson(text, { maxDepth: limits.jsonDepth.value });
  if (!parsed.ok) return refuse("serialization", `${parsed.reason} at offset ${parsed.offset}`);
  // The original's CLI sends `null` when it has no parameters.
  if (parsed.value === null) return new Fields({});
  if (typeof parsed.value !== "object" || Array.isArray(parsed.value)) {
    return refuse("serialization", "the body must be a JSON object");
  }
  return checkCount(parsed.value as Record<string, unknown>, maxMembers);
}

function fromPairs(pairs: URLSearchParams, keep: (name: string) => boolean, max: number): Fields {
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, value] of pairs) {
    if (!keep(name)) continue;
    const earlier = values[name];
    values[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  return checkCount(values, max);
}

function checkCount(values: Record<string, unknown>, max: number): Fields {
  if (Object.keys(values).length > max) refuse("serialization", `at most ${max} parameters are allowed`);
  return new Fields(values);
}
