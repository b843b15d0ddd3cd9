import { type EncryptionContext, type KeyTag, limits, ServiceError } from "@coffer/service";
import { restLimits } from "./limits.ts";

/** The kinds of members that bodies and queries have. */
export interface MemberTypes {
  string: string;
  integer: number;
  /** Pairs of text. */
  context: EncryptionContext;
  tags: readonly KeyTag[];
}

export type MemberType = keyof MemberTypes;

/** One member of a body or a query: read by it, and described by it in the OpenAPI document. */
export interface Member {
  readonly type: MemberType;
  readonly required?: boolean;
  readonly about: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** The values of members, by name; read them with `text`, `integer` and so on. */
export class Values {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  /** The value of a required member. */
  get<T extends MemberType>(name: string): MemberTypes[T] {
    return this.#values.get(name) as MemberTypes[T];
  }

  /** The value of an optional member. */
  find<T extends MemberType>(name: string): MemberTypes[T] | undefined {
    return this.#values.get(name) as MemberTypes[T] | undefined;
  }
}

function refuse(member: string, reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const readers: { readonly [T in MemberType]: (value: unknown, name: string) => MemberTypes[T] } = {
  string: (value, name) => {
    if (typeof value !== "string") refuse(name, `'${name}' must be a text.`);
    if (!value.isWellFormed()) refuse(name, `'${name}' holds half of a surrogate pair, which is no text.`);
    return value;
  },
  integer: (value, name) =>
    Number.isSafeInteger(value) ? (value as number) : refuse(name, `'${name}' must be a whole number.`),
  context: (value, name) => {
    if (!isObject(value)) refuse(name, `'${name}' must be an object of texts.`);
    const pairs = Object.entries(value);
    if (pairs.length > restLimits.contextPairs.value) {
      refuse(name, `'${name}' has ${pairs.length} pairs; at most ${restLimits.contextPairs.value} are allowed.`);
    }
    for (const [key, text] of pairs) {
      if (typeof text !== "string" || !text.isWellFormed() || !key.isWellFormed()) {
        refuse(name, `'${name}' must be an object of texts.`);
      }
    }
    return value as EncryptionContext;
  },
  tags: (value, name) => {
    if (!isObject(value)) refuse(name, `'${name}' must be an object of texts.`);
    return Object.entries(value).map(([key, text]) => {
      if (typeof text !== "string" || !text.isWellFormed()) refuse(name, `'${name}' must be an object of texts.`);
      return { key, value: text };
    });
  },
};

function check(member: Member, name: string, value: unknown): void {
  if (typeof value === "number") {
    const { min, max } = member;
    if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
      refuse(name, `'${name}' must be a whole number from ${min} to ${max}.`);
    }
  }
  if (member.choices !== undefined && !member.choices.includes(value as string)) {
    refuse(name, `'${name}' must be ${member.choices.map((choice) => `'${choice}'`).join(" or ")}.`);
  }
  if (typeof value === "string" && member.max !== undefined && value.length > member.max) {
    refuse(name, `'${name}' has ${value.length} characters; at most ${member.max} are allowed.`);
  }
}

/**
 * Reads members out of parsed JSON.
 *
 * @throws ServiceError InvalidInput: names the member that is missing, unknown or of the wrong type
 */
export function readMembers(members: ReadonlyMap<string, Member>, source: Readonly<Record<string, unknown>>): Values {
  const values = new Map<string, unknown>();
  for (const name of Object.keys(source)) {
    const member = members.get(name);
    if (member === undefined) {
      const known = [...members.keys()].map((one) => `'${one}'`).join(", ");
      refuse(name.slice(0, 64), `'${name.slice(0, 64)}' is unknown here; known are ${known === "" ? "none" : known}.`);
    }
    const value = readers[member.type](source[name], name);
    check(member, name, value);
    values.set(name, value);
  }
  for (const [name, member] of members) {
    if (member.required === true && !values.has(name)) refuse(name, `'${name}' is missing: ${member.about}.`);
  }
  return new Values(values);
}

/** The members of a query, as JSON would have them. @throws ServiceError InvalidInput */
export function queryObject(members: ReadonlyMap<string, Member>, query: string): Record<string, unknown> {
  const source: Record<string, unknown> = Object.create(null);
  let count = 0;
  for (const [name, value] of new URLSearchParams(query)) {
    count += 1;
    if (count > restLimits.queryMembers.value)
      refuse("query", `A query has at most ${restLimits.queryMembers.value} members.`);
    if (name in source) refuse(name.slice(0, 64), `'${name.slice(0, 64)}' is there twice.`);
    const whole = members.get(name)?.type === "integer" && /^\d{1,15}$/.test(value);
    source[name] = whole ? Number(value) : value;
  }
  return source;
}

/** The members of a body that is one JSON object. @throws ServiceError InvalidInput */
export function requireObject(value: unknown): Record<string, unknown> {
  if (!isObject(value)) {
    throw ServiceError.of("InvalidInput", { kind: "serialization", reason: "The body must be one JSON object." });
  }
  if (Object.keys(value).length > restLimits.bodyMembers.value) {
    throw ServiceError.of("InvalidInput", {
      kind: "serialization",
      reason: `The body has more than ${restLimits.bodyMembers.value} members.`,
    });
  }
  return value;
}

/** How deep a body may nest. */
export const bodyDepth = limits.jsonDepth.value;
