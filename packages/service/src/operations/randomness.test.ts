import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestCore, type TestCore } from "@coffer/testkit";
import { execute } from "../pipeline/execute.ts";
import { createToken } from "./admin/tokens.ts";
import { encrypt } from "./encrypt.ts";
import { generateDataKey } from "./generate-data-key.ts";
import { generateRandom } from "./generate-random.ts";
import { createKey } from "./keys/create-key.ts";

const knownId = "01234567-89ab-4cde-8f01-23456789abcd";

describe("the port for randomness", () => {
  let test: TestCore;

  before(async () => {
    test = await openTestCore({ randomness: { bytes: (length) => Buffer.alloc(length, 7), id: () => knownId } });
  });
  after(() => test.close());

  it("is what names keys and is given out, and nothing of it is in a ciphertext", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    assert.equal(key.keyId, knownId);
    const random = await execute(test.core, generateRandom, { bytes: 4 }, test.request());
    assert.deepEqual([...random.plaintext], [7, 7, 7, 7]);
    const dataKey = await execute(test.core, generateDataKey, { keyId: knownId, dataKeyBytes: 32 }, test.request());
    assert.deepEqual(dataKey.plaintext, Buffer.alloc(32, 7));
    const message = { keyId: knownId, plaintext: Buffer.from("x") };
    const [one, two] = [
      await execute(test.core, encrypt, message, test.request()),
      await execute(test.core, encrypt, message, test.request()),
    ];
    assert.notDeepEqual(one.ciphertext, two.ciphertext);
    assert.ok(!one.ciphertext.includes(Buffer.alloc(8, 7)));
  });

  it("makes tokens of 24 bytes", async () => {
    // The root's first token was drawn from the same bytes, so a second one cannot be stored beside it.
    assert.equal(test.root.token, `hvs.${Buffer.alloc(24, 7).toString("base64url")}`);
    const input = { principalArn: "arn:aws:iam::000000000000:root" };
    await assert.rejects(execute(test.core, createToken, input, test.request()));
  });
});
