import {
  type ExportedVersion,
  type ExportKeyInput,
  type ExportKeyOutput,
  exportKeyMaterial,
  exportPublicParts,
  type Operation,
  type PrivateExport,
  type PublicExport,
  pemOf,
  ServiceError,
  type TransitExportFormat,
  wipeExported,
} from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok, type VaultResult } from "../http/envelope.ts";
import { type NamedKey, namedKey } from "./key-name.ts";
import { isMissing, keyProblem } from "./key-problems.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The text of what is let out: base64, or PEM where it has a label. */
export function exportedText({ exported }: ExportedVersion): string {
  if (typeof exported === "string") return exported;
  const { bytes, pemLabel, endsLine } = exported;
  if (pemLabel === undefined) return bytes.use((raw) => raw.toString("base64"));
  const pem = bytes.use((der) => pemOf(pemLabel, der));
  return endsLine === true ? pem : pem.trimEnd();
}

/** A key's versions as Transit tells of them, as JSON text. Wipes them. */
export function exportedJson({ name }: NamedKey, output: ExportKeyOutput): string {
  try {
    const keys = Object.fromEntries(output.versions.map((version) => [String(version.version), exportedText(version)]));
    return JSON.stringify({ keys, name, type: output.type });
  } finally {
    wipeExported(output);
  }
}

const formats: ReadonlyMap<string, TransitExportFormat> = new Map([
  ["", ""],
  ["raw", "raw"],
  ["der", "der"],
  ["pem", "pem"],
]);

type Export<Kind> = Omit<ExportKeyInput<Kind>, "keyId" | "kind">;

async function run<Kind>(
  call: VaultCall,
  operation: Operation<ExportKeyInput<Kind>, ExportKeyOutput>,
  kind: Kind,
  more: Export<Kind>,
): Promise<VaultResult> {
  const key = namedKey(call, 1);
  try {
    return ok(exportedJson(key, await call.execute(operation, { ...more, keyId: key.alias, kind })));
  } catch (error) {
    if (isMissing(error)) throw ServiceError.of("NotFound", { resource: "key", id: key.name });
    throw keyProblem(error, key, "");
  }
}

type Run = (call: VaultCall, more: Export<never>) => Promise<VaultResult>;

function privateExport(kind: PrivateExport): readonly [string, Run] {
  return [kind, (call, more) => run(call, exportKeyMaterial, kind, more)];
}

function publicExport(kind: PublicExport): readonly [string, Run] {
  return [kind, (call, more) => run(call, exportPublicParts, kind, more)];
}

const kinds: ReadonlyMap<string, Run> = new Map([
  privateExport("encryption-key"),
  privateExport("signing-key"),
  privateExport("hmac-key"),
  publicExport("public-key"),
  publicExport("certificate-chain"),
]);

/** Vault API: Transit, export key. */
export const exportRoute: RouteHandler = async (call) => {
  const kind = call.captures[0]!;
  const wanted = kinds.get(kind) ?? refuse(`invalid export type: ${kind}`);
  const named = call.fields.text("format") ?? "";
  const format = formats.get(named) ?? refuse(`invalid format: ${named}`);
  return wanted(call, { version: call.captures[2] ?? "", format });
};
