import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkImports } from "./check-imports.ts";
import { packageRules, subpathRules } from "./import-rules.ts";
import { folderOfPackage, openRepo, repoOf } from "./repo.ts";

const manifests = {
  "packages/crypto/package.json": '{"dependencies":{"@noble/curves":"1.0.0"}}',
  "packages/service/package.json": '{"dependencies":{"@coffer/crypto":"0.1.0"}}',
  "packages/store/package.json": '{"dependencies":{"@coffer/service":"0.1.0","kysely":"0.29.9"}}',
  "packages/wire-aws/package.json": '{"dependencies":{"@coffer/service":"0.1.0"}}',
  "apps/cli/package.json": '{"dependencies":{"@coffer/server":"0.1.0"}}',
};

/** What the checks say of one file. */
function judge(path: string, text: string): string[] {
  return checkImports(repoOf({ ...manifests, [path]: text })).map(({ message }) => message);
}

const wire = "packages/wire-aws/src/a.ts";
const service = "packages/service/src/a.ts";

describe("imports that are refused", () => {
  const refused: readonly [string, string, string, RegExp][] = [
    ["a wire imports node:crypto", wire, 'import { hash } from "node:crypto";', /wire-aws may not import node:crypto/],
    ["a wire imports a store", wire, 'import { a } from "@coffer/store";', /wire-aws may not import @coffer\/store/],
    ["a wire imports another", wire, 'import { a } from "@coffer/wire-vault";', /may not import @coffer\/wire-vault/],
    [
      "a wire imports it for its types",
      wire,
      'import type { A } from "@coffer/store";',
      /may not import @coffer\/store/,
    ],
    ["a wire names it in a type", wire, 'export type A = import("@coffer/store").A;', /may not import @coffer\/store/],
    [
      "a wire imports it later",
      wire,
      'export const a = () => import("@coffer/store");',
      /may not import @coffer\/store/,
    ],
    ["a wire exports it again", wire, 'export { a } from "@coffer/store";', /may not import @coffer\/store/],
    ["the core imports upwards", service, 'import { a } from "@coffer/wire-aws";', /service may not import/],
    ["the core reads files", service, 'import { readFileSync } from "node:fs";', /may not import node:fs/],
    ["the core reads the environment", service, "export const a = process.env;", /process.env reads the environment/],
    ["it reads it in brackets", service, 'export const a = process["env"];', /process.env reads the environment/],
    ["it takes it apart", service, "export const { env } = process;", /process.env reads the environment/],
    ["it imports it", service, 'import { argv } from "node:process";', /may not import node:process/],
    ["crypto imports anything of ours", "packages/crypto/src/a.ts", 'import { a } from "@coffer/service";', /may not/],
    [
      "a test loads the AGPL package",
      "packages/messaging/core/src/a.test.ts",
      'import { signal } from "@coffer/messaging-signal";',
      /messaging-signal is for packages\/messaging\/signal\/ alone: it is under the AGPL/,
    ],
    ["a tool loads its library's types", "tools/a.ts", 'import type { A } from "@signalapp/libsignal-client";', /AGPL/],
    [
      "the core loads a protocol",
      "packages/messaging/core/src/a.ts",
      'import { olm } from "@coffer/messaging-olm";',
      /may not/,
    ],
    ["a package reaches into another", service, 'import { a } from "../../crypto/src/b.ts";', /reaches into another/],
    ["a file within a package", service, 'import { a } from "@coffer/crypto/src/a.ts";', /what the package exports/],
    ["raw secret bytes", service, 'import { a } from "@coffer/crypto/hazmat";', /is for packages\/crypto\/ alone/],
    [
      "an undeclared package of ours",
      "packages/store/src/a.ts",
      'import "@coffer/crypto";',
      /does not depend on @coffer/,
    ],
    ["an unlisted package of others", service, 'import { a } from "kysely";', /service may not import kysely/],
    [
      "an undeclared package of others",
      "packages/crypto/src/a.ts",
      'import "@noble/post-quantum/ml-dsa.js";',
      /does not depend on @noble/,
    ],
    ["a computed name", service, "export const a = (name: string) => import(name);", /not by an expression/],
    [
      "an example uses our insides",
      "examples/x/main.ts",
      'import { a } from "@coffer/service";',
      /may not import @coffer/,
    ],
    ["a folder without a rule", "packages/new/src/a.ts", 'import { a } from "node:fs";', /has no row/],
    ["a star export", service, 'export * from "./b.ts";', /not with a star/],
    ["a named star export", service, 'export * as b from "./b.ts";', /not with a star/],
    ["a default export", service, "export default 1;", /not as the default/],
    ["the clock", service, "export const a = Date.now();", /Date.now reads the clock: take a Clock/],
    ["the clock by new", service, "export const a = new Date();", /new Date\(\) reads the clock/],
    ["the clock in an app", "apps/cli/src/a.ts", "export const a = Date.now();", /reads the clock/],
    ["a timer", service, "export const a = setTimeout(() => {}, 1);", /reads timers/],
    ["randomness", service, "export const a = Math.random();", /reads randomness/],
    ["a random id", "apps/cli/src/a.ts", 'import { randomUUID } from "node:crypto";', /reads randomness/],
    ["a global random id", service, "export const a = crypto.randomUUID();", /reads randomness/],
  ];
  for (const [what, path, text, message] of refused) {
    test(what, () => {
      const found = judge(path, text);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, message);
    });
  }
});

describe("imports that are allowed", () => {
  const allowed: readonly [string, string, string][] = [
    ["along an edge", service, 'import { a } from "@coffer/crypto";'],
    ["within the package", service, 'import { a } from "../src/b.ts";'],
    ["a type of the test runner in a test", "packages/service/src/a.test.ts", 'import { test } from "node:test";'],
    ["a concrete store in a test", "packages/wire-aws/src/a.test.ts", 'import { a } from "@coffer/store";'],
    ["the clock in a test", "packages/wire-aws/src/a.test.ts", "export const a = Date.now();"],
    ["files in a store", "packages/store/src/a.ts", 'import { open } from "node:fs/promises";'],
    ["a dependency of others", "packages/store/src/a.ts", 'import { sql } from "kysely/helpers";'],
    ["the environment in an app", "apps/cli/src/a.ts", "export const a = process.env;"],
    ["the settings in the CLI", "apps/cli/src/a.ts", 'import { a } from "@coffer/server/config";'],
    ["a date of a given time", service, "export const a = new Date(5).toISOString();"],
    ["words in texts and comments", service, 'export const a = "Date.now() export *"; // import "@coffer/store"'],
    ["anything in a tool", "tools/a.ts", 'import { a } from "../packages/service/src/a.ts"; Date.now();'],
    ["the clock's own place", "apps/server/src/system-clock.ts", "export const a = () => Date.now();"],
  ];
  for (const [what, path, text] of allowed) test(what, () => assert.deepEqual(judge(path, text), []));
});

test("findings tell the line", () => {
  const repo = repoOf({ ...manifests, [service]: 'import { a } from "@coffer/crypto";\n\nexport * from "./b.ts";\n' });
  assert.deepEqual(checkImports(repo), [
    { path: service, line: 3, message: "Export names one by one, not with a star." },
  ]);
});

test("every workspace has a rule, and every rule and subpath its package", () => {
  const repo = openRepo(`${import.meta.dirname}/..`);
  const homes = repo.paths.flatMap(
    (path) => /^((?:apps|packages(?:\/messaging)?)\/[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
  );
  assert.deepEqual([...packageRules.keys(), "packages/testkit"].sort(), homes.sort());
  for (const specifier of subpathRules.keys()) {
    const [, name, part] = specifier.split("/");
    const owner = `@coffer/${name}`;
    const manifest = homes.find((home) => home === `apps/${name}` || home === folderOfPackage(owner));
    const { exports } = JSON.parse(repo.read(`${manifest}/package.json`)) as { exports: Record<string, string> };
    assert.ok(`./${part}` in exports, specifier);
  }
});

test("nothing may depend on the AGPL package, by whatever kind of dependency", () => {
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]) {
    const manifest = JSON.stringify({ [kind]: { "@coffer/messaging-signal": "0.1.0" } });
    for (const path of ["package.json", "apps/cli/package.json", "packages/messaging/core/package.json"]) {
      const said = checkImports(repoOf({ [path]: manifest })).map(({ message }) => message);
      assert.match(
        said.join(),
        /Nothing may depend on @coffer\/messaging-signal: it is under the AGPL/,
        `${kind} ${path}`,
      );
    }
  }
  const own = '{"dependencies":{"@signalapp/libsignal-client":"0.1.0"}}';
  assert.deepEqual(checkImports(repoOf({ "packages/messaging/signal/package.json": own })), []);
});
