import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Coffer's own version: MAJOR.MINOR.PATCH. */
export const version: string = manifest.version;
