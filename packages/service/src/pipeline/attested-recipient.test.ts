import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { randomBytesPooled, randomId } from "@coffer/crypto";
import { ManualClock, NitroHardware } from "@coffer/testkit";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { generateRandom } from "../operations/generate-random.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { CoreTest } from "../testing/core-test.ts";

describe("a request with a recipient", () => {
  const hardware = new NitroHardware(new ManualClock().nowMs());
  const drawn: Buffer[] = [];
  const randomness = {
    id: randomId,
    bytes(byteLength: number) {
      const bytes = randomBytesPooled(byteLength);
      drawn.push(bytes);
      return bytes;
    },
  };
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open({ attestationRoots: [hardware.root.der], randomness });
  });
  after(() => t.close());

  const attested = () => t.request({ recipient: { document: hardware.document(t.test.clock.nowMs()) } });

  it("gets no plaintext: it is encrypted and wiped, and so is the content key", async () => {
    drawn.length = 0;
    const output = await t.run(generateRandom, { bytes: 47 }, attested());
    assert.equal(output.plaintext.byteLength, 0);
    assert.ok(output.ciphertextForRecipient !== undefined);
    const [plaintext, contentKey] = drawn;
    assert.deepEqual([plaintext?.byteLength, contentKey?.byteLength], [47, 32]);
    for (const secret of [plaintext, contentKey]) assert.ok(secret?.every((byte) => byte === 0));
  });

  it("is refused by operations that do not answer to one", async () => {
    const { keyId } = await t.newKey();
    await t.fails(encrypt, { keyId, plaintext: Buffer.from("x") }, "Unsupported", attested());
    await t.fails(describeKey, { keyId }, "Unsupported", attested());
  });

  it("is refused before the ciphertext is looked at, when its document is not genuine", async () => {
    const other = new NitroHardware(t.test.clock.nowMs()).document(t.test.clock.nowMs());
    const request = t.request({ recipient: { document: other } });
    const refusal = await t.fails(decrypt, { ciphertext: Buffer.from("no ciphertext") }, "InvalidInput", request);
    assert.equal(refusal.member, "recipient");
  });

  it("gets nothing when it cannot be recorded, and nothing is left of the plaintext", async () => {
    drawn.length = 0;
    t.disk.fail("append", "EIO");
    await t.fails(generateRandom, { bytes: 47 }, "AuditUnavailable", attested());
    assert.ok(drawn[0]?.every((byte) => byte === 0));
    t.disk.heal();
  });
});
