/**
 * Records what a real OpenBao answers to the scenarios of apps/server/test/vault-conformance:
 *
 *     bao server -dev -dev-no-store-token -dev-root-token-id=root -dev-listen-address=127.0.0.1:18200
 *     bin/node tools/record-openbao.ts --address http://127.0.0.1:18200 --token root [AREA ...]
 *
 * The server must be new: its answers tell of everything that is in it. Areas that play on a server that nobody has
 * initialised are recorded from one, by their names and without a token.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { areas } from "../apps/server/test/vault-conformance/areas.ts";
import { type Answer, play, type Stage } from "../apps/server/test/vault-conformance/play.ts";
import { type Recording, recordingPath } from "../apps/server/test/vault-conformance/recording.ts";

const { values, positionals } = parseArgs({
  options: { address: { type: "string" }, token: { type: "string" } },
  allowPositionals: true,
});
const { address, token } = values;
if (address === undefined) throw new Error("give --address");
const stage: Stage = { address, token: token ?? "" };
const health = (await (await fetch(`${address}/v1/sys/health`)).json()) as { version: string };

for (const area of areas) {
  if (positionals.length > 0 ? !positionals.includes(area.name) : area.uninitialised) continue;
  const answers: Record<string, readonly Answer[]> = {};
  for (const scenario of area.scenarios) answers[scenario.name] = await play(scenario, stage);
  const recording: Recording = {
    server: `OpenBao ${health.version}`,
    recorded: new Date().toISOString().slice(0, 10),
    answers,
  };
  const path = recordingPath(area);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, render(recording));
  console.log(`recorded ${area.name}: ${area.scenarios.length} scenarios`);
}

/** An answer a line. */
function render({ answers, ...rest }: Recording): string {
  const scenarios = Object.entries(answers).map(([name, list]) => {
    const lines = list.map((answer) => `   ${JSON.stringify(answer, sorted)}`);
    return `  ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n  ]`;
  });
  return `${JSON.stringify(rest, null, 1).slice(0, -2)},\n "answers": {\n${scenarios.join(",\n")}\n }\n}\n`;
}

/** Members by name: the original's come in another order each time. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
