import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import vault from "node-vault";
import { openBaoPath } from "./openbao-under-test.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { initialize, startShamir, sys, unseal } from "./sealed-server.ts";

const newFolder = () => join(temporaryFolder("seal"), "data");

describe("node-vault and the seal", () => {
  it("initializes, unseals, seals", async () => {
    await using server = await startShamir(newFolder());
    const client = vault({ endpoint: server.vaultUrl });
    assert.deepEqual(await client.initialized(), { initialized: false });
    const made = await client.init({ secret_shares: 3, secret_threshold: 2 });
    assert.equal(made.keys.length, 3);
    assert.equal((await client.status()).sealed, true);
    await client.unseal({ key: made.keys[1], secret_shares: 3 });
    assert.equal((await client.unseal({ key: made.keys[2], secret_shares: 3 })).sealed, false);
    const owner = vault({ endpoint: server.vaultUrl, token: made.root_token });
    assert.equal((await owner.tokenLookupSelf()).data.display_name, "root");
    await owner.seal();
    assert.equal((await client.status()).sealed, true);
  });
});

describe("OpenBao's CLI and the seal", {
  skip: openBaoPath === undefined ? "OPENBAO names no program." : false,
}, () => {
  it("initializes, unseals, replaces shares, makes a root token and seals", async () => {
    await using server = await startShamir(newFolder());
    const environment = { BAO_ADDR: server.vaultUrl };
    const bao = async (token: string, ...args: string[]) => {
      const ran = await runProgram(openBaoPath ?? "", args, { environment: { ...environment, BAO_TOKEN: token } });
      assert.ok(ran.status === 0 || args[0] === "status", `${args.join(" ")}: ${ran.stderr}`);
      return ran.stdout;
    };
    const operator = async (token: string, name: string, ...args: string[]) =>
      JSON.parse(await bao(token, "operator", name, "-format=json", ...args));
    const made = await operator("", "init", "-key-shares=3", "-key-threshold=2");
    const token = made.root_token as string;
    const shares = made.unseal_keys_b64 as string[];
    assert.equal((await operator("", "unseal", shares[0]!)).progress, 1);
    assert.equal((await operator("", "unseal", shares[2]!)).sealed, false);

    const started = await operator(token, "rotate-keys", "-init", "-key-shares=3", "-key-threshold=2");
    const nonce = `-nonce=${started.nonce}`;
    await bao(token, "operator", "rotate-keys", nonce, shares[0]!);
    const rotated = await bao(token, "operator", "rotate-keys", nonce, shares[1]!);
    const fresh = [...rotated.matchAll(/^Key \d: (\S+)$/gm)].map((match) => match[1]!);
    assert.equal(fresh.length, 3);

    const attempt = await operator(token, "generate-root", "-init");
    const { nonce: attemptNonce, otp } = attempt;
    await bao(token, "operator", "generate-root", `-nonce=${attemptNonce}`, fresh[0]!);
    const last = await bao(token, "operator", "generate-root", `-nonce=${attemptNonce}`, fresh[2]!);
    const encoded = /^Encoded Token +(\S+)$/m.exec(last)?.[1];
    const generated = (await bao(token, "operator", "generate-root", `-decode=${encoded}`, `-otp=${otp}`)).trim();
    assert.match(generated, /^hvs\./);
    assert.match(await bao(generated, "operator", "key-status"), /Key Term +1/);
    await bao(generated, "operator", "seal");
    assert.match(await bao("", "status"), /^Sealed +true$/m);
  });
});

describe("what is left on the disk", () => {
  it("of shares that were replaced is nothing, once the server has stopped", async () => {
    const dataDir = newFolder();
    const server = await startShamir(dataDir);
    const made = await initialize(server);
    const files = () =>
      readdirSync(dataDir)
        .filter((name) => name.startsWith("coffer.db"))
        .map((name) => readFileSync(join(dataDir, name), "latin1"))
        .join("");
    const old = /"shareDigests":"([^"]{40})/.exec(files())?.[1];
    assert.ok(old !== undefined, "the database has the sealed root key in JSON");
    await unseal(server, made.keys.slice(0, 2));
    const call = (path: string, body: unknown) => sys(server, "PUT", path, body, made.root_token);
    const { nonce } = (await call("sys/rekey/init", { secret_shares: 3, secret_threshold: 2 })).json;
    for (const key of made.keys.slice(1)) await call("sys/rekey/update", { key, nonce });
    assert.equal(await server.stop(), 0);
    assert.match(files(), /"shareDigests":"/);
    assert.ok(!files().includes(old));
  });
});
