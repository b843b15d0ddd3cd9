import { limits, ServiceError } from "@coffer/service";
import { base64Problem, decodeBase64 } from "../http/base64.ts";
import type { VaultCall } from "../http/call.ts";
import { vaultLimits } from "../limits.ts";

/** One thing to work on, as the caller gave it. */
export interface Entry {
  readonly plaintext: string;
  readonly ciphertext: string;
  /** What a derived key is derived for: base64. Other keys ignore it. */
  readonly context: string;
  /** 0 means the latest. */
  readonly keyVersion: number;
  readonly associatedData: string;
  readonly reference: string;
}

export interface Entries {
  /** Whether they came as `batch_input`; else there is exactly one. */
  readonly batch: boolean;
  readonly entries: readonly Entry[];
}

type Subject = "plaintext" | "ciphertext";

const missingTexts: Readonly<Record<Subject, string>> = {
  plaintext: "missing plaintext to encrypt",
  ciphertext: "missing ciphertext to decrypt",
};

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function refuseBatch(reason: string): never {
  refuse(`failed to parse batch input: ${reason}`);
}

function readText(value: unknown, index: number, name: string): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return refuseBatch(`'[${index}].${name}' expected type 'string'`);
}

function readVersion(value: unknown, index: number): number {
  if (value === undefined || value === null) return 0;
  return Number.isSafeInteger(value) ? (value as number) : refuseBatch(`'[${index}].key_version' expected type 'int'`);
}

function readBatchEntry(raw: unknown, index: number, required: Subject | undefined): Entry {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return refuseBatch(`[${index}] expected a map`);
  const item = raw as Readonly<Record<string, unknown>>;
  if (required !== undefined && item[required] === undefined) {
    refuseBatch(`'[${index}].${required}' ${missingTexts[required]}`);
  }
  const reference = readText(item["reference"], index, "reference");
  if (reference.length > vaultLimits.referenceChars.value) {
    refuseBatch(`'[${index}].reference' has more than ${vaultLimits.referenceChars.value} characters`);
  }
  return {
    plaintext: readText(item["plaintext"], index, "plaintext"),
    ciphertext: readText(item["ciphertext"], index, "ciphertext"),
    context: readText(item["context"], index, "context"),
    keyVersion: readVersion(item["key_version"], index),
    associatedData: readText(item["associated_data"], index, "associated_data"),
    reference,
  };
}

function readBatch(raw: unknown, required: Subject | undefined): readonly Entry[] {
  if (!Array.isArray(raw)) return refuseBatch("source data must be an array or slice");
  if (raw.length === 0) refuse("missing batch input to process");
  const max = limits.batchItems.value;
  if (raw.length > max) refuse(`batch_input has ${raw.length} items; at most ${max} are allowed`);
  const entries: Entry[] = [];
  for (let index = 0; index < raw.length; index += 1) entries.push(readBatchEntry(raw[index], index, required));
  const withContext = entries[0]!.context !== "";
  for (const { context } of entries) {
    if ((context !== "") !== withContext) refuse("context should be set either in all the request blocks or in none");
  }
  return entries;
}

/**
 * What a call works on: its `batch_input`, or its own parameters.
 *
 * @param subject which parameter a call without a batch must have
 * @param required whether every item of a batch must have it; rewrap leaves that to each item
 * @throws ServiceError InvalidInput
 */
export function readEntries(call: VaultCall, subject: Subject, required = true): Entries {
  const { fields } = call;
  const raw = fields.raw("batch_input");
  if (raw !== undefined) return { batch: true, entries: readBatch(raw, required ? subject : undefined) };
  const text = fields.text(subject);
  // An empty plaintext is one; an empty ciphertext is none.
  if (text === undefined || (text === "" && subject === "ciphertext")) refuse(missingTexts[subject]);
  const entry: Entry = {
    plaintext: subject === "plaintext" ? text : "",
    ciphertext: subject === "ciphertext" ? text : "",
    context: fields.text("context") ?? "",
    keyVersion: fields.integer("key_version") ?? 0,
    associatedData: fields.text("associated_data") ?? "",
    reference: "",
  };
  return { batch: false, entries: [entry] };
}

/** The context of an entry, decoded, or what is wrong with the entry whatever is done with it. */
export function readContext({ context, keyVersion }: Entry): { readonly context?: Buffer; readonly problem?: string } {
  if (keyVersion < 0) return { problem: "requested version for encryption is negative" };
  if (context === "") return {};
  const decoded = decodeBase64(context);
  return decoded.ok ? { context: decoded.bytes } : { problem: base64Problem(decoded.index) };
}

/** The associated data of an entry, or what is wrong with it. */
export function readAssociatedData({ associatedData }: Entry): { readonly aad?: Buffer; readonly problem?: string } {
  if (associatedData === "") return {};
  const decoded = decodeBase64(associatedData);
  if (decoded.ok) return { aad: decoded.bytes };
  return { problem: `failed to base64-decode associated_data: ${base64Problem(decoded.index)}` };
}
