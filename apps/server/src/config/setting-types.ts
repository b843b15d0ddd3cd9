import { resolve } from "node:path";
import { requestRates } from "@coffer/service/request-rates";
import type { TomlValue } from "smol-toml";
import { type ListenAddress, parseListenAddress } from "./listen-address.ts";

/** What a value means outside itself. */
export interface ValueContext {
  /** What `~/` stands for. */
  readonly homeDirectory: string;
  /** What a relative path starts from: the working directory, or the folder of the configuration file. */
  readonly baseDirectory: string;
}

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** The type of a setting: what it accepts, from text (flag, environment) and from TOML. */
export interface SettingType<T> {
  /** The value's name in help; a switch, which takes no value, has none. */
  readonly placeholder: string | undefined;
  /** What is allowed, to follow `allowed: `. */
  readonly allowed: string;
  /** Whether it holds a list: the flag may be repeated, text is split at commas. */
  readonly many: boolean;
  parseText(text: string, context: ValueContext): Parsed<T>;
  parseToml(value: TomlValue, context: ValueContext): Parsed<T>;
}

/** Shows a value in an error, bounded. */
export function quote(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function fromText<T>(
  placeholder: string,
  allowed: string,
  parse: (text: string, context: ValueContext) => Parsed<T>,
): SettingType<T> {
  return {
    placeholder,
    allowed,
    many: false,
    parseText: parse,
    parseToml: (value, context) =>
      typeof value === "string" ? parse(value, context) : { problem: `${quote(value)} is not a text.` },
  };
}

/** Yes or no. As a flag it takes no value; `--no-NAME` says no. */
export const switchType: SettingType<boolean> = {
  placeholder: undefined,
  allowed: "true or false",
  many: false,
  parseText: (text) => {
    if (text === "true" || text === "1") return { value: true };
    if (text === "false" || text === "0") return { value: false };
    return { problem: `${quote(text)} is neither true nor false.` };
  },
  parseToml: (value) =>
    typeof value === "boolean" ? { value } : { problem: `${quote(value)} is neither true nor false.` },
};

/** A whole number from `min` to `max`. */
export function integerType(min: number, max: number): SettingType<number> {
  const check = (value: number): Parsed<number> => {
    if (!Number.isSafeInteger(value)) return { problem: `${value} is not a whole number.` };
    return value < min || value > max ? { problem: `${value} is out of range.` } : { value };
  };
  return {
    placeholder: "N",
    allowed: `a whole number from ${min} to ${max}`,
    many: false,
    parseText: (text) =>
      /^\d{1,15}$/.test(text) ? check(Number(text)) : { problem: `${quote(text)} is not a whole number.` },
    parseToml: (value) =>
      typeof value === "number" ? check(value) : { problem: `${quote(value)} is not a whole number.` },
  };
}

/** One of a few words. */
export function choiceType<C extends string>(...choices: readonly C[]): SettingType<C> {
  return fromText(choices.join("|"), choices.join(" or "), (text) => {
    const choice = choices.find((candidate) => candidate === text);
    return choice === undefined ? { problem: `${quote(text)} is unknown.` } : { value: choice };
  });
}

/** A text that matches a pattern as a whole. */
export function patternType(placeholder: string, pattern: RegExp, allowed: string): SettingType<string> {
  return fromText(placeholder, allowed, (text) =>
    pattern.test(text) ? { value: text } : { problem: `${quote(text)} is malformed.` },
  );
}

/** A path, made absolute; `~/` is the home directory. */
export function pathType(placeholder: "FILE" | "DIR"): SettingType<string> {
  return fromText(placeholder, "a path", (text, context) => {
    if (text === "" || text.includes("\0")) return { problem: `${quote(text)} is not a path.` };
    if (text === "~") return { value: context.homeDirectory };
    return text.startsWith("~/")
      ? { value: resolve(context.homeDirectory, text.slice(2)) }
      : { value: resolve(context.baseDirectory, text) };
  });
}

function parseListenList(texts: readonly string[]): Parsed<readonly ListenAddress[]> {
  const addresses: ListenAddress[] = [];
  for (const text of texts) {
    const address = parseListenAddress(text.trim());
    if (typeof address === "string") return { problem: address };
    addresses.push(address);
  }
  return addresses.length === 0 ? { problem: "the list is empty." } : { value: addresses };
}

function parseQuotas(texts: readonly string[]): Parsed<ReadonlyMap<string, number>> {
  const rates = new Map<string, number>();
  for (const text of texts.map((part) => part.trim())) {
    const [, name = "", rate = ""] = /^([A-Za-z0-9_/-]+)=(\d{1,7}(?:\.\d{1,3})?)$/.exec(text) ?? [];
    if (text === "aws") {
      for (const [quota, value] of requestRates) rates.set(quota, value);
    } else if (!requestRates.has(name) || Number(rate) === 0) {
      return { problem: `${quote(text)} is no quota.` };
    } else {
      rates.set(name, Number(rate));
    }
  }
  return { value: rates };
}

/** Request quotas by name, in requests a second; a later one of a name counts. */
export const quotasType: SettingType<ReadonlyMap<string, number>> = {
  placeholder: "aws|NAME=RATE",
  allowed: `aws, or a name and a rate such as CreateKey=5 or ${[...requestRates.keys()][0]}=1000`,
  many: true,
  parseText: (text) => parseQuotas(text.split(",")),
  parseToml: (value) => {
    if (!Array.isArray(value)) return { problem: `${quote(value)} is not a list.` };
    const wrong = value.find((item) => typeof item !== "string");
    return wrong === undefined ? parseQuotas(value.map(String)) : { problem: `${quote(wrong)} is not a text.` };
  },
};

/** Addresses to listen on. */
export const listenType: SettingType<readonly ListenAddress[]> = {
  placeholder: "HOST:PORT",
  allowed: "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080",
  many: true,
  parseText: (text) => parseListenList(text.split(",")),
  parseToml: (value) => {
    if (!Array.isArray(value)) return { problem: `${quote(value)} is not a list.` };
    const wrong = value.find((item) => typeof item !== "string");
    return wrong === undefined ? parseListenList(value.map(String)) : { problem: `${quote(wrong)} is not a text.` };
  },
};
