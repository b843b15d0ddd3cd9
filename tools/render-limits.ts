import { limitRows } from "../apps/server/src/http/limits.ts";
import { type Limit, limits } from "../packages/service/src/index.ts";
import { awsLimits } from "../packages/wire-aws/src/index.ts";
import { restLimits } from "../packages/wire-rest/src/index.ts";
import { vaultLimits } from "../packages/wire-vault/src/index.ts";
import { xksLimits } from "../packages/wire-xks/src/index.ts";

function section(title: string, rows: readonly Limit[]): string {
  const lines = rows.map(
    ({ name, value, unit, about }) => `| ${name} | ${value} | ${unit} | ${about.replaceAll("|", "\\|")} |`,
  );
  return [`## ${title}`, "", "| Limit | Value | Unit | What is limited |", "| --- | ---: | --- | --- |", ...lines].join(
    "\n",
  );
}

/** docs/LIMITS.md, from the tables of the core, the wires and the HTTP adapter. */
export function renderLimitsDocs(): string {
  const http = Object.entries(limitRows).map(([name, { value, unit, doc }]) => ({ name, value, unit, about: doc }));
  return `${[
    "# Limits",
    "<!-- Generated from the tables of limits by `bin/node tools/generate-limits-docs.ts`. -->",
    "Every limit of Coffer, each from the table that enforces it. Those of the HTTP adapter that can be set are in [CONFIGURATION.md](CONFIGURATION.md).",
    section("Keys and messages, through every API", Object.values(limits)),
    section("HTTP", http),
    section("AWS API", Object.values(awsLimits)),
    section("Vault API", Object.values(vaultLimits)),
    section("REST API", Object.values(restLimits)),
    section("External key store proxy", Object.values(xksLimits)),
  ].join("\n\n")}\n`;
}
