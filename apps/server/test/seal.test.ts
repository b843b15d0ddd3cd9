import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { KMSClient, type KMSServiceException, ListKeysCommand } from "@aws-sdk/client-kms";
import { component } from "@coffer/testkit";
import { PythonClients, type PythonError, type VaultClientParts } from "./python-clients.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { type InitAnswer, initialize, startShamir, sys, unseal } from "./sealed-server.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What was recorded, by name of the event. */
function events(dataDir: string): { eventName: string; [member: string]: unknown }[] {
  const folder = join(dataDir, "audit");
  return readdirSync(folder)
    .filter((name) => /^audit-\d+\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line));
}

describe("a server whose seal opens with shares", () => {
  it("answers every API before it is initialized, and says what to do", async () => {
    await using server = await startShamir(join(temporaryFolder("seal"), "data"));
    await server.line(/operator init --shares 5 --threshold 3 --endpoint http/);
    assert.deepEqual((await sys(server, "GET", "sys/init")).json, { initialized: false });
    const status = await sys(server, "GET", "sys/seal-status");
    assert.equal(status.status, 200);
    const { version, ...rest } = status.json;
    assert.match(version, /^\d/);
    assert.deepEqual(rest, {
      type: "shamir",
      initialized: false,
      sealed: true,
      t: 0,
      n: 0,
      progress: 0,
      nonce: "",
      build_date: "",
      migration: false,
      recovery_seal: false,
      storage_type: "sqlite",
    });
    const unsealed = await sys(server, "PUT", "sys/unseal", { key: "00".repeat(33) });
    assert.deepEqual([unsealed.status, unsealed.json.errors], [400, ["Vault is not initialized"]]);
    for (const [query, expected] of [
      ["", 501],
      ["?uninitcode=299", 299],
      ["?sealedcode=299", 501],
      ["?uninitcode=x", 400],
    ] as const) {
      assert.equal((await sys(server, "GET", `sys/health${query}`)).status, expected, query);
      assert.equal((await fetch(`${server.url}/v1/sys/health${query}`, { method: "HEAD" })).status, expected, query);
    }
    assert.equal((await sys(server, "GET", "sys/leader")).status, 200);
    assert.equal((await sys(server, "DELETE", "sys/init")).status, 405);
  });

  it("answers every API while it is sealed", async () => {
    await using server = await startShamir(join(temporaryFolder("seal"), "data"));
    const made = await initialize(server);
    assert.equal((await sys(server, "GET", "sys/health")).status, 503);
    assert.equal((await sys(server, "GET", "sys/health?sealedcode=299")).status, 299);
    for (const [method, path] of [
      ["GET", "transit/keys/k"],
      ["GET", "auth/token/lookup-self"],
      ["PUT", "sys/rotate"],
      ["GET", "sys/key-status"],
      ["LIST", "sys/policies/acl"],
      ["PUT", "sys/rekey/init"],
      ["GET", "nowhere"],
    ] as const) {
      const { status, json } = await sys(server, method, path, undefined, made.root_token);
      assert.deepEqual([status, json], [503, { errors: ["Vault is sealed"] }], path);
    }
    assert.equal((await sys(server, "PUT", "sys/seal")).status, 204);

    const rest = await fetch(`${server.url}/keys`, { headers: { authorization: `Bearer ${made.root_token}` } });
    assert.deepEqual([rest.status, rest.headers.get("content-type")], [503, "application/problem+json"]);
    const problem = (await rest.json()) as { type: string; request_id: string };
    assert.equal(problem.type, "urn:coffer:error:Sealed");
    const health = await fetch(`${server.url}/health`);
    assert.equal(health.status, 503);
    assert.deepEqual(((await health.json()) as { seal: unknown }).seal, { sealed: true, initialized: true });
    const kms = new KMSClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: made.access_key_id, secretAccessKey: made.secret_access_key },
      maxAttempts: 1,
    });
    await assert.rejects(kms.send(new ListKeysCommand({})), (error: KMSServiceException) => {
      assert.deepEqual([error.name, error.$metadata.httpStatusCode], ["DependencyTimeoutException", 503]);
      assert.match(error.message, /sealed/);
      return true;
    });
    const form = new URLSearchParams({ Action: "GetCallerIdentity", Version: "2011-06-15" });
    const sts = await fetch(`${server.url}/`, { method: "POST", body: form });
    assert.equal(sts.status, 503);
    assert.match(await sts.text(), /<Code>ServiceUnavailable<\/Code>/);
    const xks = await fetch(`${server.url}/kms/xks/v1/health`, { method: "POST", body: "{}" });
    assert.deepEqual(
      [xks.status, ((await xks.json()) as { errorName: string }).errorName],
      [503, "DependencyTimeoutException"],
    );

    assert.equal((await unseal(server, made.keys.slice(0, 2))).json.sealed, false);
    assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, []);
    kms.destroy();
  });

  it("takes each share once, and tells a wrong one at once without losing the others", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    await using server = await startShamir(dataDir);
    const made = await initialize(server);
    const [first, second, third] = made.keys as [string, string, string];
    const refused = async (body: unknown, text: RegExp | string) => {
      const { status, json } = await sys(server, "PUT", "sys/unseal", body);
      assert.equal(status, 400, JSON.stringify(json));
      if (typeof text === "string") assert.deepEqual(json.errors, [text]);
      else assert.match(json.errors[0], text);
    };
    const one = await unseal(server, [first]);
    assert.deepEqual([one.status, one.json.sealed, one.json.progress, one.json.t, one.json.n], [200, true, 1, 2, 3]);
    assert.match(one.json.nonce, /^[0-9a-f-]{36}$/);
    const again = await unseal(server, [first, made.keys_base64[0]]);
    assert.deepEqual([again.json.progress, again.json.nonce], [1, one.json.nonce]);

    const changed = second.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    await refused({ key: changed }, "unseal failed, invalid key");
    await refused({ key: "ab".repeat(33) }, "unseal failed, invalid key");
    await refused({ key: second.slice(0, 64) }, "unseal failed, invalid key");
    await refused({ key: "AAAA" }, "invalid key: key is shorter than minimum 16 bytes");
    await refused({ key: "ab".repeat(40) }, "invalid key: key is longer than maximum 33 bytes");
    await refused({ key: "no share" }, "'key' must be a valid hex or base64 string");
    await refused({}, "'key' must be specified in request body as JSON, or 'reset' set to true");
    await refused({ key: second, migrate: true }, /no migration seal found/);
    await refused("{", /failed to parse JSON input/);
    assert.equal((await sys(server, "GET", "sys/unseal")).status, 405);
    assert.equal((await sys(server, "GET", "sys/seal-status")).json.progress, 1);

    const reset = await sys(server, "PUT", "sys/unseal", { reset: true });
    assert.deepEqual([reset.status, reset.json.progress, reset.json.nonce], [200, 0, ""]);
    assert.equal((await unseal(server, [second])).json.progress, 1);
    const opened = await unseal(server, [third]);
    assert.deepEqual([opened.json.sealed, opened.json.progress, opened.json.cluster_name], [false, 0, "coffer"]);
    // More than it takes does nothing, whatever it is.
    assert.equal((await unseal(server, [first, "ab".repeat(33)])).json.sealed, false);
    await refused({ reset: true }, "vault is unsealed");

    const recorded = events(dataDir).filter(({ eventSource }) => eventSource === "coffer");
    const names = recorded.map(({ eventName, errorCode = "" }) => `${eventName} ${errorCode}`.trim());
    assert.equal(names[0], "Initialize");
    const unseals = recorded.filter(({ eventName, errorCode }) => eventName === "Unseal" && errorCode === undefined);
    const progress = unseals.map(
      ({ requestParameters }) => (requestParameters as { progress: number } | null)?.progress,
    );
    assert.deepEqual(progress, [1, 1, 1, 1, 2, undefined, undefined]);
    assert.ok(names.includes("ResetUnseal"));
    assert.ok(names.filter((name) => name === "Unseal ValidationException").length >= 9);
    const text = JSON.stringify(events(dataDir)) + server.err.join("\n");
    for (const share of [...made.keys, ...made.keys_base64, changed]) assert.ok(!text.includes(share.slice(0, 20)));
    assert.ok(!text.includes(made.root_token));
    const verified = await runProgram(cofferPath, ["audit", "verify", "--directory", join(dataDir, "audit")]);
    assert.equal(verified.status, 0, verified.stderr);
  });

  it("refuses shares that there cannot be, PGP, and to be initialized twice", async () => {
    await using server = await startShamir(join(temporaryFolder("seal"), "data"));
    const quorum = { secret_shares: 3, secret_threshold: 2 };
    for (const [body, text] of [
      [{}, "invalid seal configuration: shares must be at least one"],
      [{ ...quorum, secret_threshold: 0 }, "invalid seal configuration: threshold must be at least one"],
      [{ ...quorum, secret_threshold: 4 }, "invalid seal configuration: threshold cannot be larger than shares"],
      [
        { secret_shares: 2, secret_threshold: 1 },
        "invalid seal configuration: threshold must be greater than one for multiple shares",
      ],
      [{ secret_shares: 256, secret_threshold: 2 }, "invalid seal configuration: shares must be less than 256"],
      [{ ...quorum, recovery_shares: 1 }, "parameters recovery_shares not applicable to seal type shamir"],
      [{ ...quorum, pgp_keys: ["a", "b", "c"] }, /^pgp_keys is not supported: Coffer has no PGP\./],
      [{ ...quorum, root_token_pgp_key: "a" }, /^root_token_pgp_key is not supported/],
      [{ ...quorum, secret_shares: "x" }, /secret_shares/],
    ] as const) {
      const { status, json } = await sys(server, "PUT", "sys/init", body);
      assert.equal(status, 400);
      if (typeof text === "string") assert.deepEqual(json.errors, [text]);
      else assert.match(json.errors[0], text);
    }
    assert.deepEqual((await sys(server, "GET", "sys/init")).json, { initialized: false });
    const both = await Promise.all([1, 2].map(() => sys(server, "PUT", "sys/init", quorum)));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400]);
    const { json } = await sys(server, "PUT", "sys/init", quorum);
    assert.deepEqual(json.errors, ["Vault is already initialized"]);
  });

  it("opens with a single share", async () => {
    await using server = await startShamir(join(temporaryFolder("seal"), "data"));
    const { json } = await sys(server, "POST", "sys/init", { secret_shares: 1, secret_threshold: 1 });
    assert.equal(json.keys[0].length, 64);
    assert.equal((await unseal(server, json.keys)).json.sealed, false);
  });

  it("forgets shares, and keeps everything else, when it is killed", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    let made: InitAnswer;
    {
      await using server = await startShamir(dataDir);
      made = await initialize(server);
      await unseal(server, made.keys.slice(0, 1));
    }
    let ciphertext = "";
    {
      await using server = await startShamir(dataDir);
      await server.line(/^Sealed: 2 of 3 people open it/);
      const status = await sys(server, "GET", "sys/seal-status");
      assert.deepEqual([status.json.sealed, status.json.progress], [true, 0]);
      await unseal(server, made.keys.slice(1));
      const call = (path: string, body: unknown) => sys(server, "POST", path, body, made.root_token);
      await call("sys/mounts/transit", { type: "transit" });
      ({ ciphertext } = (await call("transit/encrypt/k", { plaintext: base64("kept") })).json.data);
    }
    await using server = await startShamir(dataDir);
    await unseal(server, made.keys.slice(0, 2));
    const opened = await sys(server, "POST", "transit/decrypt/k", { ciphertext }, made.root_token);
    assert.equal(opened.json.data.plaintext, base64("kept"));
  });

  it("is sealed by who may, and refuses others", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    await using server = await startShamir(dataDir);
    const made = await initialize(server);
    await unseal(server, made.keys.slice(0, 2));
    const root = (method: string, path: string, body?: unknown) => sys(server, method, path, body, made.root_token);
    assert.equal((await sys(server, "PUT", "sys/seal")).status, 403);
    assert.equal((await sys(server, "PUT", "sys/seal", {}, "hvs.nobody")).status, 403);
    assert.equal((await root("GET", "sys/seal")).status, 405);
    const user = await fetch(`${server.url}/admin/principals`, {
      method: "POST",
      headers: { authorization: `Bearer ${made.root_token}` },
      body: JSON.stringify({ kind: "user", name: "u" }),
    });
    assert.equal(user.status, 201, await user.text());
    const tokens = await fetch(`${server.url}/admin/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${made.root_token}` },
      body: JSON.stringify({ principal: "user/u" }),
    });
    const { token } = (await tokens.json()) as { token: string };
    for (const path of ["sys/seal", "sys/step-down", "sys/rotate"]) {
      assert.equal((await sys(server, "PUT", path, {}, token)).status, 403, path);
    }
    assert.equal((await sys(server, "GET", "sys/key-status", undefined, token)).status, 403);
    assert.equal((await sys(server, "GET", "sys/seal-status")).json.sealed, false);

    assert.equal((await root("GET", "sys/key-status")).json.term, 1);
    assert.equal((await root("PUT", "sys/rotate")).status, 204);
    assert.equal((await root("GET", "sys/key-status")).json.data.term, 2);
    assert.equal((await root("PUT", "sys/step-down")).status, 204);
    assert.equal((await root("PUT", "sys/seal")).status, 204);
    assert.equal((await sys(server, "GET", "sys/seal-status")).json.sealed, true);
    assert.equal((await root("GET", "auth/token/lookup-self")).status, 503);
    await unseal(server, made.keys.slice(0, 2));
    assert.equal((await root("GET", "auth/token/lookup-self")).status, 200);
    assert.equal(events(dataDir).filter(({ eventName }) => eventName === "Seal").length, 2);
  });

  it("is open as a whole or not at all: requests meanwhile are served or refused", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    await using server = await startShamir(dataDir);
    const made = await initialize(server);
    await unseal(server, made.keys.slice(0, 2));
    const call = (path: string, body: unknown) => sys(server, "POST", path, body, made.root_token);
    await call("sys/mounts/transit", { type: "transit" });
    const { ciphertext } = (await call("transit/encrypt/k", { plaintext: base64("kept") })).json.data;
    const counts = new Map<string, number>();
    let goesOn = true;
    const worker = async () => {
      while (goesOn) {
        const { status, json } = await call("transit/decrypt/k", { ciphertext });
        const outcome = `${status} ${status === 200 ? json.data.plaintext : json.errors[0]}`;
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    for (let round = 0; round < 5; round += 1) {
      const served = counts.get(`200 ${base64("kept")}`) ?? 0;
      while ((counts.get(`200 ${base64("kept")}`) ?? 0) < served + 50) await call("transit/decrypt/k", { ciphertext });
      assert.equal((await call("sys/seal", {})).status, 204);
      assert.equal((await call("transit/decrypt/k", { ciphertext })).status, 503);
      await unseal(server, made.keys.slice(round % 2, (round % 2) + 2));
    }
    goesOn = false;
    await Promise.all(workers);
    assert.deepEqual([...counts.keys()].sort(), [`200 ${base64("kept")}`, "503 Vault is sealed"]);
    assert.ok(!server.err.some((line) => line.includes("internal error")), server.err.join("\n"));
    const served = events(dataDir).filter(
      ({ eventName, errorCode }) => eventName === "Decrypt" && errorCode === undefined,
    );
    assert.ok(served.length >= (counts.get(`200 ${base64("kept")}`) ?? 0), "each that was served is recorded");
  });

  it("stays sealed when its audit trail cannot be opened, and says so", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    let made: InitAnswer;
    {
      await using server = await startShamir(dataDir);
      made = await initialize(server);
      await unseal(server, made.keys.slice(0, 2));
      await sys(server, "PUT", "sys/seal", {}, made.root_token);
      const trail = join(dataDir, "audit");
      renameSync(trail, `${trail}-away`);
      const { status, json } = await unseal(server, made.keys.slice(0, 2));
      assert.equal(status, 503);
      assert.deepEqual(json.errors, [
        "the shares are right, but the instance cannot be opened: its operator is told why",
      ]);
      await server.line(/seal: the shares are right, but: /);
      assert.equal((await sys(server, "GET", "sys/seal-status")).json.sealed, true);
      rmSync(trail, { recursive: true, force: true });
      renameSync(`${trail}-away`, trail);
      assert.equal((await unseal(server, made.keys.slice(0, 2))).json.sealed, false);
    }
  });

  it("says which seal a data directory has when it is started with another", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    {
      await using server = await startShamir(dataDir);
      await initialize(server);
    }
    const ran = await runProgram(cofferPath, ["server", `--data-dir=${dataDir}`, "--listen=127.0.0.1:0"]);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /this data directory has a shamir seal, not a keyfile seal: add --seal shamir\./);
  });
});

describe("a server whose seal opens by itself", () => {
  it("is initialized and open, and stays sealed once somebody sealed it", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    const credentialsFile = join(temporaryFolder("seal"), "credentials.json");
    await using server = await ServerUnderTest.start({ dataDir, credentialsFile });
    const { token } = server.credentials;
    const status = (await sys(server, "GET", "sys/seal-status")).json;
    assert.deepEqual([status.type, status.sealed, status.recovery_seal, status.n], ["keyfile", false, true, 0]);
    const twice = await sys(server, "PUT", "sys/init", { recovery_shares: 1, recovery_threshold: 1 });
    assert.deepEqual([twice.status, twice.json.errors], [400, ["Vault is already initialized"]]);
    const wrong = await sys(server, "PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
    assert.deepEqual(wrong.json.errors, [
      "parameters secret_shares,secret_threshold not applicable to seal type keyfile",
    ]);
    assert.equal((await sys(server, "PUT", "sys/seal", {}, token)).status, 204);
    assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 503);
    const { json } = await sys(server, "PUT", "sys/unseal", { key: "ab".repeat(33) });
    assert.match(json.errors[0], /no shares open this keyfile seal: restart the server/);
    await server.stop();
    await using again = await ServerUnderTest.start({ dataDir, credentialsFile });
    assert.equal((await sys(again, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
  });
});

describe("coffer operator", () => {
  it("initializes, opens, shows and seals", async () => {
    await using server = await startShamir(join(temporaryFolder("seal"), "data"));
    const at = ["--endpoint", server.url];
    const run = (args: readonly string[], input = "", environment = {}) =>
      runProgram(cofferPath, ["operator", ...args, ...at], { input, environment });
    const status = () => runProgram(cofferPath, ["status", ...at]);
    assert.match((await status()).stderr, /not initialized: run 'coffer operator init'/);
    assert.match((await run(["unseal"])).stderr, /not initialized: run 'coffer operator init' first/);
    const init = await run(["init", "--shares", "3", "--threshold", "2", "--json"]);
    assert.equal(init.status, 0, init.stderr);
    const made = JSON.parse(init.stdout) as InitAnswer;
    assert.equal((await run(["status"])).status, 1);
    assert.match((await status()).stderr, /sealed: 'coffer operator unseal' opens it/);
    const half = await run(["unseal"], `${made.keys[0]}\n`);
    assert.equal(half.status, 1);
    assert.match(half.stdout, /^1 of 2 shares$/m);
    const wrong = await run(["unseal"], `${"ab".repeat(33)}\n`);
    assert.match(wrong.stderr, /the server refused: unseal failed, invalid key\./);
    const open = await run(["unseal"], `\n${made.keys[2]}\n`);
    assert.equal(open.status, 0, open.stderr);
    assert.match(open.stdout, /^sealed +false$/m);
    assert.match((await run(["seal"])).stderr, /needs a token/);
    assert.equal((await run(["seal"], "", { COFFER_TOKEN: made.root_token })).status, 0);
    assert.equal((await run(["status", "--json"])).status, 1);
    await unseal(server, made.keys.slice(0, 1));
    assert.equal((await run(["unseal", "--reset"])).status, 1);
    assert.equal((await sys(server, "GET", "sys/seal-status")).json.progress, 0);
  });

  it("gives the account root new credentials with the shares, while the server is stopped", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    let made: InitAnswer;
    {
      await using server = await startShamir(dataDir);
      made = await initialize(server);
    }
    const args = ["admin", "root-credential", "--seal=shamir", `--data-dir=${dataDir}`];
    const few = await runProgram(cofferPath, args, { input: `${made.keys[0]}\n${made.keys[0]}\n` });
    assert.match(few.stderr, /1 of 2 different shares were given: nothing was changed/);
    const foreign = await runProgram(cofferPath, args, { input: `${"ab".repeat(33)}\n` });
    assert.match(foreign.stderr, /no share of this data directory/);
    const renewed = await runProgram(cofferPath, args, { input: `${made.keys[0]}\n${made.keys_base64[2]}\n` });
    assert.equal(renewed.status, 0, renewed.stderr);
    const token = /^token +(\S+)$/m.exec(renewed.stdout)?.[1];
    await using server = await startShamir(dataDir);
    await unseal(server, made.keys.slice(0, 2));
    assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
    assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, made.root_token)).status, 403);
  });
});

describe("hvac and the seal", { skip: !python.available && python.reason }, () => {
  let server: ServerUnderTest;
  let clients: PythonClients;
  let anonymous: VaultClientParts;
  before(async () => {
    server = await startShamir(join(temporaryFolder("seal"), "data"));
    clients = new PythonClients(python.available ? python.path : "");
    anonymous = [server.vaultUrl, ""];
  });
  after(async () => {
    clients?.close();
    await server?.kill();
  });

  it("initializes, unseals with 2 of 3, uses, seals and unseals", async () => {
    const ask = (method: string, input = {}) => clients.vault(anonymous, method, input);
    assert.equal(await ask("sys.is_initialized"), false);
    assert.equal((await ask("sys.read_health_status", { method: "GET" })).status, 501);
    const made = await ask("sys.initialize", { secret_shares: 3, secret_threshold: 2 });
    assert.equal(await ask("sys.is_initialized"), true);
    assert.equal(await ask("sys.is_sealed"), true);
    const root: VaultClientParts = [server.vaultUrl, made.root_token];
    await assert.rejects(
      clients.vault(root, "sys.list_mounted_secrets_engines"),
      (error: PythonError) => error.className === "VaultDown",
    );
    assert.equal((await ask("sys.submit_unseal_key", { key: made.keys[2] })).progress, 1);
    const opened = await ask("sys.submit_unseal_keys", { keys: made.keys_base64.slice(0, 2) });
    assert.equal(opened.sealed, false);
    await clients.vault(root, "sys.enable_secrets_engine", { backend_type: "transit" });
    await clients.vault(root, "secrets.transit.create_key", { name: "k" });
    const plaintext = base64("hello");
    const { data } = await clients.vault(root, "secrets.transit.encrypt_data", { name: "k", plaintext });
    assert.equal((await clients.vault(root, "sys.get_encryption_key_status")).data.term, 1);
    await clients.vault(root, "sys.rotate_encryption_key");
    assert.equal((await clients.vault(root, "sys.seal")).status, 204);
    assert.equal(await ask("sys.is_sealed"), true);
    await ask("sys.submit_unseal_keys", { keys: made.keys.slice(1) });
    const decrypted = await clients.vault(root, "secrets.transit.decrypt_data", {
      name: "k",
      ciphertext: data.ciphertext,
    });
    assert.equal(decrypted.data.plaintext, plaintext);
  });
});
