import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";

/** A file as the page's server gives it. */
export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array | string;
}

const page = join(import.meta.dirname, "page");
const wasm = "pkg/matrix_sdk_crypto_wasm_bg.wasm";

/** The page as a browser gets it, by path. */
export async function bundlePage(): Promise<ReadonlyMap<string, PageFile>> {
  const bundle = await rolldown({
    input: join(page, "page.ts"),
    platform: "browser",
    tsconfig: false,
    logLevel: "silent",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  const olm = dirname(
    createRequire(join(import.meta.dirname, "../../packages/messaging/olm/package.json")).resolve(
      "@matrix-org/matrix-sdk-crypto-wasm",
    ),
  );
  return new Map<string, PageFile>([
    ["/", { type: "text/html; charset=utf-8", body: readFileSync(join(page, "index.html"), "utf8") }],
    ["/page.css", { type: "text/css; charset=utf-8", body: readFileSync(join(page, "page.css"), "utf8") }],
    ["/page.js", { type: "text/javascript; charset=utf-8", body: output[0].code }],
    // Where the library looks for it: beside the program that loads it.
    [`/${wasm}`, { type: "application/wasm", body: readFileSync(join(olm, wasm)) }],
  ]);
}
