import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { PythonClients, type PythonError, type VaultClientParts } from "./python-clients.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { type InitAnswer, initialize, type SysAnswer, startShamir, sys, unseal } from "./sealed-server.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const quorum = { secret_shares: 3, secret_threshold: 2 };

/** A root token out of what hides it: XOR with the one-time password. */
function reveal(encoded: string, otp: string): string {
  const bytes = Buffer.from(encoded, "base64");
  const password = Buffer.from(otp);
  return Buffer.from(bytes.map((byte, index) => byte ^ password[index]!)).toString();
}

function refused({ status, json }: SysAnswer, text: RegExp): void {
  assert.equal(status, 400, JSON.stringify(json));
  assert.match(json.errors[0], text);
}

describe("shares are replaced by those who hold them", () => {
  let dataDir: string;
  let server: ServerUnderTest;
  let made: InitAnswer;
  const root = (method: string, path: string, body?: unknown) => sys(server, method, path, body, made.root_token);

  before(async () => {
    dataDir = join(temporaryFolder("seal"), "data");
    server = await startShamir(dataDir);
    made = await initialize(server);
    await unseal(server, made.keys.slice(0, 2));
  });
  after(() => server?.kill());

  it("with a quorum and its nonce, and the old shares open nothing any more", async () => {
    const idle = (await root("GET", "sys/rekey/init")).json;
    assert.deepEqual([idle.started, idle.required, idle.nonce, idle.data.started], [false, 2, "", false]);
    refused(await root("PUT", "sys/rekey/update", { key: made.keys[0], nonce: "" }), /^no barrier rekey in progress$/);
    refused(
      await root("PUT", "sys/rekey/init", { ...quorum, secret_threshold: 1 }),
      /^invalid rekey seal configuration: /,
    );
    refused(await root("PUT", "sys/rekey/init", { ...quorum, pgp_keys: ["a"] }), /^pgp_keys is not supported/);
    refused(await root("PUT", "sys/rekey-recovery-key/init", quorum), /^recovery rekeying not supported$/);
    const started = (await root("PUT", "sys/rekey/init", { secret_shares: 5, secret_threshold: 3 })).json;
    assert.deepEqual([started.started, started.t, started.n, started.progress], [true, 3, 5, 0]);
    refused(await root("PUT", "sys/rekey/init", quorum), /^rekey already in progress$/);
    const { nonce } = started;
    const give = (key: string | undefined, given = nonce) => root("PUT", "sys/rekey/update", { key, nonce: given });
    refused(await give(made.keys[0], "other"), /^incorrect nonce supplied; nonce for this rekey operation is "/);
    assert.equal((await give(made.keys[0])).json.progress, 1);
    refused(await give(made.keys[0]), /^given key has already been provided/);
    refused(await give("ab".repeat(33)), /^invalid key: it is none of these shares$/);
    const done = (await give(made.keys[2])).json;
    assert.deepEqual([done.complete, done.keys.length, done.verification_required], [true, 5, false]);
    assert.equal((await root("GET", "sys/rekey/init")).json.started, false);
    const { t, n } = (await sys(server, "GET", "sys/seal-status")).json;
    assert.deepEqual([t, n], [3, 5]);
    await root("PUT", "sys/seal");
    refused(await sys(server, "PUT", "sys/unseal", { key: made.keys[0] }), /invalid key/);
    assert.equal((await unseal(server, done.keys.slice(1, 4))).json.sealed, false);
    made = { ...made, keys: done.keys };
  });

  it("and, where that is asked for, count once a quorum of the new ones came", async () => {
    const start = { ...quorum, require_verification: true };
    const { nonce } = (await root("PUT", "sys/rotate/root/init", start)).json.data;
    const give = (path: string, key: string | undefined, given: string) => root("PUT", path, { key, nonce: given });
    for (const key of made.keys.slice(0, 2)) await give("sys/rotate/root/update", key, nonce);
    const { data } = (await give("sys/rotate/root/update", made.keys[2], nonce)).json;
    assert.deepEqual([data.complete, data.verification_required, data.keys.length], [true, true, 3]);
    refused(await give("sys/rotate/root/update", made.keys[3], nonce), /verification must be performed/);
    assert.equal((await sys(server, "GET", "sys/seal-status")).json.t, 3, "the old shares still count");
    const verify = (key: string, given: string) => give("sys/rotate/root/verify", key, given);
    refused(await verify(data.keys[0], nonce), /^incorrect nonce supplied; nonce for this verify operation is "/);
    assert.equal((await verify(data.keys[0], data.verification_nonce)).json.data.progress, 1);
    const restarted = (await root("DELETE", "sys/rotate/root/verify")).json.data;
    assert.equal(restarted.progress, 0);
    assert.notEqual(restarted.nonce, data.verification_nonce);
    refused(await verify(made.keys[0]!, restarted.nonce), /^invalid key/);
    assert.equal((await verify(data.keys[1], restarted.nonce)).json.data.progress, 1);
    assert.equal((await verify(data.keys[2], restarted.nonce)).json.data.complete, true);
    made = { ...made, keys: data.keys };
    await server.kill();
    server = await startShamir(dataDir);
    assert.equal((await unseal(server, made.keys.slice(0, 2))).json.sealed, false);
  });

  it("until somebody who may cancels it, or the server is sealed", async () => {
    const start = async () => (await root("PUT", "sys/rekey/init", quorum)).json.nonce as string;
    const nonce = await start();
    await root("PUT", "sys/rekey/update", { key: made.keys[0], nonce });
    refused(await root("DELETE", "sys/rekey/init?nonce=other"), /^incorrect nonce supplied/);
    refused(await root("DELETE", "sys/rekey/init", { nonce: "other" }), /^incorrect nonce supplied/);
    assert.equal((await root("DELETE", "sys/rekey/init", { nonce })).status, 204);
    refused(await root("PUT", "sys/rekey/update", { key: made.keys[1], nonce }), /no barrier rekey in progress/);
    assert.equal((await root("DELETE", `sys/rekey/init?nonce=${await start()}`)).status, 204);
    await start();
    await root("PUT", "sys/seal");
    await unseal(server, made.keys.slice(0, 2));
    assert.equal((await root("GET", "sys/rekey/init")).json.started, false);
  });

  it("and nobody begins, follows or cancels anything without a token", async () => {
    const calls = [
      ["GET", "sys/rekey/init"],
      ["PUT", "sys/rekey/init"],
      ["DELETE", "sys/rekey/init"],
      ["PUT", "sys/rekey/update"],
      ["PUT", "sys/rekey/verify"],
      ["DELETE", "sys/rekey/verify"],
      ["PUT", "sys/rotate/recovery/init"],
      ["GET", "sys/generate-root/attempt"],
      ["PUT", "sys/generate-root/attempt"],
      ["DELETE", "sys/generate-root/attempt"],
      ["PUT", "sys/generate-root/update"],
      ["DELETE", "sys/generate-root-token/attempt"],
    ] as const;
    const policy = 'path "sys/*" { capabilities = ["create", "read", "update", "delete"] }';
    assert.equal((await root("PUT", "sys/policies/acl/holder", { policy })).status, 204);
    assert.equal((await root("POST", "sys/auth/userpass", { type: "userpass" })).status, 204);
    assert.equal(
      (await root("POST", "auth/userpass/users/u", { password: "word", token_policies: "holder" })).status,
      204,
    );
    const login = await sys(server, "POST", "auth/userpass/login/u", { password: "word" });
    const token = login.json.auth.client_token;
    for (const [method, path] of calls) {
      assert.equal(
        (await sys(server, method, path, method === "GET" ? undefined : {})).status,
        403,
        `${method} ${path}`,
      );
    }
    for (const [method, path] of calls) {
      const { status } = await sys(server, method, path, method === "GET" ? undefined : {}, token);
      const needsSudo = /init|attempt/.test(path) ? method !== "GET" : method === "DELETE";
      assert.equal(status === 403, needsSudo, `${method} ${path}: ${status}`);
    }
    assert.equal((await sys(server, "PUT", "sys/seal", {}, token)).status, 403);
  });

  it("make a root token together, hidden by the password of who asked", async () => {
    const attempt = "sys/generate-root/attempt";
    const idle = (await root("GET", attempt)).json;
    assert.deepEqual([idle.started, idle.required, idle.otp_length, idle.otp], [false, 2, 36, ""]);
    refused(await root("PUT", attempt, { otp: "short" }), /^OTP string has incorrect length$/);
    refused(await root("PUT", attempt, { pgp_key: "a" }), /^pgp_key is not supported/);
    const started = (await root("PUT", attempt)).json;
    assert.match(started.otp, /^[0-9A-Za-z]{36}$/);
    assert.equal((await root("GET", attempt)).json.otp, "");
    refused(await root("PUT", attempt), /^root generation already in progress$/);
    const { nonce, otp } = started;
    const give = (key: string, given = nonce) => root("PUT", "sys/generate-root/update", { key, nonce: given });
    refused(
      await give(made.keys[0]!, "other"),
      /^incorrect nonce supplied; nonce for this root generation operation is "/,
    );
    const one = (await give(made.keys[0]!)).json;
    assert.deepEqual([one.progress, one.complete, one.encoded_token], [1, false, ""]);
    refused(await give(made.keys[0]!), /already been provided/);
    refused(await give("ab".repeat(33)), /none of these shares/);
    refused(await root("DELETE", `${attempt}?nonce=other`), /^incorrect nonce supplied/);
    const done = (await give(made.keys[1]!)).json;
    assert.deepEqual([done.complete, done.encoded_token], [true, done.encoded_root_token]);
    const token = reveal(done.encoded_token, otp);
    assert.deepEqual((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).json.data.policies, [
      "root",
    ]);
    refused(await give(made.keys[2]!), /^no root generation in progress$/);
    await root("PUT", attempt, { otp: "x".repeat(36) });
    assert.equal((await root("DELETE", attempt)).status, 204);
    assert.equal((await root("GET", attempt)).json.started, false);
  });

  it("as hvac asks for it", { skip: python.available ? false : python.reason }, async () => {
    assert.ok(python.available);
    const clients = new PythonClients(python.path);
    const ask = (method: string, input = {}) =>
      clients.vault([server.vaultUrl, made.root_token] satisfies VaultClientParts, method, input);
    try {
      assert.equal((await ask("sys.read_rekey_progress")).started, false);
      const { nonce } = await ask("sys.start_rekey", { secret_shares: 3, secret_threshold: 2 });
      const rekeyed = await ask("sys.rekey_multi", { keys: made.keys.slice(0, 2), nonce });
      assert.equal(rekeyed.keys.length, 3);
      made = { ...made, keys: rekeyed.keys };
      await ask("sys.start_rekey", { secret_shares: 3, secret_threshold: 2 });
      await ask("sys.cancel_rekey");
      const generation = await ask("sys.start_root_token_generation");
      await ask("sys.generate_root", { key: made.keys[0], nonce: generation.nonce });
      const last = await ask("sys.generate_root", { key: made.keys[1], nonce: generation.nonce });
      const token = reveal(last.encoded_root_token, generation.otp);
      assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
      await ask("sys.cancel_root_generation");
      await assert.rejects(
        ask("sys.generate_root", { key: made.keys[0], nonce: generation.nonce }),
        (error: PythonError) => error.className === "InvalidRequest",
      );
    } finally {
      clients.close();
    }
  });
});

describe("recovery shares", () => {
  it("open a server that was sealed, and a data directory whose key file is lost", async () => {
    const folder = temporaryFolder("seal");
    const dataDir = join(folder, "data");
    const credentialsFile = join(folder, "credentials.json");
    const keyFile = join(dataDir, "seal", "keyfile");
    const start = (args: readonly string[] = []) => ServerUnderTest.start({ dataDir, credentialsFile, args });
    const coffer = (args: readonly string[], input = "", environment = {}) =>
      runProgram(cofferPath, args, { input, environment });
    const sharesOf = (text: string) => [...text.matchAll(/^share \d+ +(\S+)$/gm)].map((match) => match[1]!);
    let token: string;
    let shares: string[];
    {
      await using server = await start();
      ({ token } = server.credentials);
      const operator = (args: readonly string[], input = "") =>
        coffer(["operator", ...args, "--endpoint", server.url], input, { COFFER_TOKEN: token });
      refused(await sys(server, "PUT", "sys/generate-root/attempt", {}, token), /there are no recovery shares/);
      refused(await sys(server, "PUT", "sys/rekey/init", quorum, token), /has no unseal shares/);
      const made = await operator(["recovery-shares", "--shares", "3", "--threshold", "2"]);
      assert.equal(made.status, 0, made.stderr);
      const old = sharesOf(made.stdout);
      assert.equal(old.length, 3);
      const status = (await sys(server, "GET", "sys/seal-status")).json;
      assert.deepEqual([status.t, status.n, status.recovery_seal_type], [2, 3, "shamir"]);
      const few = await operator(["recovery-shares", "--shares", "3", "--threshold", "2"], `${old[0]}\n`);
      assert.match(few.stderr, /too few shares were given: nothing was changed/);
      const again = await operator(["recovery-shares", "--shares", "4", "--threshold", "2"], `${old[0]}\n${old[2]}\n`);
      assert.equal(again.status, 0, again.stderr);
      shares = sharesOf(again.stdout);
      assert.equal(shares.length, 4);

      assert.equal((await sys(server, "PUT", "sys/seal", {}, token)).status, 204);
      refused(await sys(server, "PUT", "sys/unseal", { key: old[0] }), /invalid key/);
      assert.equal((await unseal(server, shares.slice(0, 2))).json.sealed, false);
      assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
    }
    const input = `${shares[1]}\n${shares[3]}\n`;
    renameSync(keyFile, join(folder, "lost"));
    const lost = await coffer(["server", `--data-dir=${dataDir}`, "--listen=127.0.0.1:0"]);
    assert.match(lost.stderr, /There are recovery shares: with them 'bin\/coffer admin reseal' makes another\./);
    const wrong = await coffer(["admin", "reseal", `--data-dir=${dataDir}`], `${shares[1]}\n${shares[1]}\n`);
    assert.match(wrong.stderr, /1 of 2 different shares were given: nothing was changed/);
    const resealed = await coffer(["admin", "reseal", `--data-dir=${dataDir}`, "--seal=keyfile"], input);
    assert.equal(resealed.status, 0, resealed.stderr);
    {
      await using server = await start();
      assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
      const busy = await coffer(["admin", "reseal", `--data-dir=${dataDir}`], input);
      assert.equal(busy.status, 1);
    }
    // The old key file opens nothing any more.
    renameSync(keyFile, join(folder, "new"));
    renameSync(join(folder, "lost"), keyFile);
    const stale = await coffer(["server", `--data-dir=${dataDir}`, "--listen=127.0.0.1:0"]);
    assert.match(stale.stderr, /sealed with another key file/);

    const asShamir = ["admin", "reseal", `--data-dir=${dataDir}`, "--seal", "shamir"];
    assert.match(
      (await coffer([...asShamir, "--threshold", "9"], input)).stderr,
      /threshold cannot be larger than shares/,
    );
    const shamir = await coffer([...asShamir, "--shares", "3", "--threshold=2"], input);
    assert.equal(shamir.status, 0, shamir.stderr);
    await using server = await start(["--seal=shamir"]);
    refused(await sys(server, "PUT", "sys/unseal", { key: shares[0] }), /invalid key/);
    assert.equal((await unseal(server, sharesOf(shamir.stdout).slice(1))).json.sealed, false);
    assert.equal((await sys(server, "GET", "auth/token/lookup-self", undefined, token)).status, 200);
  });

  it("are needed to give a data directory another seal", async () => {
    const dataDir = join(temporaryFolder("seal"), "data");
    {
      await using server = await ServerUnderTest.start({ dataDir });
      assert.ok(server.url);
    }
    const { status, stderr } = await runProgram(cofferPath, ["admin", "reseal", `--data-dir=${dataDir}`]);
    assert.equal(status, 1);
    assert.match(stderr, /has no recovery shares; the seal that it has is the only way to open it/);
  });
});
