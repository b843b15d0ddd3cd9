import { type Config, config, type PartialConfig } from "openpgp";
import { type OpenPgpFormat, strictConfigs } from "./strict-config.ts";

/** What a device of this package was opened with. */
export interface OpenPgpSettings {
  readonly format: OpenPgpFormat;
  readonly config: PartialConfig;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** By how much the clocks of two devices may differ. */
export const clockToleranceMs = 5 * 60 * 1000;

export function settingsOf(format: OpenPgpFormat, nowMs: () => number): OpenPgpSettings {
  return { format, config: strictConfigs.get(format) ?? {}, nowMs };
}

/** The date by which what others made is judged: theirs may be a little ahead. */
export function toleratedDate({ nowMs }: OpenPgpSettings): Date {
  return new Date(nowMs() + clockToleranceMs);
}

/** Settings where the library's methods want all of them. */
export function fullConfig(partial: PartialConfig): Config {
  return { ...config, ...partial };
}
