/** Writes docs/CONFIGURATION.md from the server's table of settings. */
import { writeFileSync } from "node:fs";
import { renderConfigDocs } from "../apps/server/src/config/render-docs.ts";

const target = new URL("../docs/CONFIGURATION.md", import.meta.url);
writeFileSync(target, renderConfigDocs());
