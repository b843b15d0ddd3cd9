/** Writes docs/LIMITS.md from the tables of limits. */
import { writeFileSync } from "node:fs";
import { renderLimitsDocs } from "./render-limits.ts";

writeFileSync(new URL("../docs/LIMITS.md", import.meta.url), renderLimitsDocs());
