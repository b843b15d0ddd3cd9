import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const chromium = findChromium();
const library = dirname(fileURLToPath(import.meta.resolve("@matrix-org/matrix-sdk-crypto-wasm")));
const wasm = "/pkg/matrix_sdk_crypto_wasm_bg.wasm";
// The strictest that WebAssembly runs under.
const policy = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

describe("olm: in a page", { skip: chromium === undefined ? "There is no Chromium." : false }, () => {
  it("carries messages, goes on after a reload, and leaves the page its own databases", async () => {
    const input = join(import.meta.dirname, "browser-page.ts");
    const bundle = await rolldown({ input, platform: "browser", logLevel: "silent" });
    const { output } = await bundle.generate({ format: "es" });
    const { promise, resolve } = Promise.withResolvers<string>();
    const files = new Map<string | undefined, readonly [string, string | Uint8Array]>([
      ["/", ["text/html", '<!doctype html><script type="module" src="/page.js"></script>']],
      ["/page.js", ["text/javascript", output[0].code]],
      [wasm, ["application/wasm", readFileSync(join(library, wasm))]],
    ]);
    const server = createServer(async (request, response) => {
      if (request.url === "/answer") resolve((await request.toArray()).join(""));
      const [type, content] = files.get(request.url) ?? ["text/plain", ""];
      response.writeHead(200, { "content-type": type, "content-security-policy": policy });
      response.end(content);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const profile = mkdtempSync(join(tmpdir(), "coffer-olm-page-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
    const browser = spawn(chromium!, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
    try {
      const ended = once(browser, "exit").then(() => "Chromium ended");
      const said = await Promise.race([promise, ended]);
      assert.deepEqual(said.split(","), [
        "kept",
        ...["hello", "undecryptable", "answer", "undecryptable", "after-a-reload", "undecryptable"],
        ...["control", "control", "to the group", "duplicate"],
        "kept",
      ]);
    } finally {
      const gone = once(browser, "exit");
      if (browser.exitCode === null && browser.kill("SIGKILL")) await gone;
      server.closeAllConnections();
      server.close();
      rmSync(profile, { recursive: true, force: true });
    }
  });
});

function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}
