import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { renderConfigDocs } from "./render-docs.ts";

it("docs/CONFIGURATION.md is what the table says", () => {
  const page = readFileSync(new URL("../../../../docs/CONFIGURATION.md", import.meta.url), "utf8");
  assert.equal(page, renderConfigDocs(), "run bin/node tools/generate-config-docs.ts");
});
