import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BadInputServer } from "./bad-input-fixture.ts";
import type { LimitCase } from "./limit-cases.ts";
import { coreLimitCases } from "./limit-cases-core.ts";
import { tokenLimitCases } from "./limit-cases-tokens.ts";
import { awsLimitCases, httpLimitCases, restLimitCases, vaultLimitCases, xksLimitCases } from "./limit-cases-wires.ts";

/** The sections of docs/LIMITS.md with a case for each of their rows: a row without one does not compile. */
const sections: readonly [string, Readonly<Record<string, LimitCase>>][] = [
  ["Keys and messages, through every API", { ...coreLimitCases, ...tokenLimitCases }],
  ["HTTP", httpLimitCases],
  ["AWS API", awsLimitCases],
  ["Vault API", vaultLimitCases],
  ["REST API", restLimitCases],
  ["External key store proxy", xksLimitCases],
];

const root = join(import.meta.dirname, "../../../..");
const page = readFileSync(join(root, "docs", "LIMITS.md"), "utf8");

/** The names of the limits in one section of the page. */
function namesOnPage(title: string): string[] {
  const text = page.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...text.matchAll(/^\| (\w+) \|/gm)].map(([, name]) => name ?? "").filter((name) => name !== "Limit");
}

describe("every limit that is written down holds on a live server", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start();
  });
  after(async () => {
    await bad.expectKeys();
    await bad.assertUnharmed();
    await bad.stop();
  });

  for (const [title, cases] of sections) {
    describe(title, () => {
      it("is on the page in full", () => assert.deepEqual(namesOnPage(title).sort(), Object.keys(cases).sort()));
      for (const [name, one] of Object.entries(cases)) {
        if (typeof one === "function") it(name, () => one(bad));
        else
          it(`${name} (in ${one.file})`, () =>
            assert.ok(readFileSync(join(root, one.file), "utf8").includes(one.text)));
      }
    });
  }
});
