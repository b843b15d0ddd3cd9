import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { decrypt, encrypt, execute } from "@coffer/service";
import { openRestTest, type RestTest } from "./rest-client.ts";

describe("REST encrypt, decrypt, datakey", () => {
  let rest: RestTest;
  const call: RestTest["call"] = (...args) => rest.call(...args);

  before(async () => {
    rest = await openRestTest();
    await call("POST", "/keys", { key_id: "k" });
  });
  after(async () => {
    await rest.close();
    assert.deepEqual(rest.test.bugs, []);
  });

  async function encryptText(plaintext: string, more: object = {}): Promise<string> {
    const answer = await call("POST", "/encrypt", { key_id: "k", plaintext, ...more });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.ciphertext;
  }

  async function refused(path: string, body: unknown, detail: RegExp, code = "InvalidInput", status = 400) {
    const answer = await call("POST", path, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.type, `urn:coffer:error:${code}`);
    assert.match(answer.json.detail, detail);
  }

  it("encrypts and decrypts text, and echoes the key as it was named", async () => {
    const sealed = await call("POST", "/encrypt", { key_id: "alias/k", plaintext: "héllo" });
    assert.deepEqual(Object.keys(sealed.json), ["key_id", "ciphertext"]);
    assert.equal(sealed.json.key_id, "alias/k");
    const opened = await call("POST", "/decrypt", { key_id: "k", ciphertext: sealed.json.ciphertext });
    assert.deepEqual(opened.json, { key_id: "k", plaintext: "héllo" });
  });

  it("makes what KMS decrypts, and decrypts what KMS makes", async () => {
    const { core } = rest.test;
    const request = rest.test.request();
    const context = { order: "1" };
    const ciphertext = Buffer.from(await encryptText("x", { context }), "base64");
    const opened = await execute(core, decrypt, { ciphertext, encryptionContext: context }, request);
    assert.equal(opened.plaintext.toString(), "x");
    const sealed = await execute(core, encrypt, { keyId: "alias/k", plaintext: Buffer.from("y") }, request);
    const answer = await call("POST", "/decrypt", { key_id: "k", ciphertext: sealed.ciphertext.toString("base64") });
    assert.equal(answer.json.plaintext, "y");
  });

  it("takes any bytes as base64, and gives them back only when asked for base64", async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]).toString("base64");
    const ciphertext = await encryptText(bytes, { encoding: "base64" });
    await refused(
      "/decrypt",
      { key_id: "k", ciphertext },
      /is not UTF-8 text\. Ask for its bytes with "encoding": "base64"/,
    );
    const opened = await call("POST", "/decrypt", { key_id: "k", ciphertext, encoding: "base64" });
    assert.equal(opened.json.plaintext, bytes);
    const text = await encryptText(Buffer.from("text").toString("base64"), { encoding: "base64" });
    assert.equal((await call("POST", "/decrypt", { key_id: "k", ciphertext: text })).json.plaintext, "text");
  });

  it("binds the context, whatever the order of its members", async () => {
    const ciphertext = await encryptText("x", { context: { a: "1", b: "2" } });
    const good = { key_id: "k", ciphertext, context: { b: "2", a: "1" } };
    assert.equal((await call("POST", "/decrypt", good)).status, 200);
    for (const context of [undefined, {}, { a: "1" }, { a: "1", b: "3" }, { a: "1", b: "2", c: "" }]) {
      await refused("/decrypt", { key_id: "k", ciphertext, context }, /cannot be decrypted/, "CiphertextInvalid");
    }
    const tricky = `{"key_id":"k","plaintext":"x","context":{"__proto__":"a"}}`;
    const sealed = (await call("POST", "/encrypt", tricky)).json.ciphertext;
    await refused("/decrypt", { key_id: "k", ciphertext: sealed }, /cannot be decrypted/, "CiphertextInvalid");
    const opened = await call(
      "POST",
      "/decrypt",
      `{"key_id":"k","ciphertext":"${sealed}","context":{"__proto__":"a"}}`,
    );
    assert.equal(opened.status, 200);
  });

  it("refuses changed ciphertexts alike, and another key's by name", async () => {
    const ciphertext = await encryptText("x");
    const bytes = Buffer.from(ciphertext, "base64");
    for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      const answer = await call("POST", "/decrypt", { key_id: "k", ciphertext: changed.toString("base64") });
      assert.equal(answer.status, 400);
      assert.ok(["CiphertextInvalid", "IncorrectKey"].includes(answer.json.type.slice("urn:coffer:error:".length)));
    }
    await refused("/decrypt", { key_id: "k", ciphertext: "eA==" }, /cannot be decrypted/, "CiphertextInvalid");
    await call("POST", "/keys", { key_id: "other" });
    await refused("/decrypt", { key_id: "other", ciphertext }, /made with another key/, "IncorrectKey");
  });

  const bad: [string, object, RegExp][] = [
    ["/encrypt", { key_id: "k" }, /^The member plaintext is missing/],
    ["/encrypt", { plaintext: "x" }, /^The member key_id is missing/],
    ["/encrypt", { key_id: "k", plaintext: 5 }, /^plaintext must be a text/],
    ["/encrypt", { key_id: "k", plaintext: "" }, /^plaintext has 0 bytes; 1 to 4096 are allowed/],
    ["/encrypt", { key_id: "k", plaintext: "é".repeat(2049) }, /^plaintext has 4098 bytes; 1 to 4096/],
    ["/encrypt", { key_id: "k", plaintext: "x".repeat(5465) }, /^plaintext has more than 5464 characters/],
    ["/encrypt", { key_id: "k", plaintext: "\udc00" }, /^plaintext must be valid Unicode/],
    ["/encrypt", { key_id: "k", plaintext: "eA=", encoding: "base64" }, /^plaintext must be standard base64/],
    ["/encrypt", { key_id: "k", plaintext: "eB==", encoding: "base64" }, /^plaintext must be standard base64/],
    ["/encrypt", { key_id: "k", plaintext: "eA==\n", encoding: "base64" }, /^plaintext must be standard base64/],
    ["/encrypt", { key_id: "k", plaintext: "-_8=", encoding: "base64" }, /^plaintext must be standard base64/],
    ["/encrypt", { key_id: "k", plaintext: "x", encoding: "hex" }, /^encoding must be one of text, base64/],
    ["/encrypt", { key_id: "k", plaintext: "x", aad: "x" }, /^The member "aad" is unknown\. Known members: key_id/],
    ["/encrypt", { key_id: "k", plaintext: "x", context: "a" }, /^context must be an object of texts/],
    ["/encrypt", { key_id: "k", plaintext: "x", context: { a: 1 } }, /^The member "a" of context must be a text/],
    ["/encrypt", { key_id: "k", plaintext: "x", context: { "\ud800": "" } }, /^context must be valid Unicode/],
    ["/encrypt", { key_id: "k", plaintext: "x", context: { a: "v".repeat(8200) } }, /at most 8192 bytes/],
    [
      "/encrypt",
      {
        key_id: "k",
        plaintext: "x",
        context: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`c${i}`, ""])),
      },
      /^context has 257 members; at most 256/,
    ],
    ["/decrypt", { key_id: "k", ciphertext: "***" }, /^ciphertext must be standard base64/],
    ["/decrypt", { key_id: "k", ciphertext: "A".repeat(8196) }, /^ciphertext has more than 8192 characters/],
    ["/decrypt", { ciphertext: "eA==" }, /^The member key_id is missing/],
    ["/datakey", { key_id: "k", bytes: 0 }, /^bytes must be a whole number from 1 to 1024/],
    ["/datakey", { key_id: "k", bytes: 1025 }, /from 1 to 1024/],
    ["/datakey", { key_id: "k", bytes: 1.5 }, /from 1 to 1024/],
    ["/datakey", { key_id: "k", bytes: "32" }, /from 1 to 1024/],
  ];
  for (const [path, body, detail] of bad) {
    it(`refuses ${path}: ${detail.source.slice(0, 60)}`, () => refused(path, body, detail));
  }

  it("encrypts as many bytes as it may", async () => {
    await encryptText("x".repeat(4096));
    await encryptText(Buffer.alloc(4096, 0xff).toString("base64"), { encoding: "base64" });
  });

  it("says that a key is missing", async () => {
    for (const [path, body] of [
      ["/encrypt", { plaintext: "x" }],
      ["/datakey", {}],
    ] as const) {
      await refused(path, { key_id: "none", ...body }, /^There is no key none\./, "NotFound", 404);
    }
    const arn = "arn:aws:kms:eu-west-1:000000000000:alias/k";
    await refused("/encrypt", { key_id: arn, plaintext: "x" }, /no keys of region eu-west-1/, "NotFound", 404);
    await refused("/encrypt", { key_id: "arn:nonsense", plaintext: "x" }, /Invalid arn/);
  });

  it("makes data keys that decrypt", async () => {
    for (const bytes of [undefined, 1, 16, 1024]) {
      const context = { a: "b" };
      const { json } = await call("POST", "/datakey", {
        key_id: "k",
        context,
        ...(bytes === undefined ? {} : { bytes }),
      });
      assert.equal(Buffer.from(json.plaintext, "base64").length, bytes ?? 32);
      const opened = await call("POST", "/decrypt", {
        key_id: "k",
        ciphertext: json.ciphertext,
        encoding: "base64",
        context,
      });
      assert.equal(opened.json.plaintext, json.plaintext);
    }
  });
});
