import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { settingRowsByName } from "@coffer/server/config";
import { commands } from "./commands/index.ts";
import { playServer, runCoffer } from "./testing.ts";

describe("coffer", () => {
  it("lists every command with --help, -h, help and nothing", async () => {
    for (const args of [["--help"], ["-h"], ["help"], []]) {
      const { exitCode, stdout, stderr } = await runCoffer(args);
      assert.deepEqual([exitCode, stderr], [0, ""]);
      for (const [name, { summary }] of commands) {
        assert.ok(stdout.includes(summary), name);
        assert.match(stdout, new RegExp(`^ {2}${name} `, "m"));
      }
      assert.ok(!stdout.includes("\x1b"), "no colours in a pipe");
    }
  });

  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await runCoffer(["--version"]), { exitCode: 0, stdout: `coffer ${version}\n`, stderr: "" });
  });

  it("has help for every command, both ways, with every option", async () => {
    for (const [name, command] of commands) {
      const words = name.split(" ");
      const help = await runCoffer(["help", ...words]);
      assert.equal(help.exitCode, 0);
      assert.deepEqual(await runCoffer([...words, "--help"]), help);
      for (const option of command.options) assert.match(help.stdout, new RegExp(`--${option.name}( |$)`, "m"));
    }
    const { stdout } = await runCoffer(["server", "-h"]);
    for (const row of settingRowsByName.values()) assert.ok(stdout.includes(`--${row.flag}`), row.flag);
  });

  it("lists a group's commands", async () => {
    const { exitCode, stdout } = await runCoffer(["audit"]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^ {2}audit verify /m);
    assert.ok(!stdout.includes("Run the server"));
    assert.equal((await runCoffer(["help", "audit"])).stdout, stdout);
  });

  for (const [args, says] of [
    [["statsu"], /^coffer: unknown command "statsu"\. Did you mean status\? See coffer --help\.\n$/],
    [["audit", "verfy"], /unknown command "audit verfy"\. Did you mean audit verify\?/],
    [["help", "xyzzy"], /unknown command "xyzzy"\. See coffer --help\./],
    [["constructor"], /unknown command "constructor"/],
    [["--dev"], /unknown flag --dev; see coffer --help\./],
    [["status", "--endpont", "x"], /unknown flag --endpont\. Did you mean --endpoint\?/],
    [["status", "extra"], /unexpected argument "extra"; see coffer help status\./],
    [["status", "--endpoint"], /--endpoint needs a value: --endpoint URL\./],
    [["server", "--lsten", "x"], /unknown flag --lsten\. Did you mean --listen\?/],
    [["server", "--listen", "0.0.0.0:1"], /other machines reach 0\.0\.0\.0:1/],
    [["audit", "verify", "--data-dir", "a", "--directory", "b"], /--data-dir or --directory, not both/],
    [["audit", "verify", "--trusted-head", "7"], /--trusted-head is SEQUENCE:HASH/],
    [["audit", "tail", "--lines", "x"], /--lines is a whole number, not "x"/],
    [["audit", "tail", "--lines", "1", "--after", "1"], /--lines or --after, not both/],
  ] as const) {
    it(`ends with 2 and one line for ${args.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await runCoffer(args);
      assert.deepEqual([exitCode, stdout], [2, ""]);
      assert.match(stderr, says);
      assert.match(stderr, /^coffer: [^\n]*\n$/);
    });
  }

  it("ends with 1 for a variable that is unknown", async () => {
    const { exitCode, stderr } = await runCoffer(["server"], { COFFER_LSTEN: "x" });
    assert.equal(exitCode, 1);
    assert.equal(stderr, "coffer: unknown environment variable COFFER_LSTEN. Did you mean COFFER_LISTEN?\n");
  });
});

describe("coffer status", () => {
  it("shows what the server says of its health, and ends with 0", async (t) => {
    const { url, requests } = await playServer(t, () => ({
      body: { status: "ok", audit: { ok: true }, version: "1" },
    }));
    const { exitCode, stdout, stderr } = await runCoffer(["status", "--endpoint", `${url}/`]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.equal(stdout, `endpoint  ${url}\nserver    healthy\nstatus    ok\naudit.ok  true\nversion   1\n`);
    assert.deepEqual([requests[0]?.method, requests[0]?.url], ["GET", "/health"]);
    assert.equal(requests[0]?.headers.authorization, undefined);
  });

  it("finds the server in the credentials file, behind option and variable", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "coffer-cli-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "credentials.json");
    const { url } = await playServer(t, () => ({ body: {} }));
    writeFileSync(file, JSON.stringify({ endpoint: url, token: "t" }));
    assert.equal((await runCoffer(["status", "--credentials-file", file])).exitCode, 0);
    assert.equal((await runCoffer(["status"], { COFFER_CREDENTIALS_FILE: file })).exitCode, 0);
    const elsewhere = await runCoffer(["status", "--credentials-file", file], {
      COFFER_ENDPOINT: "http://127.0.0.1:1",
    });
    assert.match(elsewhere.stderr, /no answer from http:\/\/127\.0\.0\.1:1:/);
    writeFileSync(file, "[]");
    const broken = await runCoffer(["status", "--credentials-file", file]);
    assert.deepEqual(
      [broken.exitCode, broken.stderr],
      [1, `coffer: the credentials file ${file} is not a JSON object.\n`],
    );
  });

  it("prints JSON for machines", async (t) => {
    const { url } = await playServer(t, () => ({ status: 503, body: { detail: "The disk is full." } }));
    const { exitCode, stdout } = await runCoffer(["status", "--json"], { COFFER_ENDPOINT: url });
    assert.equal(exitCode, 1);
    assert.deepEqual(JSON.parse(stdout), {
      endpoint: url,
      healthy: false,
      status: 503,
      health: { detail: "The disk is full." },
    });
  });

  it("ends with 1 and says why when the server is not well", async (t) => {
    const { url } = await playServer(t, () => ({ status: 503, body: { detail: "The audit disk is full." } }));
    const { exitCode, stdout, stderr } = await runCoffer(["status", "--endpoint", url]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^server +unhealthy$/m);
    assert.equal(stderr, "coffer: the server is not well (The audit disk is full.): see what it says on stderr.\n");
  });

  it("tells that something else answers", async (t) => {
    const { url } = await playServer(t, () => ({ status: 404, body: "<html>" }));
    const { exitCode, stderr } = await runCoffer(["status", "--endpoint", url]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /has no \/health: it is not a Coffer server/);
  });

  it("lets no answer move the terminal's cursor", async (t) => {
    const { url } = await playServer(t, () => ({
      status: 500,
      body: { "a\x1b[2J": "b\x1b[1mc\r\nd", detail: "e\x1b]0;f" },
    }));
    const { stdout, stderr } = await runCoffer(["status", "--endpoint", url]);
    assert.match(stdout, /^a\?\[2J +b\?\[1mc\?\?d$/m);
    assert.ok(!(stdout + stderr).includes("\x1b"));
  });

  it("says how to start the server when nothing listens", async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const endpoint = `http://127.0.0.1:${port}`;
    const { exitCode, stdout, stderr } = await runCoffer(["status", "--endpoint", endpoint]);
    assert.deepEqual([exitCode, stdout], [1, ""]);
    assert.match(
      stderr,
      /^coffer: no answer from http:\/\/127\.0\.0\.1:\d+: nothing listens there\. Start it with 'coffer server'/,
    );
    const json = await runCoffer(["status", "--json", "--endpoint", endpoint]);
    assert.equal(json.exitCode, 1);
    assert.equal(JSON.parse(json.stdout).healthy, false);
  });

  it("tells HTTP and HTTPS apart", async (t) => {
    const { url } = await playServer(t, () => ({ body: {} }));
    const { exitCode, stderr } = await runCoffer(["status", "--endpoint", url.replace("http:", "https:")]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /does not speak HTTPS/);
  });

  for (const endpoint of ["localhost:8080", "ftp://x", "nonsense", "http://user@h", "http://h?x"]) {
    it(`refuses the endpoint ${endpoint}`, async () => {
      const { exitCode, stderr } = await runCoffer(["status", "--endpoint", endpoint]);
      assert.equal(exitCode, 1);
      assert.match(stderr, /^coffer: the endpoint [^\n]*\n$/);
    });
  }
});
