import assert from "node:assert/strict";
import {
  constants,
  createCipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { after, before, describe, it } from "node:test";
import { describeKey, encrypt, execute, putKeyPolicy, rotateKeyOnDemand, rotateKeyring } from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

/** Wraps as PKCS #11's CKM_RSA_AES_KEY_WRAP has it. */
function wrap(publicKey: string, material: Buffer, oaepHash = "sha256", aesKey = randomBytes(32)): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const wrappedKey = publicEncrypt({ key: publicKey, padding, oaepHash }, aesKey);
  const name = aesKey.length === 32 ? "id-aes256-wrap-pad" : "id-aes128-wrap-pad";
  const wrapped = createCipheriv(name, aesKey, Buffer.from("a65959a6", "hex")).update(material);
  return Buffer.concat([wrappedKey, wrapped]).toString("base64");
}

function pkcs8(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "pkcs8" });
}

function pem(key: KeyObject): string {
  return key.export({ format: "pem", type: "spki" });
}

describe("Transit: import", () => {
  let vault: VaultTest;
  let wrappingKey: string;

  before(async () => {
    vault = await openVaultTest();
    wrappingKey = (await ask("GET", "wrapping_key")).public_key;
  });
  after(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function ask(method: string, path: string, body?: object) {
    const answer = await vault.call(method, `transit/${path}`, body);
    assert.ok(answer.status < 300, answer.text);
    return answer.json?.data;
  }

  async function refused(method: string, path: string, body?: object) {
    const { status, text, json } = await vault.call(method, `transit/${path}`, body);
    assert.equal(status, 400, text);
    return json.errors[0];
  }

  it("gives each mount one wrapping key of RSA-4096, which goes with the mount and is nobody's key", async () => {
    assert.equal(createPublicKey(wrappingKey).asymmetricKeyDetails?.modulusLength, 4096);
    assert.equal((await ask("GET", "wrapping_key")).public_key, wrappingKey);
    await execute(vault.test.core, rotateKeyring, null, vault.test.request());
    assert.equal((await ask("GET", "wrapping_key")).public_key, wrappingKey);
    assert.equal((await vault.call("LIST", "transit/keys")).status, 404);
    const { core } = vault.test;
    const { uuid } = (await core.mounts.all()).get("transit")!;
    const place = { region: "*", keyId: `transit-wrapping-key-${uuid}`, version: 1 };
    assert.ok((await core.store.get("keyVersions", place)) !== undefined);
    await vault.call("DELETE", "sys/mounts/transit");
    assert.equal(await core.store.get("keyVersions", place), undefined);
    await vault.call("POST", "sys/mounts/transit", { type: "transit" });
    const made = (await ask("GET", "wrapping_key")).public_key;
    assert.notEqual(made, wrappingKey);
    wrappingKey = made;
  });

  it("imports symmetric keys, by every hash", async () => {
    const hashes = { SHA1: "sha1", SHA224: "sha224", SHA256: "sha256", SHA384: "sha384", sha512: "sha512" };
    for (const [hash_function, oaepHash] of Object.entries(hashes)) {
      const material = randomBytes(32);
      const name = `aes-${hash_function}`;
      await ask("POST", `keys/${name}/import`, {
        ciphertext: wrap(wrappingKey, material, oaepHash),
        hash_function,
        exportable: true,
      });
      const { keys } = await ask("GET", `export/encryption-key/${name}`);
      assert.equal(keys["1"], material.toString("base64"));
    }
    const hmac = randomBytes(200);
    await ask("POST", "keys/mac/import", { ciphertext: wrap(wrappingKey, hmac), type: "hmac" });
    const { hmac: made } = await ask("POST", "hmac/mac", { input: base64("x") });
    assert.equal(made, `vault:v1:${createHmac("sha256", hmac).update("x").digest("base64")}`);
    assert.equal((await ask("GET", "keys/mac")).key_size, 200);
  });

  it("imports pairs, whose signatures are theirs", async () => {
    const pairs = {
      "ecdsa-p256": generateKeyPairSync("ec", { namedCurve: "prime256v1" }),
      "ecdsa-p384": generateKeyPairSync("ec", { namedCurve: "secp384r1" }),
      ed25519: generateKeyPairSync("ed25519"),
      "rsa-2048": generateKeyPairSync("rsa", { modulusLength: 2048 }),
    };
    for (const [type, { privateKey, publicKey }] of Object.entries(pairs)) {
      await ask("POST", `keys/${type}/import`, { ciphertext: wrap(wrappingKey, pkcs8(privateKey)), type });
      const options = { input: base64("x"), signature_algorithm: "pkcs1v15", hash_algorithm: "sha2-256" };
      const { signature } = await ask("POST", `sign/${type}`, options);
      const bytes = Buffer.from(signature.split(":")[2], "base64");
      assert.ok(verify(type === "ed25519" ? null : "sha256", Buffer.from("x"), publicKey, bytes), type);
    }
  });

  it("makes KMS keys of them, with the origin EXTERNAL", async () => {
    await ask("POST", "keys/known/import", { ciphertext: wrap(wrappingKey, randomBytes(32)), derived: false });
    const { core, request } = vault.test;
    const { key } = await execute(core, describeKey, { keyId: "alias/known" }, request());
    assert.deepEqual([key.origin, key.state, key.currentVersion], ["EXTERNAL", "active", 1]);
    await execute(core, encrypt, { keyId: "alias/known", plaintext: Buffer.from("x") }, request());
    const told = await ask("GET", "keys/known");
    assert.deepEqual([told.imported_key, told.imported_key_allow_rotation], [true, false]);
    const words = "imported key known does not allow rotation within Vault";
    assert.equal(await refused("POST", "keys/known/rotate"), words);
    await assert.rejects(execute(core, rotateKeyOnDemand, { keyId: "alias/known", limited: true }, request()));
    const lines = JSON.stringify(await vault.test.auditEvents());
    assert.match(lines, /ImportTransitKey/);
  });

  it("takes further versions, each current at once, until rotation makes the key one of this server", async () => {
    await ask("POST", "keys/grows/import", { ciphertext: wrap(wrappingKey, randomBytes(32)), allow_rotation: true });
    const { ciphertext } = await ask("POST", "encrypt/grows", { plaintext: base64("x") });
    await ask("POST", "keys/grows/import_version", { ciphertext: wrap(wrappingKey, randomBytes(32)) });
    assert.equal((await ask("GET", "keys/grows")).latest_version, 2);
    assert.match((await ask("POST", "encrypt/grows", { plaintext: base64("x") })).ciphertext, /^vault:v2:/);
    await ask("POST", "keys/grows/rotate");
    const told = await ask("GET", "keys/grows");
    assert.deepEqual([told.latest_version, told.imported_key], [3, false]);
    assert.equal((await ask("POST", "decrypt/grows", { ciphertext })).plaintext, base64("x"));
    const further = { ciphertext: wrap(wrappingKey, randomBytes(32)) };
    assert.match(await refused("POST", "keys/grows/import_version", further), /only be used with an imported key/);
    const short = { ciphertext: wrap(wrappingKey, randomBytes(16)) };
    await ask("POST", "keys/other/import", { ciphertext: wrap(wrappingKey, randomBytes(32)) });
    assert.match(await refused("POST", "keys/other/import_version", short), /invalid key size 16 bytes/);
  });

  it("rotates imported keys by itself only where their importer allowed that", async () => {
    await ask("POST", "keys/turns/import", {
      ciphertext: wrap(wrappingKey, randomBytes(32)),
      allow_rotation: true,
      auto_rotate_period: "24h",
    });
    const period = { ciphertext: wrap(wrappingKey, randomBytes(32)), auto_rotate_period: "24h" };
    assert.match(await refused("POST", "keys/fixed/import", period), /allow_rotation must be set/);
    await ask("POST", "keys/fixed/import", { ciphertext: period.ciphertext });
    await ask("POST", "keys/fixed/config", { auto_rotate_period: "24h" });
    vault.test.clock.advance(25 * 3_600_000);
    await vault.test.lifecycle.runDue();
    const versions = [];
    for (const name of ["turns", "fixed"]) versions.push((await ask("GET", `keys/${name}`)).latest_version);
    assert.deepEqual(versions, [2, 1]);
  });

  it("takes a public key, verifies and encrypts with it, and takes its private key later", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await ask("POST", "keys/half/import", { type: "rsa-2048", public_key: pem(rsa.publicKey) });
    const signature = `vault:v1:${sign("sha256", Buffer.from("x"), rsa.privateKey).toString("base64")}`;
    const pkcs1 = { input: base64("x"), signature_algorithm: "pkcs1v15", hash_algorithm: "sha2-256" };
    assert.equal((await ask("POST", "verify/half", { ...pkcs1, signature })).valid, true);
    const { ciphertext } = await ask("POST", "encrypt/half", { plaintext: base64("secret") });
    assert.match(await refused("POST", "decrypt/half", { ciphertext }), /does not have a private counterpart/);
    assert.match(await refused("POST", "sign/half", pkcs1), /does not contain a private part/);
    const mac = (await ask("POST", "hmac/half", { input: base64("x") })).hmac;
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const wrong = { version: 1, ciphertext: wrap(wrappingKey, pkcs8(stranger)) };
    assert.equal(
      await refused("POST", "keys/half/import_version", wrong),
      "cannot import key, key pair does not match",
    );
    await ask("POST", "keys/half/import_version", { ciphertext: wrap(wrappingKey, pkcs8(rsa.privateKey)) });
    assert.equal((await ask("GET", "keys/half")).latest_version, 1);
    assert.equal((await ask("POST", "decrypt/half", { ciphertext })).plaintext, base64("secret"));
    assert.equal((await ask("POST", "verify/half", { input: base64("x"), hmac: mac })).valid, true);
    const again = { version: 1, ciphertext: wrap(wrappingKey, pkcs8(rsa.privateKey)) };
    assert.match(await refused("POST", "keys/half/import_version", again), /key version cannot be updated/);
    await ask("POST", "keys/half/import_version", { public_key: pem(createPublicKey(stranger)) });
    assert.equal((await ask("GET", "keys/half")).latest_version, 2);
    assert.match(
      await refused("POST", "keys/ed/import", { type: "ed25519", public_key: pem(rsa.publicKey) }),
      /none of/,
    );
    assert.match(await refused("POST", "keys/ed/import", { type: "ed25519", public_key: "x" }), /not in PEM format/);
  });

  it("backs public keys up that came alone, and restores them", async () => {
    const pairs = {
      "ecdsa-p256": generateKeyPairSync("ec", { namedCurve: "prime256v1" }),
      ed25519: generateKeyPairSync("ed25519"),
      "rsa-2048": generateKeyPairSync("rsa", { modulusLength: 2048 }),
    };
    for (const [type, { privateKey, publicKey }] of Object.entries(pairs)) {
      const name = `public-${type}`;
      const options = { type, public_key: pem(publicKey), exportable: true, allow_plaintext_backup: true };
      await ask("POST", `keys/${name}/import`, options);
      const { backup } = await ask("GET", `backup/${name}`);
      await ask("POST", `restore/${name}-again`, { backup });
      assert.deepEqual((await ask("GET", `keys/${name}-again`)).keys, (await ask("GET", `keys/${name}`)).keys);
      const digest = type === "ed25519" ? null : "sha256";
      const signature = `vault:v1:${sign(digest, Buffer.from("x"), privateKey).toString("base64")}`;
      const asked = { input: base64("x"), signature, signature_algorithm: "pkcs1v15" };
      assert.equal((await ask("POST", `verify/${name}-again`, asked)).valid, true, type);
      assert.match(await refused("POST", `sign/${name}-again`, asked), /does not contain a private part/);
      assert.deepEqual((await ask("GET", `export/signing-key/${name}-again`)).keys, { "1": "" });
    }
  });

  it("says the same of every ciphertext that does not open", async () => {
    const good = Buffer.from(wrap(wrappingKey, randomBytes(32)), "base64");
    const flipped = (at: number) => {
      const copy = Buffer.from(good);
      copy[at] = copy[at]! ^ 1;
      return copy.toString("base64");
    };
    const bads = [
      flipped(0),
      flipped(511),
      flipped(512),
      flipped(good.length - 1),
      good.subarray(0, good.length - 8).toString("base64"),
      wrap(wrappingKey, randomBytes(32), "sha1"),
      wrap(wrappingKey, randomBytes(16), "sha256", randomBytes(16)),
    ];
    for (const ciphertext of bads) {
      assert.equal(await refused("POST", "keys/bad/import", { ciphertext }), "crypto/rsa: decryption error");
    }
    assert.match(
      await refused("POST", "keys/bad/import", { ciphertext: wrap(wrappingKey, randomBytes(31)) }),
      /size 31/,
    );
    const junk = { ciphertext: wrap(wrappingKey, randomBytes(300)), type: "rsa-2048" };
    assert.match(await refused("POST", "keys/bad/import", junk), /^error parsing asymmetric key/);
    assert.equal((await vault.call("GET", "transit/keys/bad")).status, 404);
  });

  it("moves a key to another mount, wrapped; the key policy's Deny of exports binds that", async () => {
    await vault.call("POST", "sys/mounts/there", { type: "transit" });
    const target = (await vault.call("GET", "there/wrapping_key")).json.data.public_key;
    await ask("POST", "keys/destination/import", { type: "rsa-4096", public_key: target });
    for (const type of ["aes256-gcm96", "ed25519", "ecdsa-p256"]) {
      await ask("POST", `keys/moves-${type}`, { type, exportable: true });
      const { hmac } = await ask("POST", `hmac/moves-${type}`, { input: base64("x") });
      assert.ok(hmac.length > 0);
      const { keys, ...rest } = await ask("GET", `byok-export/destination/moves-${type}?hash=SHA512`);
      assert.deepEqual(rest, { name: `moves-${type}`, type });
      const imported = { ciphertext: keys["1"], type, hash_function: "SHA512" };
      assert.equal((await vault.call("POST", `there/keys/${type}/import`, imported)).status, 204);
    }
    await ask("POST", "keys/stays");
    assert.equal(await refused("GET", "byok-export/destination/stays"), "key is not exportable");
    assert.equal(
      await refused("GET", "byok-export/moves-ed25519/moves-ecdsa-p256"),
      "unsupported key type in use; must be a rsa key",
    );
    const { ciphertext } = await ask("POST", "encrypt/moves-aes256-gcm96", { plaintext: base64("x") });
    const opened = await vault.call("POST", "there/decrypt/aes256-gcm96", { ciphertext });
    assert.equal(opened.json.data.plaintext, base64("x"));
    const statement = (Effect: string, Action: string) => ({ Effect, Principal: "*", Action, Resource: "*" });
    const Statement = [statement("Allow", "kms:*"), statement("Deny", "kms:ExportKeyMaterial")];
    const policy = JSON.stringify({ Version: "2012-10-17", Statement });
    const input = { keyId: "alias/moves-ed25519", policy };
    await execute(vault.test.core, putKeyPolicy, input, vault.test.request());
    assert.equal((await vault.call("GET", "transit/byok-export/destination/moves-ed25519")).status, 403);
  });
});
