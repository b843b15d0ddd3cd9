import { invariant } from "@coffer/service";

/** What a column holds in every database: text, a 64-bit integer, bytes, or null. */
export type SqlValue = string | number | Uint8Array | null;

/** How one member of a record is kept in one column. `N` is the column's name, `S` its SQL type, `V` the member's type. */
export interface Column<N extends string, S extends SqlValue, V> {
  readonly name: N;
  /** Whether null stands for an absent member. */
  readonly optional: boolean;
  /** @throws InvariantError when the value is not of the column's type: nothing else may reach a statement */
  encode(value: V): S;
  decode(stored: S): V;
}

/** A column whose null stands for an absent member. */
export interface OptionalColumn<N extends string, S extends SqlValue, V> extends Column<N, S | null, V> {
  readonly optional: true;
}

/** Text, kept as UTF-8 (a lone surrogate becomes U+FFFD) and compared by bytes, which is by code points. */
export function text<N extends string, V extends string>(name: N): Column<N, string, V> {
  return {
    name,
    optional: false,
    encode(value) {
      invariant(typeof value === "string", `${name} is text`);
      invariant(!value.includes("\u0000"), `${name} holds no U+0000, which PostgreSQL cannot store`);
      return value;
    },
    decode: (stored) => stored as V,
  };
}

/** An integer that a JavaScript number holds exactly. */
export function integer<N extends string>(name: N): Column<N, number, number> {
  return {
    name,
    optional: false,
    encode(value) {
      invariant(Number.isSafeInteger(value), `${name} is an integer`);
      return value;
    },
    decode: (stored) => stored,
  };
}

/** A boolean, kept as 0 or 1. */
export function boolean<N extends string>(name: N): Column<N, number, boolean> {
  return {
    name,
    optional: false,
    encode(value) {
      invariant(typeof value === "boolean", `${name} is a boolean`);
      return value ? 1 : 0;
    },
    decode: (stored) => stored === 1,
  };
}

/** Bytes. The stored copy is independent of the array given. */
export function bytes<N extends string>(name: N): Column<N, Uint8Array, Uint8Array> {
  return {
    name,
    optional: false,
    encode(value) {
      invariant(value instanceof Uint8Array, `${name} is bytes`);
      return Uint8Array.from(value);
    },
    decode: (stored) => stored,
  };
}

/** A value that no query looks into, kept as JSON text. */
export function json<N extends string, V extends object>(name: N): Column<N, string, V> {
  return {
    name,
    optional: false,
    encode(value) {
      invariant(typeof value === "object" && value !== null, `${name} is an object or an array`);
      return JSON.stringify(value);
    },
    decode: (stored) => JSON.parse(stored) as V,
  };
}

/** Makes a column one whose null stands for an absent member. */
export function optional<N extends string, S extends SqlValue, V>(column: Column<N, S, V>): OptionalColumn<N, S, V> {
  return {
    name: column.name,
    optional: true,
    encode: (value) => column.encode(value),
    decode(stored) {
      invariant(stored !== null, `${column.name} is not null where it is decoded`);
      return column.decode(stored);
    },
  };
}
