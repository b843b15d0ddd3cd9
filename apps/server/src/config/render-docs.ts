import { limitRows } from "../http/limits.ts";
import { otherVariables, type SettingName, type SettingRow, settingRowsByName } from "./settings.ts";

/** The default of a setting in words. */
export function describeDefault(row: SettingRow<unknown>): string {
  return row.defaultText ?? String(row.default);
}

/** The page `docs/CONFIGURATION.md`, in Markdown. */
export function renderConfigDocs(): string {
  return [
    "# Configuration",
    "",
    "<!-- Generated from apps/server/src/config/settings.ts by `bin/node tools/generate-config-docs.ts`. -->",
    "",
    "A setting can be given as a flag of `coffer server`, as an environment variable, or in a TOML file that `--config`",
    "names. A flag wins over a variable, a variable over the file, the file over the default. An empty variable counts as",
    "not given. Whatever is unknown or malformed stops the start with one line that names it. `~/` is the home directory;",
    "a relative path starts from the working directory or, in the file, from the file's folder. A switch is turned off",
    "with `--no-NAME`, or with `false` in a variable or the file.",
    "",
    "| Setting | Flag | Environment variable | In the file | Default | Allowed |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...settingRowsByName].map(([name, row]) => renderSetting(name, row)),
    "",
    "## What each does",
    "",
    ...[...settingRowsByName].map(([name, row]) => `- **${name}**: ${row.doc}`),
    "",
    "## Other variables",
    "",
    ...[...otherVariables].map(([name, doc]) => `- \`${name}\`: ${doc}`),
    "",
    "## Example file",
    "",
    "```toml",
    ...exampleFile,
    "```",
    "",
    "## Limits of the HTTP adapter",
    "",
    "| Limit | Default | Unit | What happens | Setting |",
    "| --- | --- | --- | --- | --- |",
    ...Object.entries(limitRows).map(([name, limit]) => {
      const setting = settingNames.has(`limits.${name}`) ? `\`limits.${name}\`` : "fixed";
      return `| ${name} | ${limit.value} | ${limit.unit} | ${limit.doc} | ${setting} |`;
    }),
    "",
  ].join("\n");
}

const settingNames: ReadonlySet<string> = new Set(settingRowsByName.keys());

/** A configuration file that a test loads. */
export const exampleFile: readonly string[] = [
  'listen = ["127.0.0.1:8080", "127.0.0.1:8200"]',
  'data_dir = "/var/lib/coffer"',
  "",
  "[audit]",
  'durability = "disk"',
  "",
  "[limits]",
  "max_connections = 4096",
];

function renderSetting(name: SettingName, row: SettingRow<unknown>): string {
  const value = row.type.placeholder === undefined ? "" : ` ${row.type.placeholder}`;
  const flag = `--${row.flag}${value}${row.type.many ? " (repeatable)" : ""}`;
  const cells = [
    name,
    code(flag),
    code(row.environment) + (row.type.many ? " (comma-separated)" : ""),
    row.file === undefined ? "-" : code(row.file),
    code(describeDefault(row)),
    row.type.allowed,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
