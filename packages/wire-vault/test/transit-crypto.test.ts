import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createKey, decrypt, disableKey, enableKey, execute, scheduleKeyDeletion } from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

describe("Transit: encrypt, decrypt, rewrap, datakey", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  before(async () => {
    vault = await openVaultTest();
    await call("POST", "transit/keys/k");
  });
  after(() => vault.close());

  async function encrypt(plaintext: string, more: object = {}, key = "k"): Promise<string> {
    const answer = await call("POST", `transit/encrypt/${key}`, { plaintext: base64(plaintext), ...more });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.data.ciphertext;
  }

  it("encrypts and decrypts in Vault's envelope, with POST and PUT", async () => {
    const sealed = await call("PUT", "transit/encrypt/k", { plaintext: base64("hello") });
    assert.equal(sealed.status, 200);
    assert.equal(sealed.headers["Content-Type"], "application/json");
    assert.equal(sealed.headers["Cache-Control"], "no-store");
    const { request_id, data, ...rest } = sealed.json;
    assert.match(request_id, /^[0-9a-f-]{36}$/);
    assert.match(data.ciphertext, /^vault:v1:/);
    assert.equal(data.key_version, 1);
    assert.deepEqual(rest, {
      lease_id: "",
      renewable: false,
      lease_duration: 0,
      wrap_info: null,
      warnings: null,
      auth: null,
      mount_type: "transit",
    });
    for (const ciphertext of [data.ciphertext, `${data.ciphertext}\n`]) {
      const opened = await call("POST", "transit/decrypt/k", { ciphertext });
      assert.deepEqual(opened.json.data, { plaintext: base64("hello") });
    }
  });

  it("takes the empty plaintext, line breaks in base64, text for numbers and a form body", async () => {
    const ciphertext = await encrypt("");
    assert.equal((await call("POST", "transit/decrypt/k", { ciphertext })).json.data.plaintext, "");
    const broken = await call("POST", "transit/encrypt/k", { plaintext: "aGVs\r\nbG8=\n", key_version: "1" });
    assert.equal(broken.status, 200, broken.text);
    const form = await call("POST", "transit/encrypt/k", "plaintext=aGVsbG8%3D", {
      "X-Vault-Token": vault.test.root.token,
      "Content-Type": "application/x-www-form-urlencoded",
    });
    assert.equal(form.status, 200, form.text);
  });

  it("binds associated data, and says the same for every way in which a ciphertext is wrong", async () => {
    const ciphertext = await encrypt("x", { associated_data: base64("a") });
    const good = await call("POST", "transit/decrypt/k", { ciphertext, associated_data: base64("a") });
    assert.equal(good.json.data.plaintext, base64("x"));
    const body = Buffer.from(ciphertext.slice("vault:v1:".length), "base64");
    const tampered = Buffer.from(body);
    tampered[14] = tampered[14]! ^ 1;
    const cut = body.subarray(0, body.length - 1);
    const wrongs = [
      { ciphertext },
      { ciphertext, associated_data: base64("b") },
      { ciphertext: `vault:v1:${tampered.toString("base64")}`, associated_data: base64("a") },
      { ciphertext: `vault:v1:${cut.toString("base64")}`, associated_data: base64("a") },
    ];
    for (const wrong of wrongs) {
      const answer = await call("POST", "transit/decrypt/k", wrong);
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.json, { errors: ["cipher: message authentication failed"] });
    }
  });

  const malformed: [string, string][] = [
    ["", "missing ciphertext to decrypt"],
    ["AQICAHhq", "invalid ciphertext: no prefix"],
    ["vault:v1", "invalid ciphertext: wrong number of fields"],
    ["vault:vx:AAAA", "invalid ciphertext: version number could not be decoded"],
    ["vault:v-1:AAAA", "invalid ciphertext: version number could not be decoded"],
    ["vault:v99999999999:AAAA", "invalid ciphertext: version is too new"],
    [`vault:v2:${Buffer.alloc(40).toString("base64")}`, "invalid ciphertext: version is too new"],
    ["vault:v1:***", "invalid ciphertext: could not decode base64"],
  ];
  for (const [ciphertext, message] of malformed) {
    it(`says "${message}" of ${JSON.stringify(ciphertext.slice(0, 24))}`, async () => {
      const answer = await call("POST", "transit/decrypt/k", { ciphertext });
      assert.deepEqual([answer.status, answer.json], [400, { errors: [message] }]);
    });
  }

  it("refuses what is no base64 with the index that Vault names", async () => {
    for (const [plaintext, index] of [
      ["a", 0],
      ["aGVsbG8", 4],
      ["aGV!bG8=", 3],
      ["aGVsbG8=x", 8],
      ["aGVsb-8=", 5],
      ["aG=sbG8=", 2],
    ] as const) {
      const answer = await call("POST", "transit/encrypt/k", { plaintext });
      assert.deepEqual(answer.json, { errors: [`illegal base64 data at input byte ${index}`] }, plaintext);
      assert.equal(answer.status, 400);
    }
  });

  it("refuses a missing plaintext, a plaintext over the limit, wrong types and wrong associated data", async () => {
    assert.deepEqual((await call("POST", "transit/encrypt/k", {})).json, { errors: ["missing plaintext to encrypt"] });
    const big = await call("POST", "transit/encrypt/k", { plaintext: Buffer.alloc(524_289).toString("base64") });
    assert.deepEqual(big.json, { errors: ["the plaintext has 524289 bytes; at most 524288 are allowed"] });
    const fits = await call("POST", "transit/encrypt/k", { plaintext: Buffer.alloc(524_288).toString("base64") });
    assert.equal(fits.status, 200);
    const typed = await call("POST", "transit/encrypt/k", { plaintext: base64("x"), key_version: {} });
    assert.match(typed.json.errors[0], /^Field validation failed: error converting input for field "key_version": /);
    const aad = await call("POST", "transit/encrypt/k", { plaintext: base64("x"), associated_data: "!" });
    assert.match(aad.json.errors[0], /illegal base64 data at input byte 0/);
  });

  it("works through a batch in order, with references", async () => {
    const batch_input = [
      { plaintext: base64("one"), reference: "r1" },
      { plaintext: base64("two"), associated_data: base64("a") },
      { plaintext: "" },
    ];
    const sealed = await call("POST", "transit/encrypt/k", { batch_input });
    assert.equal(sealed.status, 200, sealed.text);
    const results = sealed.json.data.batch_results;
    assert.deepEqual(
      results.map((result: { reference: string; key_version: number }) => [result.reference, result.key_version]),
      [
        ["r1", 1],
        ["", 1],
        ["", 1],
      ],
    );
    const opened = await call("POST", "transit/decrypt/k", {
      batch_input: [
        { ciphertext: results[0].ciphertext, reference: 'quote " me' },
        { ciphertext: results[1].ciphertext, associated_data: base64("a") },
        { ciphertext: results[2].ciphertext },
      ],
    });
    assert.deepEqual(opened.json.data.batch_results, [
      { plaintext: base64("one"), reference: 'quote " me' },
      { plaintext: base64("two"), reference: "" },
      { plaintext: "", reference: "" },
    ]);
  });

  it("answers a batch with a failed item as a 400 with every result, or with the status that was asked for", async () => {
    const batch_input = [{ plaintext: "!", reference: "bad" }, { plaintext: base64("x") }];
    const failed = await call("POST", "transit/encrypt/k", { batch_input });
    assert.equal(failed.status, 400);
    const [bad, good] = failed.json.data.batch_results;
    assert.deepEqual(bad, { error: "illegal base64 data at input byte 0", reference: "bad" });
    assert.match(good.ciphertext, /^vault:v1:/);
    const partial = await call("POST", "transit/encrypt/k", { batch_input, partial_failure_response_code: 207 });
    assert.equal(partial.status, 207);
    const all = [{ plaintext: "!" }];
    const none = await call("POST", "transit/encrypt/k", { batch_input: all, partial_failure_response_code: 207 });
    assert.equal(none.status, 400);
    for (const code of [99, 100, 204, 304, 600]) {
      const odd = await call("POST", "transit/encrypt/k", { batch_input, partial_failure_response_code: code });
      assert.equal(odd.status, 400);
      assert.match(odd.json.warnings[0], /^invalid HTTP response code override/);
    }
    const opened = await call("POST", "transit/decrypt/k", {
      batch_input: [{ ciphertext: "vault:v1:AAAA" }, { ciphertext: good.ciphertext }],
      partial_failure_response_code: "202",
    });
    assert.equal(opened.status, 202);
    assert.deepEqual(opened.json.data.batch_results, [
      { plaintext: "", error: "cipher: message authentication failed", reference: "" },
      { plaintext: base64("x"), reference: "" },
    ]);
  });

  const badBatches: [unknown, RegExp][] = [
    [[], /^missing batch input to process$/],
    ["text", /^failed to parse batch input: source data must be an array or slice/],
    [{}, /^failed to parse batch input: source data must be an array or slice/],
    [[1], /^failed to parse batch input: \[0\] expected a map/],
    [[{}], /'\[0\]\.plaintext' missing plaintext to encrypt/],
    [[{ plaintext: 1 }], /'\[0\]\.plaintext' expected type 'string'/],
    [[{ plaintext: "", key_version: "1" }], /'\[0\]\.key_version' expected type 'int'/],
    [[{ plaintext: "", reference: 5 }], /'\[0\]\.reference' expected type 'string'/],
    [[{ plaintext: "", reference: "x".repeat(1025) }], /'\[0\]\.reference' has more than 1024 characters/],
    [
      [
        { plaintext: "", context: "" },
        { plaintext: "", context: "eA==" },
      ],
      /^context should be set either in all/,
    ],
    [Array.from({ length: 10_001 }, () => ({ plaintext: "" })), /^batch_input has 10001 items; at most 10000/],
  ];
  for (const [batch_input, message] of badBatches) {
    it(`refuses a batch: ${message.source}`, async () => {
      const answer = await call("POST", "transit/encrypt/k", { batch_input });
      assert.equal(answer.status, 400);
      assert.match(answer.json.errors[0], message);
    });
  }

  it("takes a batch of as many items as it may have", async () => {
    const batch_input = Array.from({ length: 10_000 }, () => ({ plaintext: "eA==" }));
    const answer = await call("POST", "transit/encrypt/k", { batch_input });
    assert.equal(answer.json.data.batch_results.length, 10_000);
  });

  it("honours versions: key_version, minimum versions, and rewrap to the latest", async () => {
    await call("POST", "transit/keys/versions");
    const first = await encrypt("old", {}, "versions");
    await call("POST", "transit/keys/versions/rotate");
    assert.match(await encrypt("new", {}, "versions"), /^vault:v2:/);
    assert.match(await encrypt("chosen", { key_version: 1 }, "versions"), /^vault:v1:/);
    const rewrapped = await call("POST", "transit/rewrap/versions", { ciphertext: first });
    assert.equal(rewrapped.json.data.key_version, 2);
    const opened = await call("POST", "transit/decrypt/versions", { ciphertext: rewrapped.json.data.ciphertext });
    assert.equal(opened.json.data.plaintext, base64("old"));
    const tries: [object, string][] = [
      [{ key_version: 3 }, "requested version for encryption is higher than the latest key version"],
      [{ key_version: -1 }, "requested version for encryption is negative"],
    ];
    for (const [more, message] of tries) {
      const answer = await call("POST", "transit/encrypt/versions", { plaintext: "", ...more });
      assert.deepEqual([answer.status, answer.json], [400, { errors: [message] }]);
    }
    await call("POST", "transit/keys/versions/config", { min_decryption_version: 2 });
    assert.deepEqual((await call("POST", "transit/decrypt/versions", { ciphertext: first })).json, {
      errors: ["ciphertext or signature version is disallowed by policy (too old)"],
    });
    assert.deepEqual((await call("POST", "transit/encrypt/versions", { plaintext: "", key_version: 1 })).json, {
      errors: ["requested version for encryption is less than the minimum encryption key version"],
    });
    const batch = await call("POST", "transit/rewrap/versions", {
      batch_input: [{ ciphertext: first, reference: "a" }, {}, { ciphertext: rewrapped.json.data.ciphertext }],
    });
    assert.equal(batch.status, 200);
    const errors = batch.json.data.batch_results.map((result: { error?: string }) => result.error);
    assert.deepEqual(errors, [
      "ciphertext or signature version is disallowed by policy (too old)",
      "missing ciphertext to decrypt",
      undefined,
    ]);
  });

  it("makes data keys, plaintext or wrapped, of the lengths that Vault knows", async () => {
    for (const bits of [128, 256, 512]) {
      const { json } = await call("POST", "transit/datakey/plaintext/k", { bits });
      assert.equal(Buffer.from(json.data.plaintext, "base64").length, bits / 8);
      const opened = await call("POST", "transit/decrypt/k", { ciphertext: json.data.ciphertext });
      assert.equal(opened.json.data.plaintext, json.data.plaintext);
    }
    const wrapped = await call("POST", "transit/datakey/wrapped/k", { associated_data: base64("a") });
    assert.deepEqual(Object.keys(wrapped.json.data), ["ciphertext", "key_version"]);
    const opened = await call("POST", "transit/decrypt/k", {
      ciphertext: wrapped.json.data.ciphertext,
      associated_data: base64("a"),
    });
    assert.equal(Buffer.from(opened.json.data.plaintext, "base64").length, 32);
    const bad: [string, object, string][] = [
      ["datakey/other/k", {}, "Invalid path, must be 'plaintext' or 'wrapped'"],
      ["datakey/plaintext/k", { bits: 100 }, "invalid bit length"],
      ["datakey/plaintext/none", {}, "encryption key not found"],
      ["datakey/wrapped/k", { context: "!" }, "illegal base64 data at input byte 0"],
      [
        "datakey/wrapped/k",
        { key_version: 9 },
        "requested version for encryption is higher than the latest key version",
      ],
      [
        "datakey/plaintext/k",
        { key_version: 9 },
        "requested version for encryption is higher than the latest key version",
      ],
    ];
    for (const [path, body, message] of bad) {
      const answer = await call("POST", `transit/${path}`, body);
      assert.deepEqual([answer.status, answer.json], [400, { errors: [message] }], path);
    }
  });

  it("makes a missing key by the first encryption, but not by a bad one, nor by decrypting", async () => {
    for (const path of ["decrypt", "rewrap"]) {
      const answer = await call("POST", `transit/${path}/fresh`, { ciphertext: "vault:v1:AAAA" });
      assert.deepEqual([answer.status, answer.json], [400, { errors: ["encryption key not found"] }]);
    }
    const refused: [object, RegExp][] = [
      [{ plaintext: "!" }, /encryption key not found/],
      [{ plaintext: "", type: "rsa-2048" }, /^unknown key type rsa-2048$/],
      [{ plaintext: "", type: "nonsense" }, /^unknown key type nonsense$/],
      [{ plaintext: "", convergent_encryption: true }, /so context is required$/],
    ];
    for (const [body, message] of refused) {
      const answer = await call("POST", "transit/encrypt/fresh", body);
      assert.equal(answer.status, 400);
      assert.match(answer.json.errors[0], message);
    }
    assert.equal((await call("GET", "transit/keys/fresh")).status, 404);
    const both = await Promise.all([encrypt("a", {}, "fresh"), encrypt("b", {}, "fresh")]);
    for (const ciphertext of both) {
      assert.equal((await call("POST", "transit/decrypt/fresh", { ciphertext })).status, 200);
    }
  });

  it("refuses disabled keys and keys that wait for their destruction as the original would", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    const { key } = await execute(core, createKey, { aliases: ["alias/state"] }, request);
    const ciphertext = await encrypt("x", {}, "state");
    await execute(core, disableKey, { keyId: key.keyId }, request);
    for (const [path, body] of [
      ["encrypt", { plaintext: "" }],
      ["decrypt", { ciphertext }],
      ["rewrap", { ciphertext }],
    ] as const) {
      const answer = await call("POST", `transit/${path}/state`, body);
      assert.equal(answer.status, 400);
      assert.match(answer.json.errors[0], /^the key "state" is disabled/);
    }
    await execute(core, enableKey, { keyId: key.keyId }, request);
    await execute(core, scheduleKeyDeletion, { keyId: key.keyId }, request);
    const opened = await call("POST", "transit/decrypt/state", { ciphertext });
    assert.deepEqual(opened.json, { errors: ["encryption key not found"] });
    const sealed = await call("POST", "transit/encrypt/state", { plaintext: "" });
    assert.match(sealed.json.errors[0], /^the key "state" is scheduled for deletion: restore it/);
  });

  it("does not confuse its ciphertexts with KMS's, nor one key's with another's", async () => {
    const ciphertext = await encrypt("x");
    await call("POST", "transit/keys/other");
    assert.deepEqual((await call("POST", "transit/decrypt/other", { ciphertext })).json, {
      errors: ["cipher: message authentication failed"],
    });
    const blob = Buffer.from(ciphertext);
    await assert.rejects(execute(vault.test.core, decrypt, { ciphertext: blob }, vault.test.request()));
  });
});
