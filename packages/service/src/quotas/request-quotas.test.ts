import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keySpecs } from "@coffer/crypto";
import { limits } from "../limits.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { generateDataKeyPair, generateDataKeyPairWithoutPlaintext } from "../operations/generate-data-key-pair.ts";
import { generateRandom } from "../operations/generate-random.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { reEncrypt } from "../operations/re-encrypt.ts";
import { sign } from "../operations/signing/sign.ts";
import { CoreTest } from "../testing/core-test.ts";
import { RequestQuotas } from "./request-quotas.ts";
import { quotaBySpec, requestRates } from "./request-rates.ts";

const plaintext = Buffer.from("x");

async function withQuotas(rates: readonly (readonly [string, number])[], run: (t: CoreTest) => Promise<void>) {
  const t = await CoreTest.open({ requestRates: new Map(rates) });
  try {
    await run(t);
    assert.deepEqual(t.test.bugs, []);
  } finally {
    await t.close();
  }
}

const throttled = {
  reason: "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
};

describe("request quotas", () => {
  it("give what a second gives, and go on as time does", () =>
    withQuotas([["DescribeKey", 2]], async (t) => {
      const { keyId } = await t.newKey();
      const ask = () => t.run(describeKey, { keyId });
      await ask();
      await ask();
      assert.deepEqual(await t.fails(describeKey, { keyId }, "Throttled"), throttled);
      t.test.clock.advance(499);
      await t.fails(describeKey, { keyId }, "Throttled");
      t.test.clock.advance(1);
      await ask();
      await t.fails(describeKey, { keyId }, "Throttled");
      t.test.clock.advance(3_600_000);
      await ask();
      await ask();
      await t.fails(describeKey, { keyId }, "Throttled");
    }));

  it("below one a second let one pass in as many seconds as that takes", () =>
    withQuotas([["GenerateDataKeyPair/ECC_NIST_P256", 0.1]], async (t) => {
      const input = { keyId: (await t.newKey()).keyId, keyPairSpec: "ECC_NIST_P256" };
      await t.run(generateDataKeyPair, input);
      await t.fails(generateDataKeyPairWithoutPlaintext, input, "Throttled");
      await t.run(generateDataKeyPair, { ...input, keyPairSpec: "ECC_SECG_P256K1" });
      t.test.clock.advance(10_000);
      await t.run(generateDataKeyPairWithoutPlaintext, input);
    }));

  it("of cryptographic operations are shared by those with keys of one kind, and by no others", () =>
    withQuotas(
      [
        ["cryptographic-symmetric", 4],
        ["cryptographic-ecc", 1],
      ],
      async (t) => {
        const { keyId } = await t.newKey();
        const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
        // One for each of its keys.
        await t.run(reEncrypt, { ciphertext, destinationKeyId: keyId });
        await t.run(generateRandom, { bytes: 8 });
        await t.fails(decrypt, { ciphertext }, "Throttled");
        await t.run(describeKey, { keyId });
        const { key } = await t.run(createKey, { spec: "ECC_NIST_P256", usage: "SIGN_VERIFY" });
        const input = { keyId: key.keyId, message: plaintext, algorithm: "ECDSA_SHA_256" };
        await t.run(sign, input);
        await t.fails(sign, input, "Throttled");
      },
    ));

  it("are an account's and a region's, and count what is denied and dry runs", () =>
    withQuotas([["cryptographic-symmetric", 2]], async (t) => {
      const { keyId } = await t.newKey();
      const input = { keyId, plaintext };
      await t.fails(encrypt, input, "DryRun", t.request({ dryRun: true }));
      assert.equal(await t.tryAs([], encrypt, input), "AccessDenied");
      assert.equal(await t.tryAs([], encrypt, input), "Throttled");
      await t.fails(encrypt, input, "Throttled");
      await t.run(generateRandom, { bytes: 8 }, t.request({ region: "eu-west-1" }));
      const { principal } = t.request();
      const other = { ...principal, account: "111122223333", arn: "arn:aws:iam::111122223333:root" };
      await t.run(generateRandom, { bytes: 8 }, t.request({ principal: other }));
    }));

  it("are off by default", async () => {
    const t = await CoreTest.open();
    assert.equal(t.core.requestQuotas, undefined);
    await t.close();
  });

  it("know the group of every key spec, and their rates", () => {
    for (const spec of keySpecs.keys()) assert.ok(requestRates.has(quotaBySpec.get(spec) ?? ""), spec);
    for (const rate of requestRates.values()) assert.ok(rate > 0);
  });

  it("forgets the quotas that nobody used for longest", async () => {
    const t = await CoreTest.open();
    const quotas = new RequestQuotas(
      new Map([
        ["GenerateRandom", 1],
        ["cryptographic-symmetric", 1],
      ]),
    );
    const take = (region: string) => quotas.take(generateRandom, { bytes: 8 }, [], t.request({ region }), 0);
    take("us-east-1");
    assert.throws(() => take("us-east-1"), { message: "Throttled" });
    for (let index = 0; index <= limits.requestQuotaBuckets.value; index += 1) take(`xx-region-${index}`);
    take("us-east-1");
    await t.close();
  });
});
