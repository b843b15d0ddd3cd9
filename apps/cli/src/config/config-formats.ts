import { basename } from "node:path";
import { OperatorError } from "@coffer/server/config";
import {
  binaryFormat,
  type ConfigFormat,
  dotenvFormat,
  iniFormat,
  jsonFormat,
  tomlFormat,
  yamlFormat,
} from "@coffer/sops";
import { flagText, type Invocation } from "../command.ts";

const formats: ReadonlyMap<string, ConfigFormat> = new Map(
  [yamlFormat, jsonFormat, tomlFormat, iniFormat, dotenvFormat, binaryFormat].map((format) => [format.name, format]),
);

/** The formats by the ends of file names, as SOPS tells them, and TOML. Source: SOPS 3.13, cmd/sops/formats. */
const endings: readonly (readonly [ending: string, format: ConfigFormat])[] = [
  [".yaml", yamlFormat],
  [".yml", yamlFormat],
  [".json", jsonFormat],
  [".toml", tomlFormat],
  [".ini", iniFormat],
  [".env", dotenvFormat],
];

/**
 * The format of a file.
 *
 * @throws OperatorError exit code 2 for a format that there is not
 */
export function formatFor(invocation: Invocation, file: string): ConfigFormat {
  const named = flagText(invocation, "format");
  if (named === undefined) {
    return endings.find(([ending]) => basename(file).endsWith(ending))?.[1] ?? binaryFormat;
  }
  const format = formats.get(named);
  if (format === undefined) throw new OperatorError(`--format is one of ${[...formats.keys()].join(", ")}.`, 2);
  return format;
}
