import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { OperatorError } from "../operator-error.ts";
import { buildSettings, type Settings } from "./build-settings.ts";
import { ConfigError, type Origin } from "./config-error.ts";
import { type FlagSpec, parseFlags } from "./flags.ts";
import { didYouMean } from "./nearest.ts";
import type { Parsed, ValueContext } from "./setting-types.ts";
import {
  otherVariables,
  type SettingName,
  type SettingRow,
  type SettingValues,
  settingRowsByName,
} from "./settings.ts";
import { parseTomlEntries } from "./toml-file.ts";

/** What settings are read from. */
export interface SettingSources {
  /** Arguments after `coffer server`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
}

/** A value and where it came from. */
interface Given {
  readonly value: unknown;
  readonly origin: Origin;
}

/** The flags of the server, for parsing and help. */
export const serverFlags: ReadonlyMap<string, FlagSpec> = new Map(
  [...settingRowsByName.values()].map((row) => [row.flag, { placeholder: row.type.placeholder, many: row.type.many }]),
);

/**
 * Reads the settings: a flag wins over an environment variable, that over the configuration file, that over the
 * default. An empty environment variable counts as not given.
 *
 * @throws ConfigError, OperatorError for the first thing that is wrong
 */
export function loadSettings(sources: SettingSources): Settings {
  const context = { homeDirectory: sources.homeDirectory, baseDirectory: sources.workingDirectory };
  const fromFlags = readFlags(sources.args, context);
  const fromEnvironment = readEnvironment(sources.environment, context);
  const config = (fromFlags.get("config") ?? fromEnvironment.get("config"))?.value;
  const fromFile = typeof config === "string" ? readConfigFile(config, context) : new Map<SettingName, Given>();

  const values: Partial<Record<SettingName, unknown>> = {};
  const origins = new Map<SettingName, Origin>();
  for (const [name, row] of settingRowsByName) {
    const given = fromFlags.get(name) ?? fromEnvironment.get(name) ?? fromFile.get(name);
    values[name] = given === undefined ? row.default : given.value;
    if (given !== undefined) origins.set(name, given.origin);
  }
  return buildSettings(values as SettingValues, origins, sources);
}

function readFlags(args: readonly string[], context: ValueContext): ReadonlyMap<SettingName, Given> {
  const { flags, positionals } = parseFlags(args, serverFlags);
  const [stray] = positionals;
  if (stray !== undefined) throw new OperatorError(`unexpected argument "${stray}".`, 2);
  const given = new Map<SettingName, Given>();
  for (const [name, row] of settingRowsByName) {
    const texts = flags.get(row.flag);
    if (texts === undefined) continue;
    const origin: Origin = { kind: "flag", flag: row.flag };
    given.set(name, { value: accept(name, row, origin, row.type.parseText(texts.join(","), context)), origin });
  }
  return given;
}

function readEnvironment(
  environment: SettingSources["environment"],
  context: ValueContext,
): ReadonlyMap<SettingName, Given> {
  const names = new Map([...settingRowsByName].map(([name, row]) => [row.environment, { name, row }]));
  const given = new Map<SettingName, Given>();
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith("COFFER_") || text === undefined || text === "") continue;
    const setting = names.get(variable);
    const origin: Origin = { kind: "environment", variable };
    if (setting !== undefined) {
      const { name, row } = setting;
      given.set(name, { value: accept(name, row, origin, row.type.parseText(text, context)), origin });
    } else if (!otherVariables.has(variable)) {
      const suggestion = didYouMean(variable, [...names.keys(), ...otherVariables.keys()]);
      throw new OperatorError(`unknown environment variable ${variable}.${suggestion}`);
    }
  }
  return given;
}

function readConfigFile(file: string, context: ValueContext): ReadonlyMap<SettingName, Given> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read the configuration file ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
  const fileContext = { ...context, baseDirectory: dirname(resolve(file)) };
  const places = new Map<string, { name: SettingName; row: SettingRow<unknown> }>();
  for (const [name, row] of settingRowsByName) if (row.file !== undefined) places.set(row.file, { name, row });
  const given = new Map<SettingName, Given>();
  for (const { place, value, line } of parseTomlEntries(text, file)) {
    const origin: Origin = { kind: "file", file, line };
    const setting = places.get(place);
    if (setting === undefined) {
      throw new ConfigError(place, origin, `unknown setting.${didYouMean(place, places.keys())}`);
    }
    const { name, row } = setting;
    given.set(name, { value: accept(name, row, origin, row.type.parseToml(value, fileContext)), origin });
  }
  return given;
}

function accept(name: string, row: SettingRow<unknown>, origin: Origin, parsed: Parsed<unknown>): unknown {
  if ("value" in parsed) return parsed.value;
  throw new ConfigError(name, origin, `${parsed.problem} Allowed: ${row.type.allowed}.`);
}
