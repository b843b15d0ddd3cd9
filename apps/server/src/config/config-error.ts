import { OperatorError } from "../operator-error.ts";

/** Where a value came from. */
export type Origin =
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly file: string; readonly line: number | undefined };

/** `--listen`, `COFFER_LISTEN` or `FILE:LINE`. */
export function describeOrigin(origin: Origin): string {
  if (origin.kind === "flag") return `--${origin.flag}`;
  if (origin.kind === "environment") return `environment variable ${origin.variable}`;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/** A setting is wrong. The message names the setting, where it came from and what is allowed. */
export class ConfigError extends OperatorError {
  /** The setting's name, or the flag, variable or key that is none. */
  readonly setting: string;
  readonly origin: Origin | undefined;

  constructor(setting: string, origin: Origin | undefined, problem: string) {
    const where = origin === undefined ? "" : ` (${describeOrigin(origin)})`;
    super(`${setting}${where}: ${problem}`, origin?.kind === "flag" ? 2 : 1);
    this.name = "ConfigError";
    this.setting = setting;
    this.origin = origin;
  }
}
