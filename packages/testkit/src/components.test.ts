import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { component, componentNames } from "./components.ts";

test("a component is a program that is there, or a reason", () => {
  for (const name of componentNames) {
    const found = component(name);
    if (found.available) assert.ok(existsSync(found.path), found.path);
    else assert.match(found.reason, /^[A-Z].*\.$/);
  }
});

test("a program that is nowhere on the path is missing, and the reason names it", (t) => {
  const path = process.env["PATH"];
  t.after(() => {
    process.env["PATH"] = path;
  });
  process.env["PATH"] = import.meta.dirname;
  assert.deepEqual(component("curl"), { available: false, reason: "There is no curl on this machine." });
  for (const [name, program] of [
    ["sops", "go"],
    ["aws-sdk-java", "java"],
  ] as const) {
    const reason = `There is no ${program} on this machine, which ${name} needs.`;
    assert.deepEqual(component(name), { available: false, reason, optional: true });
  }
});
