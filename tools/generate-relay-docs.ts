/** Writes docs/RELAY.md from the relay's operations and limits. */
import { writeFileSync } from "node:fs";
import { renderRelayDocs } from "./render-relay.ts";

writeFileSync(new URL("../docs/RELAY.md", import.meta.url), renderRelayDocs());
