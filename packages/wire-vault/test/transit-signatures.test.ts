import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createKey, execute, sign, verify } from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

describe("Transit: signatures and HMACs of one key through two APIs", () => {
  let t: VaultTest;

  before(async () => {
    t = await openVaultTest();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const input = base64("the message");
  const message = Buffer.from("the message");
  const run: typeof execute = (core, operation, given) => execute(core, operation, given, t.test.request());
  const made = async (name: string, spec: string, usage: string) =>
    (await run(t.test.core, createKey, { aliases: [`alias/${name}`], spec, usage }, t.test.request())).key;

  it("what Transit signed KMS verifies, and the reverse", async () => {
    await t.call("POST", "transit/keys/pair", { type: "ecdsa-p256" });
    const { signature } = (await t.call("POST", "transit/sign/pair", { input })).json.data;
    const shared = { keyId: "alias/pair", algorithm: "ECDSA_SHA_256", message, messageType: "RAW" } as const;
    const raw = Buffer.from(signature.slice("vault:v1:".length), "base64");
    const context = t.test.request();
    const verified = await run(t.test.core, verify, { ...shared, signature: raw }, context);
    assert.match(verified.keyArn, /:key\//);
    const own = await run(t.test.core, sign, shared, context);
    const answer = await t.call("POST", "transit/verify/pair", {
      input,
      signature: `vault:v1:${own.signature.toString("base64")}`,
    });
    assert.deepEqual(answer.json.data, { valid: true });
  });

  it("a key that KMS made keeps its one usage, and one that Transit made serves for all", async () => {
    await made("decrypts", "RSA_2048", "ENCRYPT_DECRYPT");
    await made("signs", "RSA_2048", "SIGN_VERIFY");
    await t.call("POST", "transit/keys/both", { type: "rsa-2048" });
    const statuses = async (name: string) => [
      (await t.call("POST", `transit/encrypt/${name}`, { plaintext: input })).status,
      (await t.call("POST", `transit/sign/${name}`, { input })).status,
      (await t.call("POST", `transit/hmac/${name}`, { input })).status,
    ];
    assert.deepEqual(await statuses("decrypts"), [200, 400, 400]);
    assert.deepEqual(await statuses("signs"), [400, 200, 400]);
    assert.deepEqual(await statuses("both"), [200, 200, 200]);
  });

  it("a signature that was changed, or is of another message, version or key, does not verify", async () => {
    for (const type of ["ed25519", "ecdsa-p384", "rsa-2048", "ml-dsa"]) {
      await t.call("POST", `transit/keys/${type}`, { type });
      await t.call("POST", `transit/keys/${type}/rotate`);
      await t.call("POST", `transit/keys/other-${type}`, { type });
      const { signature } = (await t.call("POST", `transit/sign/${type}`, { input, key_version: 1 })).json.data;
      const valid = async (key: string, text: string, given = input) =>
        (await t.call("POST", `transit/verify/${key}`, { input: given, signature: text })).json.data?.valid;
      assert.equal(await valid(type, signature), true, type);
      assert.equal(await valid(type, signature, base64("another")), false, type);
      assert.equal(await valid(type, signature.replace("v1", "v2")), false, type);
      assert.equal(await valid(`other-${type}`, signature), false, type);
      const bytes = Buffer.from(signature.slice("vault:v1:".length), "base64");
      bytes[bytes.length - 1]! ^= 1;
      assert.equal(await valid(type, `vault:v1:${bytes.toString("base64")}`), false, type);
    }
  });

  it("an HMAC is of its key, version, hash and message", async () => {
    await t.call("POST", "transit/keys/mac", { type: "hmac", key_size: 200 });
    await t.call("POST", "transit/keys/mac/rotate");
    const { hmac } = (await t.call("POST", "transit/hmac/mac/sha3-512", { input, key_version: 1 })).json.data;
    const valid = async (text: string, given: string, hash_algorithm = "sha3-512") =>
      (await t.call("POST", "transit/verify/mac", { input: given, hmac: text, hash_algorithm })).json.data.valid;
    assert.equal(await valid(hmac, input), true);
    assert.equal(await valid(hmac, base64("another")), false);
    assert.equal(await valid(hmac.replace("v1", "v2"), input), false);
    assert.equal(await valid(hmac, input, "sha2-512"), false);
    assert.equal(await valid(`${hmac.slice(0, -8)}AAAAAA==`, input), false);
  });
});
