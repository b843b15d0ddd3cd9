import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { cleanEnvironment, type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const make = component("make");
const root = join(import.meta.dirname, "../../..");
/** Whatever the stamp says, no test installs packages under the others' feet. */
const installed = ["--no-print-directory", "--assume-old=node_modules/.coffer-installed"];

function runMake(
  target: string,
  environment: Record<string, string> = {},
  options: string[] = [],
): Promise<ProgramResult> {
  assert.ok(make.available);
  return runProgram(make.path, [...installed, ...options, target], { environment, workingDirectory: root });
}

async function output(target: string, environment: Record<string, string> = {}): Promise<string[]> {
  const { status, stdout, stderr } = await runMake(target, environment);
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n");
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const passwordLines = (api: string, stored: RegExp): RegExp[] => [
  new RegExp(`^${api}: stored for alice: ${stored.source}`),
  new RegExp(`^${api}: log in with the right password: welcome$`),
  new RegExp(`^${api}: log in with a wrong password: refused$`),
];

function assertLines(lines: readonly string[], patterns: readonly RegExp[]): void {
  assert.equal(lines.length, patterns.length, lines.join("\n"));
  for (const [index, pattern] of patterns.entries()) assert.match(lines[index] ?? "", pattern);
}

describe("make", { skip: make.available ? false : make.reason }, () => {
  function start(target: string, environment: Record<string, string>): RunningProgram {
    assert.ok(make.available);
    return new RunningProgram(
      spawn(make.path, [...installed, target], {
        cwd: root,
        env: cleanEnvironment(environment),
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }

  it("run: starts a persistent server, after it has installed what is missing", async () => {
    const data = join(temporaryFolder("make-run"), "data");
    const server = start("run", { COFFER_LISTEN: "127.0.0.1:0", COFFER_DATA_DIR: data });
    try {
      const url = (await server.line(/^listening on /)).slice("listening on ".length);
      await server.line(/^ {2}secret access key {2}\S{40}$/);
      await server.line(/^Not yet fit for production:/);
      assert.equal((await fetch(`${url}/health`)).status, 200);
      assert.equal((await fetch(`${url}/keys`)).status, 401);
      assert.ok(statSync(join(data, "coffer.db")).isFile());
    } finally {
      server.signal("SIGTERM");
      await server.ended;
    }
    await server.line(/^coffer: stopped\.$/);
    const dry = await runProgram(make.available ? make.path : "", ["--dry-run", "--always-make", "run"], {
      workingDirectory: root,
    });
    assert.match(dry.stdout, /^npm ci .*\nexec bin\/coffer server\n$/s);
  });

  it("server-run: starts a dev server", async () => {
    const server = start("server-run", { COFFER_LISTEN: "127.0.0.1:0" });
    try {
      const url = (await server.line(/^listening on /)).slice("listening on ".length);
      await server.line(/^DEV MODE/);
      const made = await fetch(`${url}/keys`, { method: "POST", body: '{"key_id":"free"}' });
      assert.equal(made.status, 201);
    } finally {
      server.signal("SIGTERM");
      await server.ended;
    }
  });

  it("server-test: runs the server's tests", async () => {
    const { status, stdout } = await runMake("server-test", {}, ["--dry-run"]);
    assert.equal(status, 0);
    assert.match(stdout, /^bin\/node tools\/test\.ts .*apps\/server/m);
  });

  it("lists its targets when it is called without one", async () => {
    const { stdout } = await runMake("help");
    for (const target of ["run", "test", "server-run", "client-usecase1", "aws-client", "vault-up"]) {
      assert.match(stdout, new RegExp(`^make ${target} +\\S`, "m"));
    }
  });
});

for (const mode of ["dev", "persistent"] as const) {
  describe(`the use cases on a ${mode} server`, { skip: make.available ? false : make.reason }, () => {
    let server: ServerUnderTest;
    let environment: Record<string, string>;
    before(async () => {
      const credentialsFile = join(temporaryFolder("examples"), "credentials.json");
      server = await ServerUnderTest.start({ dev: mode === "dev", credentialsFile });
      environment = mode === "dev" ? { COFFER_ENDPOINT: server.url } : { COFFER_CREDENTIALS_FILE: credentialsFile };
    });
    after(() => server?.kill());

    it("client-usecase1: users' passwords, twice", async () => {
      for (let count = 0; count < 2; count += 1) {
        assertLines(await output("client-usecase1", environment), passwordLines("REST", /[A-Za-z0-9+/]{48}\.\.\.$/));
      }
    });

    it("client-usecase1-hashed: users' passwords as salted hashes with a pepper, twice", async () => {
      for (let count = 0; count < 2; count += 1) {
        assertLines(await output("client-usecase1-hashed", environment), [
          /^hashed: stored for alice: \{"salt":"[A-Za-z0-9+/]{22}==","argon2id":\{.*\},"mac":"[A-Za-z0-9+/]{43}="\}$/,
          /^hashed: the same password for bob: another row$/,
          /^hashed: log in with the right password: welcome$/,
          /^hashed: log in with a wrong password: refused$/,
        ]);
      }
    });

    it("client-usecase2: the sensitive values of a config file", async () => {
      const text = (await output("client-usecase2", environment)).join("\n");
      const stored = JSON.parse(/on disk:\n(.*)\nloaded/s.exec(text)?.[1] ?? "");
      assert.match(stored.database.password, /^ENC\[.*\]$/);
      assert.match(stored.payment.api_key, /^ENC\[.*\]$/);
      assert.deepEqual([stored.service, stored.port, stored.database.user], ["shop", 8443, "shop"]);
      assert.ok(!text.includes("s3cr3t-db-password") && !text.includes("pk_live"));
      assert.match(text, /^loaded decrypted: the same configuration$/m);
    });

    it("aws-client: the first use case with the AWS SDK", async () => {
      assertLines(await output("aws-client", environment), passwordLines("AWS SDK", /[A-Za-z0-9+/]{48}\.\.\.$/));
    });

    it("client-usecase3: a large file, of which the server sees the data key only", async (t) => {
      const counted = await countingProxy(server.url);
      t.after(() => counted.proxy.close());
      const mebibytes = 4;
      const lines = await output("client-usecase3", {
        ...environment,
        COFFER_ENDPOINT: counted.url,
        EXAMPLE_MEBIBYTES: String(mebibytes),
      });
      assertLines(lines, [
        new RegExp(`^encrypted ${mebibytes} MiB into \\d+ bytes$`),
        /^decrypted: the same file$/,
        /^decrypt a changed file: refused$/,
      ]);
      assert.deepEqual(counted.paths(), ["/keys", "/datakey", "/decrypt", "/decrypt"]);
      assert.ok(counted.bytes() < 4096, `${counted.bytes()} bytes went to the server`);
    });
  });
}

interface CountingProxy {
  readonly proxy: Server;
  readonly url: string;
  readonly paths: () => readonly string[];
  /** Of the bodies of all requests. */
  readonly bytes: () => number;
}

/** Passes requests on and counts what is in them. */
async function countingProxy(target: string): Promise<CountingProxy> {
  const paths: string[] = [];
  let bytes = 0;
  const proxy = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    paths.push(request.url ?? "");
    bytes += body.length;
    const { authorization, "content-type": type } = request.headers;
    const answer = await fetch(new URL(request.url ?? "", target), {
      method: request.method ?? "",
      headers: { ...(authorization && { authorization }), ...(type && { "content-type": type }) },
      body,
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { proxy, url, paths: () => paths, bytes: () => bytes };
}

describe("the Vault use case", { skip: make.available ? false : make.reason }, () => {
  const TMPDIR = temporaryFolder("vault");
  let environment: Record<string, string>;
  before(async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    environment = { TMPDIR, VAULT_DEV_LISTEN: listen, VAULT_ADDR: `http://${listen}` };
  });
  // Also when a test failed before it came to stopping the server.
  after(() => runMake("vault-down", environment));

  const health = () => fetch(`${environment["VAULT_ADDR"]}/v1/sys/health`);

  it("vault-up, vault-setup, vault-client, vault-down", async () => {
    const up = await output("vault-up", environment);
    assert.match(up[0] ?? "", /^dev server on 127\.0\.0\.1:\d+ \(process \d+\)$/);
    assert.equal(up[1], `export VAULT_ADDR=${environment["VAULT_ADDR"]} VAULT_TOKEN=root-token`);
    assert.equal((await health()).status, 200);
    assert.match((await output("vault-up", environment))[0] ?? "", /^a dev server runs already/);

    assert.deepEqual(await output("vault-setup", environment), ["enabled transit", "key my-app-key is there"]);
    assert.deepEqual(await output("vault-setup", environment), ["key my-app-key is there"]);
    assertLines(await output("vault-client", environment), passwordLines("Vault", /vault:v1:[A-Za-z0-9+/]{39}\.\.\.$/));

    assert.match((await output("vault-down", environment))[0] ?? "", /^stopped the dev server/);
    await assert.rejects(health());
    assert.match((await output("vault-down", environment))[0] ?? "", /^no dev server was started/);
    assert.deepEqual(readdirSync(TMPDIR), []);
  });
});

describe("vault-up on a taken port", { skip: make.available ? false : make.reason }, () => {
  it("says so, and leaves nothing running", async () => {
    await using taken = await ServerUnderTest.start({ dev: true });
    const TMPDIR = temporaryFolder("taken");
    const { status, stdout, stderr } = await runMake("vault-up", {
      TMPDIR,
      VAULT_DEV_LISTEN: `127.0.0.1:${taken.port}`,
    });
    assert.notEqual(status, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /the server did not start/);
    assert.match(stderr, /another process listens there/);
    assert.deepEqual(
      readdirSync(TMPDIR).filter((name) => name.endsWith(".pid")),
      [],
    );
  });
});

describe("the use cases without a server", { skip: make.available ? false : make.reason }, () => {
  it("say how to start one", async () => {
    const { status, stderr } = await runMake("client-usecase1", {
      COFFER_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /no server at http:\/\/127\.0\.0\.1:\d+; start one with 'make server-run'/);
  });
});
