/**
 * Builds the published package of packages/envelope: `bin/node tools/build-envelope.ts [DIRECTORY]`, or `make
 * build-envelope`. Prints what it weighs.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildEnvelope, bundleForBrowsers, maxBundleBytes } from "./envelope-package.ts";

const directory = process.argv[2] ?? join(import.meta.dirname, "../packages/envelope/dist");
buildEnvelope(directory);
const { code, bytes, imports } = await bundleForBrowsers(directory);
console.log(`built ${directory}`);
console.log(`in a browser: ${bytes} bytes minified, ${gzipSync(code).length} with gzip; ${maxBundleBytes} at most`);
if (imports.length > 0) console.error(`it still imports ${imports.join(", ")}`);
if (imports.length > 0 || bytes > maxBundleBytes) process.exitCode = 1;
