import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { dayMs, type WireHandler } from "@coffer/service";
import { wireRequest } from "@coffer/testkit";
import { createVaultWire } from "@coffer/wire-vault";
import { openRestTest, type RestTest } from "./rest-client.ts";

const text = Buffer.from("hello").toString("base64");

describe("one key through the REST and the Vault API", () => {
  let rest: RestTest;
  let vaultWire: WireHandler;

  beforeEach(async () => {
    rest = await openRestTest();
    vaultWire = createVaultWire(rest.test.core);
    await vault("POST", "sys/mounts/transit", { type: "transit" });
  });
  afterEach(() => rest.close());

  async function vault(method: string, path: string, body?: unknown) {
    const headers = { "X-Vault-Token": rest.test.root.token };
    const answer = await vaultWire(wireRequest({ method, path: `/v1/${path}`, headers, body }));
    return { status: answer.status, json: answer.body === "" ? undefined : JSON.parse(String(answer.body)) };
  }

  it("is made by REST and used by Vault", async () => {
    await rest.call("POST", "/keys", { key_id: "orders" });
    assert.deepEqual((await vault("LIST", "transit/keys")).json.data.keys, ["orders"]);
    const sealed = await vault("POST", "transit/encrypt/orders", { plaintext: text });
    const { ciphertext } = sealed.json.data;
    assert.equal((await vault("POST", "transit/decrypt/orders", { ciphertext })).json.data.plaintext, text);
  });

  it("is made by Vault and used by REST, on any mount", async () => {
    await vault("POST", "sys/mounts/team", { type: "transit" });
    await vault("POST", "transit/keys/plain");
    await vault("POST", "team/keys/shared");
    for (const key_id of ["plain", "team/shared"]) {
      const { ciphertext } = (await rest.call("POST", "/encrypt", { key_id, plaintext: "x" })).json;
      assert.equal((await rest.call("POST", "/decrypt", { key_id, ciphertext })).json.plaintext, "x");
    }
    assert.equal((await rest.call("GET", "/keys/team%2Fshared")).json.id, "team/shared");
  });

  it("rotates, is deleted and is restored for both at once", async () => {
    await rest.call("POST", "/keys", { key_id: "k" });
    const sealed = await vault("POST", "transit/encrypt/k", { plaintext: text });
    const { ciphertext } = sealed.json.data;
    await vault("POST", "transit/keys/k/rotate");
    assert.equal((await rest.call("GET", "/keys/k")).json.version, 2);
    await rest.call("POST", "/keys/k/rotate");
    assert.equal((await vault("GET", "transit/keys/k")).json.data.latest_version, 3);
    await vault("POST", "transit/keys/k/config", { deletion_allowed: true });
    await vault("DELETE", "transit/keys/k");
    const waiting = await rest.call("GET", "/keys/k");
    assert.deepEqual(
      [waiting.json.state, waiting.json.deletion_at],
      ["pending_deletion", new Date(rest.test.clock.nowMs() + 30 * dayMs).toISOString()],
    );
    assert.equal((await vault("POST", "transit/decrypt/k", { ciphertext })).status, 400);
    await rest.call("POST", "/keys/k/restore");
    assert.equal((await vault("POST", "transit/decrypt/k", { ciphertext })).json.data.plaintext, text);
  });

  it("keeps the two ciphertext formats apart", async () => {
    await rest.call("POST", "/keys", { key_id: "k" });
    const blob = (await rest.call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).json.ciphertext;
    const sealed = (await vault("POST", "transit/encrypt/k", { plaintext: text })).json.data.ciphertext;
    const inVault = await vault("POST", "transit/decrypt/k", { ciphertext: blob });
    assert.deepEqual(inVault.json, { errors: ["invalid ciphertext: no prefix"] });
    const wrapped = await vault("POST", "transit/decrypt/k", { ciphertext: `vault:v1:${blob}` });
    assert.deepEqual(wrapped.json, { errors: ["cipher: message authentication failed"] });
    const body = sealed.slice("vault:v1:".length);
    const inRest = await rest.call("POST", "/decrypt", { key_id: "k", ciphertext: body });
    assert.equal(inRest.json.type, "urn:coffer:error:CiphertextInvalid");
  });

  it("obeys its lowest version for decryption in both", async () => {
    await rest.call("POST", "/keys", { key_id: "k" });
    const { ciphertext } = (await rest.call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).json;
    await vault("POST", "transit/keys/k/rotate");
    await vault("POST", "transit/keys/k/config", { min_decryption_version: 2 });
    const opened = await rest.call("POST", "/decrypt", { key_id: "k", ciphertext });
    assert.equal(opened.json.type, "urn:coffer:error:CiphertextInvalid");
  });
});
