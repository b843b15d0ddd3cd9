import { describe, it } from "node:test";
import { wycheproofRows } from "./wycheproof-rows.ts";
import { runVectors } from "./wycheproof-run.ts";

describe("All of Wycheproof's vectors through AWS KMS", () => {
  for (const [file, row] of wycheproofRows) {
    if (!("absent" in row)) it(file, async () => void (await runVectors(file, "all")));
  }
});
