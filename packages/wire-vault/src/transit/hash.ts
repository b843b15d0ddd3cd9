import { findTransitHash, hashData, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { decodeInput } from "./items.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Vault API: Transit and sys/tools, hash data. SHA-1 is for HMACs and signatures alone there. */
export const hashRoute: RouteHandler = async (call) => {
  const { fields } = call;
  const input = decodeInput(fields.text("input"), "input missing");
  if (typeof input === "string") refuse(input);
  const format = fields.text("format") ?? "hex";
  if (format !== "hex" && format !== "base64") {
    refuse(`unsupported encoding format ${format.slice(0, 64)}; must be "hex" or "base64"`);
  }
  const name = call.captures[0] ?? (fields.text("algorithm") || "sha2-256");
  const hash = name === "sha1" ? undefined : findTransitHash(name);
  if (hash === undefined) refuse(`unsupported algorithm ${name.slice(0, 64)}`);
  const digest = await call.execute(hashData, { hash, input });
  return ok(JSON.stringify({ sum: digest.toString(format) }));
};
