/** Writes docs/cbom.json from the key specs and their algorithms. */
import { writeFileSync } from "node:fs";
import { renderCbom } from "./render-cbom.ts";

writeFileSync(new URL("../docs/cbom.json", import.meta.url), renderCbom());
