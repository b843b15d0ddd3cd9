import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { showProgress } from "./table.ts";

const root = join(import.meta.dirname, "..");

/**
 * What each protocol's package costs over its library alone: `bench/overhead.ts` of every package that has one, each in a
 * process of its own, so that no package loads another's library.
 *
 * @throws Error when one fails
 */
export async function measureMessagingOverhead(): Promise<void> {
  console.log("\n## Protocols of messages, beside their libraries alone\n");
  for (const script of globSync("packages/messaging/*/bench/overhead.ts", { cwd: root }).sort()) {
    const name = basename(dirname(dirname(script)));
    showProgress(`messaging-overhead: ${name}`);
    const { status, stdout, stderr } = spawnSync(join(root, "bin/node"), [script], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`${script}: ${stderr}`);
    console.log(`### ${name}\n\n\`\`\`\n${stdout.trimEnd()}\n\`\`\`\n`);
  }
}
