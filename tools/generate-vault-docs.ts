/** Writes docs/VAULT.md from the tables of routes and key types. */
import { writeFileSync } from "node:fs";
import { renderVaultDocs } from "./render-vault.ts";

writeFileSync(new URL("../docs/VAULT.md", import.meta.url), renderVaultDocs());
