import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { execute, putKeyPolicy } from "@coffer/service";
import { component } from "@coffer/testkit";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const openssl = component("openssl");

describe("Transit: certificates", { skip: openssl.available ? false : openssl.reason }, () => {
  let vault: VaultTest;
  let directory: string;

  before(async () => {
    vault = await openVaultTest();
    directory = mkdtempSync(join(tmpdir(), "coffer-certificates-"));
    write("ca.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n");
    run(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.pem"),
      "-subj",
      "/CN=authority",
      "-days",
      "9",
      "-config",
      file("ca.cnf"),
      "-extensions",
      "ca",
    );
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  const file = (name: string) => join(directory, name);
  const write = (name: string, text: string) => writeFileSync(file(name), text);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const run = (...args: string[]) =>
    execFileSync(openssl.available ? openssl.path : "", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  async function ask(method: string, path: string, body?: object) {
    const answer = await vault.call(method, `transit/${path}`, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.data;
  }

  async function refused(path: string, body: object): Promise<string> {
    const { status, text, json } = await vault.call("POST", `transit/${path}`, body);
    assert.equal(status, 400, text);
    return json.errors[0];
  }

  /** A certificate of the test's authority for a request. */
  function issue(csr: string): string {
    write("leaf.csr", csr);
    run(
      "x509",
      "-req",
      "-in",
      file("leaf.csr"),
      "-CA",
      file("ca.pem"),
      "-CAkey",
      file("ca.key"),
      "-days",
      "9",
      "-out",
      file("leaf.pem"),
    );
    return read("leaf.pem");
  }

  const types = ["rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"];

  for (const type of types) {
    it(`requests a certificate for a key of type ${type}, and shows the chain`, async () => {
      await ask("POST", `keys/${type}`, { type });
      const { csr, ...rest } = await ask("POST", `keys/${type}/csr`, {});
      assert.deepEqual(rest, { name: type, type });
      write("one.csr", csr);
      assert.match(run("req", "-in", file("one.csr"), "-verify", "-noout", "-text"), /Subject: *\n/);
      const chain = `${issue(csr)}${read("ca.pem")}`;
      const set = await ask("POST", `keys/${type}/set-certificate`, { certificate_chain: chain });
      assert.deepEqual(set, { certificate_chain: chain, name: type, type });
      const { keys } = await ask("GET", `keys/${type}`);
      assert.equal(keys["1"].certificate_chain, chain.trim());
      const exported = await ask("GET", `export/certificate-chain/${type}`);
      assert.equal(exported.keys["1"], chain.trim());
    });
  }

  it("takes the name and the extensions of a request over, and not its key", async () => {
    await ask("POST", "keys/named", { type: "ecdsa-p256" });
    run(
      "req",
      "-new",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      file("other.key"),
      "-out",
      file("other.csr"),
      "-subj",
      "/CN=service/O=Team",
      "-addext",
      "subjectAltName=DNS:service.example",
      "-config",
      file("ca.cnf"),
    );
    const { csr } = await ask("POST", "keys/named/csr", { csr: read("other.csr") });
    write("named.csr", csr);
    const text = run("req", "-in", file("named.csr"), "-verify", "-noout", "-text");
    assert.match(text, /Subject: CN *= *service, O *= *Team/);
    assert.match(text, /DNS:service\.example/);
    assert.match(text, /NIST CURVE: P-256/);
    assert.match(await refused("keys/named/csr", { csr: "x" }), /could not decode PEM CSR/);
    assert.match(await refused("keys/named/csr", { csr: read("ca.pem") }), /no certification request/);
    assert.match(await refused("keys/named/csr", { version: 2 }), /no such key version/);
  });

  it("keeps a chain through a backup", async () => {
    await ask("POST", "keys/kept", { type: "ed25519", exportable: true, allow_plaintext_backup: true });
    const { csr } = await ask("POST", "keys/kept/csr", {});
    await ask("POST", "keys/kept/set-certificate", { certificate_chain: issue(csr) });
    const { backup } = await ask("GET", "backup/kept");
    assert.equal((await vault.call("POST", "transit/restore/back", { backup })).status, 204);
    assert.deepEqual((await ask("GET", "keys/back")).keys, (await ask("GET", "keys/kept")).keys);
  });

  it("keeps ten certificates of a version, and no more", async () => {
    await ask("POST", "keys/long", { type: "ecdsa-p256" });
    const leaf = issue((await ask("POST", "keys/long/csr", {})).csr);
    await ask("POST", "keys/long/set-certificate", { certificate_chain: leaf + read("ca.pem").repeat(9) });
    const more = { certificate_chain: leaf + read("ca.pem").repeat(10) };
    assert.match(await refused("keys/long/set-certificate", more), /has 11 certificates; at most 10/);
  });

  it("refuses chains that are none, and those of other keys", async () => {
    await ask("POST", "keys/mine", { type: "ecdsa-p256" });
    await ask("POST", "keys/other", { type: "ecdsa-p256" });
    await ask("POST", "keys/rsa", { type: "rsa-2048" });
    await ask("POST", "keys/symmetric", {});
    await ask("POST", "keys/derived", { type: "ed25519", derived: true });
    const own = issue((await ask("POST", "keys/mine/csr", {})).csr);
    const others = issue((await ask("POST", "keys/other/csr", {})).csr);
    const rsa = issue((await ask("POST", "keys/rsa/csr", {})).csr);
    const ca = read("ca.pem");
    const set = (certificate_chain: string) => refused("keys/mine/set-certificate", { certificate_chain });
    assert.match(await set(""), /did not contain any valid PEM encoded certificate/);
    assert.match(await set("garbage"), /could not decode a PEM block/);
    assert.match(await set(ca.replace(/\nM/, "\nN")), /could not parse a certificate/);
    assert.match(await set(ca), /first element is not a valid leaf/);
    assert.match(await set(own + others), /last element is not a valid CA/);
    assert.match(await set(own + others + ca), /only one leaf certificate/);
    assert.match(await set(others), /does not match the selected key version/);
    assert.match(await set(rsa), /algorithm 'RSA' does not match the transit key type 'ecdsa-p256'/);
    assert.match(await refused("keys/symmetric/csr", {}), /key type 'aes256-gcm96' does not support signing/);
    assert.match(await refused("keys/derived/csr", {}), /derivation enabled/);
    assert.match(await refused("keys/missing/csr", {}), /key with provided name 'missing' not found/);
    const statement = (Effect: string, Action: string) => ({ Effect, Principal: "*", Action, Resource: "*" });
    const Statement = [statement("Allow", "kms:*"), statement("Deny", "kms:Sign")];
    const policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await execute(vault.test.core, putKeyPolicy, { keyId: "alias/mine", policy }, vault.test.request());
    assert.equal((await vault.call("POST", "transit/keys/mine/csr", {})).status, 403);
  });
});
