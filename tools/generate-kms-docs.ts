/** Writes docs/KMS.md from the tables of operations, key states and key specs. */
import { writeFileSync } from "node:fs";
import { renderKmsDocs } from "./render-kms.ts";

writeFileSync(new URL("../docs/KMS.md", import.meta.url), renderKmsDocs());
