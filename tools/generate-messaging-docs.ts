/** Writes docs/PROTOCOLS.md from the table of protocols. */
import { writeFileSync } from "node:fs";
import { renderMessagingDocs } from "./render-messaging.ts";

writeFileSync(new URL("../docs/PROTOCOLS.md", import.meta.url), renderMessagingDocs());
