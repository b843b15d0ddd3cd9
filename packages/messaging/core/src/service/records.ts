import { MessagingError } from "../errors.ts";
import type { StateTransaction } from "../vault/vault.ts";

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** UTF-8 of a text. */
export function bytesOfText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of UTF-8. @throws TypeError when it is none */
export function textOfBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A record of the service's own, as JSON below one key, or below one prefix and a name. */
export interface RecordKind<T> {
  readonly prefix: string;
  get(state: StateTransaction, name?: string): Promise<T | undefined>;
  put(state: StateTransaction, value: T, name?: string): void;
  delete(state: StateTransaction, name?: string): void;
  /** Names, sorted. */
  names(state: StateTransaction): Promise<string[]>;
}

/**
 * Records below `service/PREFIX`. What this device wrote itself is read without being checked again: the vault
 * authenticates it.
 */
export function recordKind<T>(name: string): RecordKind<T> {
  const prefix = `service/${name}`;
  const keyOf = (entry: string | undefined) => (entry === undefined ? prefix : `${prefix}/${entry}`);
  return {
    prefix,
    async get(state, entry) {
      const bytes = await state.get(keyOf(entry));
      if (bytes === undefined) return undefined;
      try {
        return JSON.parse(textOfBytes(bytes)) as T;
      } catch (cause) {
        throw new MessagingError("VaultUnreadable", "The vault has a record that cannot be read.", { cause });
      }
    },
    put: (state, value, entry) => state.put(keyOf(entry), bytesOfText(JSON.stringify(value))),
    delete: (state, entry) => state.delete(keyOf(entry)),
    names: async (state) => (await state.list(`${prefix}/`)).map((key) => key.slice(prefix.length + 1)),
  };
}

/** A number as a name that sorts like it. */
export function sortableName(sequence: number): string {
  return String(sequence).padStart(16, "0");
}

const counters = recordKind<number>("counter");

/** The next number of a series, from 1. */
export async function nextNumber(state: StateTransaction, series: string): Promise<number> {
  const next = ((await counters.get(state, series)) ?? 0) + 1;
  counters.put(state, next, series);
  return next;
}

/** Values by name, up to a number of them: the oldest are forgotten first. */
export interface BoundedRecords<T> {
  get(state: StateTransaction, name: string): Promise<T | undefined>;
  /** Adds a value; that of the same name before is replaced. */
  add(state: StateTransaction, name: string, value: T): Promise<void>;
}

/** Keeps the last `limit` values. Each costs two small records, and none is ever listed. */
export function boundedRecords<T>(series: string, limit: number): BoundedRecords<T> {
  const values = recordKind<{ readonly at: number; readonly value: T }>(series);
  const order = recordKind<string>(`${series}-order`);
  return {
    get: async (state, name) => (await values.get(state, name))?.value,
    async add(state, name, value) {
      const at = await nextNumber(state, series);
      values.put(state, { at, value }, name);
      order.put(state, name, sortableName(at));
      const oldest = sortableName(at - limit);
      const forgotten = at > limit ? await order.get(state, oldest) : undefined;
      if (forgotten === undefined) return;
      order.delete(state, oldest);
      if ((await values.get(state, forgotten))?.at === at - limit) values.delete(state, forgotten);
    },
  };
}
