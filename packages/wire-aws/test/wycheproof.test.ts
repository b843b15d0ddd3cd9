import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { notThroughKms, wycheproofRows } from "./wycheproof-rows.ts";
import { runVectors } from "./wycheproof-run.ts";

const vectors = new URL("../../../vectors/", import.meta.url);

describe("Wycheproof's vectors through AWS KMS", () => {
  it("has a row for every file, that runs it or says why not", () => {
    const files = readdirSync(new URL("wycheproof/", vectors)).filter((name) => name.endsWith(".json.gz"));
    assert.deepEqual(
      [...wycheproofRows.keys()].sort(),
      files.map((name) => name.replace(".json.gz", "")),
    );
    for (const [file, reason] of notThroughKms) assert.ok(existsSync(new URL(file, vectors)) && reason !== "", file);
  });

  for (const [file, row] of wycheproofRows) {
    it(`${file}: the first case of each kind`, { skip: "absent" in row ? row.absent : false }, async () => {
      assert.ok((await runVectors(file, "first-of-each-kind")) > 2);
    });
  }
});
