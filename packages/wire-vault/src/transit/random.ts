import { generateRandom, limits, ServiceError } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok } from "../http/envelope.ts";

const sources: ReadonlySet<string> = new Set(["platform", "seal", "all"]);

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function parseCount(text: string): number {
  if (!/^[+-]?[0-9]{1,9}$/.test(text)) refuse("error parsing url-set byte count: invalid syntax");
  return Number(text);
}

/** Source and number of bytes: `random`, `random/SOURCE`, `random/BYTES` or `random/SOURCE/BYTES`. */
function readDemand(call: VaultCall): { readonly source: string; readonly bytes: number } {
  const [first, second] = call.captures;
  if (second !== undefined) return { source: first!, bytes: parseCount(second) };
  if (first !== undefined && !sources.has(first)) return { source: "platform", bytes: parseCount(first) };
  return { source: first ?? "platform", bytes: call.fields.integer("bytes") ?? 32 };
}

/** Vault API: Transit and sys/tools, generate random bytes (OpenBao, internal/helper/random/random_api.go). */
export const randomRoute: RouteHandler = async (call) => {
  const { source, bytes } = readDemand(call);
  const maxBytes = limits.transitRandomBytes.value;
  if (bytes < 1) refuse("'bytes' cannot be less than 1");
  if (bytes > maxBytes) refuse(`'bytes' should be less than ${maxBytes}`);
  const format = call.fields.text("format") ?? "base64";
  if (format !== "hex" && format !== "base64") {
    refuse(`unsupported encoding format ${JSON.stringify(format.slice(0, 64))}; must be "hex" or "base64"`);
  }
  if (!sources.has(source)) {
    refuse(`unsupported entropy source ${JSON.stringify(source.slice(0, 64))}; must be "platform" or "seal", or "all"`);
  }
  const { plaintext } = await call.execute(generateRandom, { bytes, maxBytes });
  const encoded = plaintext.toString(format);
  plaintext.fill(0);
  const warning = "no seal/entropy augmentation available, using platform entropy source";
  return ok(`{"random_bytes":"${encoded}"}`, source === "seal" ? [warning] : []);
};
