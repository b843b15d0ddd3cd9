import { limits, ServiceError } from "@coffer/service";
import { base64Problem, decodeBase64 } from "../http/base64.ts";
import type { VaultCall } from "../http/call.ts";
import { vaultLimits } from "../limits.ts";

/** One thing to sign, verify or make an HMAC of, as the caller gave it; what was not given is absent. */
export interface Item {
  readonly input?: string;
  readonly context?: string;
  readonly signature?: string;
  readonly hmac?: string;
  readonly reference: string;
}

export interface Items {
  /** Whether they came as `batch_input`; else there is exactly one. */
  readonly batch: boolean;
  readonly items: readonly Item[];
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

const members = ["input", "context", "signature", "hmac"] as const;

function readBatchItem(raw: unknown, index: number): Item {
  const refuseBatch = (reason: string) => refuse(`failed to parse batch input: ${reason}`);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return refuseBatch(`[${index}] expected a map`);
  const values = raw as Readonly<Record<string, unknown>>;
  const item: { -readonly [Name in keyof Item]: Item[Name] } = { reference: "" };
  for (const name of [...members, "reference"] as const) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string") return refuseBatch(`'[${index}].${name}' expected type 'string'`);
    item[name] = value;
  }
  if (item.reference.length > vaultLimits.referenceChars.value) {
    refuseBatch(`'[${index}].reference' has more than ${vaultLimits.referenceChars.value} characters`);
  }
  return item;
}

/** What a call works on: its `batch_input`, or its own parameters. @throws ServiceError InvalidInput */
export function readItems({ fields }: VaultCall): Items {
  const raw = fields.raw("batch_input");
  if (raw === undefined) {
    const own = members.flatMap((name) => {
      const value = fields.text(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    return { batch: false, items: [{ reference: "", ...Object.fromEntries(own) }] };
  }
  if (!Array.isArray(raw)) refuse("failed to parse batch input: source data must be an array or slice");
  if (raw.length === 0) refuse("missing batch input to process");
  const max = limits.batchItems.value;
  if (raw.length > max) refuse(`batch_input has ${raw.length} items; at most ${max} are allowed`);
  return { batch: true, items: raw.map(readBatchItem) };
}

/** The input of an item, decoded, or what is wrong with it. @param missing the words for no input at all */
export function decodeInput(text: string | undefined, missing: string): Buffer | string {
  if (text === undefined) return missing;
  const decoded = decodeBase64(text);
  if (!decoded.ok) return `unable to decode input as base64: ${base64Problem(decoded.index)}`;
  const max = limits.transitPlaintextBytes.value;
  return decoded.bytes.length > max
    ? `the input has ${decoded.bytes.length} bytes; at most ${max} are allowed`
    : decoded.bytes;
}

/** The context of an item, decoded; a text says what is wrong. */
export function decodeContext(text = ""): Buffer | undefined | string {
  if (text === "") return undefined;
  const decoded = decodeBase64(text);
  return decoded.ok ? decoded.bytes : "failed to base64-decode context";
}
