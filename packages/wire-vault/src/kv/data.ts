import {
  deleteVersions,
  patchSecret,
  readSecret,
  type SecretData,
  type SecretInput,
  ServiceError,
  writeSecret,
} from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import { versionInfo } from "./versions.ts";

export function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The secret that a call's path names. */
export function namedSecret(call: VaultCall): SecretInput {
  return { mount: call.mount!, path: call.captures[0]! };
}

/** There is no such thing: 404 without a word, as in the original. */
export const missing: VaultResult = { status: 404, errors: [] };

/** Reads take no version below 1 for what it is not. */
export function readVersion(call: VaultCall): number {
  return Math.max(0, call.fields.integer("version") ?? 0);
}

/** Vault API: KV v2, read secret version. A version that is deleted or destroyed answers 404 with its metadata. */
export const readDataRoute: RouteHandler = async (call) => {
  const found = await call.execute(readSecret, { ...namedSecret(call), version: readVersion(call) });
  if (found === undefined) return missing;
  const data = JSON.stringify({ data: found.data ?? null, metadata: versionInfo(found.version) });
  return { ...ok(data), status: found.data === undefined ? 404 : 200 };
};

const decimal = /^[+-]?[0-9]{1,15}$/;

/** The version that must be the current one; undefined when the call does not ask. Texts are numbers too, and nothing is 0. */
function readCas(call: VaultCall): number | undefined {
  const options = call.fields.map("options") ?? {};
  if (!Object.hasOwn(options, "cas")) return undefined;
  const cas = options["cas"] ?? 0;
  if (typeof cas === "number" && Number.isSafeInteger(cas)) return cas;
  if (typeof cas === "boolean") return cas ? 1 : 0;
  if (cas === "") return 0;
  if (typeof cas === "string" && decimal.test(cas)) return Number(cas);
  return refuse("error parsing check-and-set parameter");
}

function readData(call: VaultCall): SecretData {
  return call.fields.map("data") ?? refuse("no data provided");
}

/** Vault API: KV v2, create or update secret. */
export const writeDataRoute: RouteHandler = async (call) => {
  const input = { ...namedSecret(call), data: readData(call), cas: readCas(call) };
  return ok(JSON.stringify(versionInfo(await call.execute(writeSecret, input))));
};

/** Vault API: KV v2, patch secret. */
export const patchDataRoute: RouteHandler = async (call) => {
  const input = { ...namedSecret(call), data: readData(call), cas: readCas(call) };
  const output = await call.execute(patchSecret, input);
  if (output === undefined) return { status: 404 };
  return { ...ok(JSON.stringify(versionInfo(output.version))), status: output.patched ? 200 : 404 };
};

/** Vault API: KV v2, delete latest version of secret. */
export const deleteDataRoute: RouteHandler = async (call) => {
  await call.execute(deleteVersions, namedSecret(call));
  return noContent;
};
