import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { rolldown } from "rolldown";

const chromium = findChromium();
const policy = "default-src 'none'; connect-src 'self'; script-src 'self'";

describe("openpgp: in a page", { skip: chromium === undefined ? "There is no Chromium." : false }, () => {
  it("carries messages under a strict policy", async () => {
    const input = join(import.meta.dirname, "browser-page.ts");
    const bundle = await rolldown({ input, platform: "browser", logLevel: "silent" });
    const { output } = await bundle.generate({ format: "es", codeSplitting: false });
    const { promise, resolve } = Promise.withResolvers<string>();
    const files = new Map<string | undefined, readonly [string, string]>([
      ["/", ["text/html", '<!doctype html><script type="module" src="/page.js"></script>']],
      ["/page.js", ["text/javascript", output[0].code]],
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
    const profile = mkdtempSync(join(tmpdir(), "coffer-openpgp-page-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
    const browser = spawn(chromium!, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
    try {
      const ended = once(browser, "exit").then(() => "Chromium ended");
      const said = await Promise.race([promise, ended]);
      const talk = ["hello", "duplicate", "answer", "duplicate"];
      assert.equal(said, [...talk, ...talk, "0 found"].join());
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
