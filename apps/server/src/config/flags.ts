import { parseArgs } from "node:util";
import { OperatorError } from "../operator-error.ts";
import { didYouMean } from "./nearest.ts";

/** How one flag is written. */
export interface FlagSpec {
  /** Name of its value in help; a switch has none. */
  readonly placeholder?: string | undefined;
  /** Whether it may be given more than once. */
  readonly many?: boolean;
  /** One letter. */
  readonly short?: string;
}

export interface ParsedFlags {
  /** The texts given for each flag. A switch has `true`, or `false` for `--no-NAME`. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/**
 * Parses command line arguments against a table of flags.
 *
 * @throws OperatorError exit code 2: unknown flag, a flag without its value, a switch with one, a flag given twice
 */
export function parseFlags(args: readonly string[], specs: ReadonlyMap<string, FlagSpec>): ParsedFlags {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [name, spec] of specs) {
    const type = spec.placeholder === undefined ? "boolean" : "string";
    options[name] = spec.short === undefined ? { type } : { type, short: spec.short };
  }
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const flags = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, text } = readOption(token, specs);
    const given = flags.get(name);
    if (given === undefined) flags.set(name, [text]);
    else if (specs.get(name)?.many === true) given.push(text);
    else throw new OperatorError(`--${name} is given twice.`, 2);
  }
  return { flags, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readOption(token: OptionToken, specs: ReadonlyMap<string, FlagSpec>): { name: string; text: string } {
  const spec = specs.get(token.name);
  if (spec === undefined) return readNegation(token, specs);
  if (spec.placeholder === undefined) {
    if (token.value !== undefined) throw new OperatorError(`${token.rawName} takes no value.`, 2);
    return { name: token.name, text: "true" };
  }
  const swallowedFlag = token.inlineValue === false && token.value?.startsWith("-") === true && token.value !== "-";
  if (token.value === undefined || swallowedFlag) {
    throw new OperatorError(`${token.rawName} needs a value: ${token.rawName} ${spec.placeholder}.`, 2);
  }
  return { name: token.name, text: token.value };
}

function readNegation(token: OptionToken, specs: ReadonlyMap<string, FlagSpec>): { name: string; text: string } {
  const positive = token.name.startsWith("no-") ? token.name.slice("no-".length) : undefined;
  const spec = positive === undefined ? undefined : specs.get(positive);
  if (positive !== undefined && spec !== undefined && spec.placeholder === undefined && token.value === undefined) {
    return { name: positive, text: "false" };
  }
  const suggestion = didYouMean(
    `--${token.name}`,
    [...specs.keys()].map((name) => `--${name}`),
  );
  throw new OperatorError(`unknown flag ${token.rawName}.${suggestion}`, 2);
}
