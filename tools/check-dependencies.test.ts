import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDependencies } from "./check-dependencies.ts";
import { findMissingPlatforms } from "./complete-lockfile.ts";
import { repoOf } from "./repo.ts";

const honest = {
  "package.json": '{"devDependencies":{"alpha":"1.2.3"},"optionalDependencies":{"beta-linux":"1.0.0-rc.1"}}',
  "packages/x/package.json": '{"dependencies":{"@coffer/y":"0.1.0"}}',
  "tools/requirements.txt": "# clients\ngamma==1.2\n",
  "docs/DEPENDENCIES.md":
    "| Package | Why | Licence |\n| --- | --- | --- |\n| `alpha`, `beta-linux` | Tests | MIT |\n| `gamma` | A client | Apache-2.0 |\n",
  "node_modules/alpha/package.json": '{"license":"MIT"}',
};

function judge(changes: Record<string, string>): string[] {
  const files: Record<string, string> = { ...honest, ...changes };
  const repo = repoOf(files);
  // As git lists them.
  return checkDependencies({ ...repo, paths: repo.paths.filter((path) => !path.startsWith("node_modules/")) }).map(
    ({ message }) => message,
  );
}

test("pinned dependencies with a row each are fine", () => {
  assert.deepEqual(judge({}), []);
});

const refused: readonly [string, Record<string, string>, RegExp][] = [
  ["a range", { "packages/x/package.json": '{"dependencies":{"alpha":"^1.2.3"}}' }, /alpha is not pinned: \^1\.2\.3/],
  [
    "a range of our own",
    { "packages/x/package.json": '{"dependencies":{"@coffer/y":"*"}}' },
    /@coffer\/y is not pinned/,
  ],
  [
    "a dependency without a row",
    { "packages/x/package.json": '{"dependencies":{"delta":"1.0.0"}}' },
    /delta has no row/,
  ],
  ["an unpinned requirement", { "tools/requirements.txt": "gamma>=1.2\n" }, /gamma is not pinned with ==/],
  ["a requirement without a row", { "tools/requirements.txt": "gamma==1.2\ndelta==1\n" }, /delta has no row/],
  ["a row about nothing", { "tools/requirements.txt": "" }, /Nothing depends on gamma/],
  ["another licence", { "node_modules/alpha/package.json": '{"license":"GPL-3.0"}' }, /licence of alpha is GPL-3.0/],
  [
    "a row without a reason",
    {
      "docs/DEPENDENCIES.md": honest["docs/DEPENDENCIES.md"]
        .replace("| A client |", "| |")
        .replace("`gamma`", "`alpha`"),
    },
    /alpha needs a reason and a licence|gamma has no row/,
  ],
  [
    "a lockfile that npm ci refuses",
    { "package-lock.json": '{"packages":{"":{"optionalDependencies":{"alpha-linux-x64":"1.0.0"}}}}' },
    /npm ci will refuse this lockfile, which lacks node_modules\/alpha-linux-x64/,
  ],
];
for (const [what, changes, message] of refused) {
  test(`${what} is found`, () => {
    const found = judge(changes);
    assert.ok(found.length >= 1);
    for (const each of found) assert.match(each, message);
  });
}

test("the entries that a lockfile lacks name version and platform", () => {
  const missing = findMissingPlatforms({
    packages: {
      "node_modules/alpha": {
        dev: true,
        optionalDependencies: {
          "@alpha/cli-linux-x64-musl": "1.0.0",
          "@alpha/cli-darwin-arm64": "1.0.0",
          "@alpha/binding-linux-arm-gnueabihf": "1.0.0",
          "@alpha/there-win32-x64": "1.0.0",
        },
      },
      "node_modules/@alpha/there-win32-x64": { version: "1.0.0" },
    },
  });
  const base = { version: "1.0.0", dev: true, optional: true };
  assert.deepEqual(Object.fromEntries(missing), {
    "node_modules/@alpha/cli-linux-x64-musl": { ...base, cpu: ["x64"], libc: ["musl"], os: ["linux"] },
    "node_modules/@alpha/cli-darwin-arm64": { ...base, cpu: ["arm64"], os: ["darwin"] },
    "node_modules/@alpha/binding-linux-arm-gnueabihf": { ...base, cpu: ["arm"], libc: ["glibc"], os: ["linux"] },
  });
});
