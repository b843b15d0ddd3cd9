import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { decrypt, encrypt, rawAesKeyring } from "@coffer/envelope";
import { type BrowserBundle, buildEnvelope, bundleForBrowsers, maxBundleBytes } from "./envelope-package.ts";

const root = join(import.meta.dirname, "..");
const keyring = rawAesKeyring({ namespace: "build", name: "one", wrappingKey: new Uint8Array(32) });

/** Reads a message of ours and gives back one of its own, in base64. `source` is where it imports from. */
const program = (source: string, message: string) => `
import { decrypt, EnvelopeError, encrypt, rawAesKeyring } from "${source}";
const keyring = rawAesKeyring({ namespace: "build", name: "one", wrappingKey: new Uint8Array(32) });
const message = Uint8Array.from(atob("${message}"), (character) => character.charCodeAt(0));
const { plaintext, signed } = await decrypt(message, { keyring, context: { for: "the build" } });
if (!signed) throw new Error("it was signed");
message[message.length - 1] ^= 1;
const refused = await decrypt(message, { keyring }).catch((error) => error);
if (!(refused instanceof EnvelopeError) || refused.code !== "DecryptionFailed") throw new Error("it was damaged");
const again = await encrypt(plaintext, { keyring, context: { for: "the build" }, sign: true });
const answer = btoa(Array.from(again, (byte) => String.fromCharCode(byte)).join(""));
`;

describe("the published package", () => {
  const folder = mkdtempSync(join(tmpdir(), "coffer-build-"));
  const built = join(folder, "built");
  const project = join(folder, "project");
  let bundle: BrowserBundle;
  let message = "";

  before(async () => {
    buildEnvelope(built);
    bundle = await bundleForBrowsers(built);
    const options = { keyring, context: { for: "the build" }, sign: true };
    message = Buffer.from(await encrypt("from the sources", options)).toString("base64");
    // A project in which nothing else is: its tarball is unpacked as npm would, since nothing else needs to be fetched.
    const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
      cwd: built,
      encoding: "utf8",
    });
    const installed = join(project, "node_modules/@coffer/envelope");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", join(folder, packed.trim()), "--strip-components=1", "-C", installed]);
    mkdirSync(join(project, "node_modules/@types"));
    for (const name of ["node", "undici-types"]) {
      symlinkSync(
        join(root, "node_modules", name === "node" ? "@types/node" : name),
        join(project, "node_modules", name === "node" ? "@types/node" : name),
      );
    }
    writeFileSync(join(project, "package.json"), '{"private":true,"type":"module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function checkAnswer(answer: string): Promise<void> {
    const decrypted = await decrypt(Buffer.from(answer, "base64"), { keyring, context: { for: "the build" } });
    assert.equal(Buffer.from(decrypted.plaintext).toString(), "from the sources");
    assert.ok(decrypted.signed);
  }

  it("has modules, types, README and licence, and no sources, tests or dependencies", () => {
    const files = globSync("**/*", { cwd: join(project, "node_modules/@coffer/envelope"), withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
    for (const name of ["package.json", "README.md", "LICENSE", "index.js", "index.d.ts"])
      assert.ok(files.includes(name));
    assert.deepEqual(
      files.filter((name) => !/\.js$|\.d\.ts$|^(package\.json|README\.md|LICENSE)$/.test(name)),
      [],
    );
    assert.deepEqual(
      files.filter((name) => name.includes(".test.")),
      [],
    );
    const { dependencies, devDependencies, scripts } = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
    assert.deepEqual([dependencies, devDependencies, scripts], [undefined, undefined, undefined]);
  });

  for (const [what, conditions, needsWebCrypto] of [
    ["Node", [], false],
    ["the Web Cryptography API, as a browser's conditions pick it", ["--conditions=browser"], true],
  ] as const) {
    it(`runs as plain JavaScript on ${what}`, async () => {
      const path = join(project, "main.js");
      const run = (before: string) => {
        writeFileSync(path, `${before}${program("@coffer/envelope", message)}\nconsole.log(answer);`);
        return execFileSync(process.execPath, [...conditions, path], { encoding: "utf8", stdio: "pipe" });
      };
      await checkAnswer(run(""));
      const without = () => run('Object.defineProperty(globalThis, "crypto", { value: undefined });\n');
      if (needsWebCrypto) assert.throws(without);
      else await checkAnswer(without());
    });
  }

  it("has its other entries", () => {
    const entries = [
      "@coffer/envelope/hierarchical",
      "@coffer/envelope/node",
      "@coffer/envelope/rsa",
      "@coffer/envelope/age",
      "@coffer/envelope/jwe",
    ];
    const path = join(project, "entries.js");
    writeFileSync(
      path,
      entries.map((entry) => `console.log(Object.keys(await import("${entry}")).join());`).join("\n"),
    );
    const lines = execFileSync(process.execPath, [path], { encoding: "utf8" }).trim().split("\n");
    assert.match(lines[0] ?? "", /hierarchicalKeyring/);
    assert.match(lines[1] ?? "", /encryptFile/);
    assert.match(lines[2] ?? "", /rawRsaKeyring/);
    assert.match(lines[3] ?? "", /ageRecipient/);
    assert.match(lines[4] ?? "", /encryptJwe/);
  });

  for (const [what, options] of [
    [
      "for browsers",
      { lib: ["es2022", "dom", "dom.asynciterable"], types: [], module: "esnext", moduleResolution: "bundler" },
    ],
    ["for Node", { lib: ["es2022"], types: ["node"], module: "nodenext", moduleResolution: "nodenext" }],
  ] as const) {
    it(`has types for a strict consumer ${what}`, () => {
      writeFileSync(
        join(project, "consumer.ts"),
        `import { decrypt, encrypt, kmsClient, kmsKeyring, multiKeyring, rawAesKeyring, type Keyring } from "@coffer/envelope";
import { rawRsaKeyring } from "@coffer/envelope/rsa";
const credentials = { accessKeyId: "a", secretAccessKey: "b" };
const kms: Keyring = kmsKeyring({ keyId: "alias/app", client: kmsClient({ region: "us-east-1", credentials }) });
const raw = rawAesKeyring({ namespace: "a", name: "b", wrappingKey: new Uint8Array(32) });
const keyring = multiKeyring([kms, raw, rawRsaKeyring({ namespace: "a", name: "c", publicKey: "", padding: "oaep-sha256" })]);
export async function roundTrip(text: string): Promise<string> {
  const message: Uint8Array = await encrypt(text, { keyring, context: { purpose: "types" } });
  const { plaintext } = await decrypt(message, { keyring });
  return plaintext.toString();
}
// @ts-expect-error: a keyring is needed
export const wrong = encrypt("text", {});
`,
      );
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: "es2022",
        exactOptionalPropertyTypes: true,
        ...options,
      };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      execFileSync(process.execPath, [join(root, "node_modules/typescript/lib/tsc.js"), "-p", project], {
        stdio: "inherit",
      });
    });
  }

  it(`is at most ${maxBundleBytes} bytes in a browser, and imports nothing`, () => {
    assert.deepEqual(bundle.imports, []);
    assert.doesNotMatch(bundle.code, /\bimport\s*\(|\brequire\s*\(|["'`]node:/);
    assert.ok(bundle.bytes <= maxBundleBytes, `${bundle.bytes} bytes`);
  });

  it("runs as a bundle", async () => {
    writeFileSync(join(project, "bundle.js"), bundle.code);
    const path = join(project, "bundled.js");
    writeFileSync(path, `${program("./bundle.js", message)}\nconsole.log(answer);`);
    await checkAnswer(execFileSync(process.execPath, [path], { encoding: "utf8" }));
  });

  const chromium = findChromium();
  it("runs in Chromium", { skip: chromium === undefined ? "There is no Chromium." : false }, async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const page = `<!doctype html><script type="module">
      const tell = (answer) => fetch("/answer", { method: "POST", body: answer });
      addEventListener("unhandledrejection", ({ reason }) => tell("failed: " + reason));
      ${program("/bundle.js", message)}
      await tell(answer);
    </script>`;
    const server = createServer(async (request, response) => {
      if (request.url === "/answer") resolve((await request.toArray()).join(""));
      const script = request.url === "/bundle.js";
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.end(script ? bundle.code : page);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
    const browser = spawn(chromium!, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
    try {
      const ended = once(browser, "exit").then(() => "Chromium ended");
      await checkAnswer(await Promise.race([promise, ended]));
    } finally {
      const gone = once(browser, "exit");
      if (browser.exitCode === null && browser.kill("SIGKILL")) await gone;
      server.closeAllConnections();
      server.close();
    }
  });
});

function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}
