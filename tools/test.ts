/**
 * Runs the tests: `bin/node tools/test.ts [--long] [BEGINNING OF A PATH ...]`. Installs what they need first.
 *
 * Exit code 0 when all passed; 1 when one failed, none ran or, with CI=true, a component is missing; 2 for bad usage.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provideComponents, provideNodePackages } from "./components.ts";
import { runTests } from "./test-run.ts";

const root = join(import.meta.dirname, "..");
const onTerminal = process.stdout.isTTY === true;

process.exitCode = await main();

async function main(): Promise<number> {
  let parsed: { long: boolean; beginnings: string[] };
  try {
    const { values, positionals } = parseArgs({ options: { long: { type: "boolean" } }, allowPositionals: true });
    parsed = { long: values.long ?? false, beginnings: positionals };
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : error}\nusage: bin/node tools/test.ts [--long] [PATH ...]`,
    );
    return 2;
  }
  if (provideNodePackages(root)) console.log("installed the packages of package-lock.json");
  const provisions = provideComponents((name) => {
    if (onTerminal) console.log(`installing ${name} ...`);
  });
  for (const { name, component, installed } of provisions) {
    if (installed && component.available) console.log(`installed ${name}`);
  }
  const requireComponents = process.env["CI"] === "true";
  return runTests({ ...parsed, root, provisions, requireComponents, onTerminal, print: (line) => console.log(line) });
}
