import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DecisionRecord } from "../../pipeline/decision.ts";
import { allow, policyOf, type TestUser } from "../../testing/core-test.ts";
import { GrantTest } from "../../testing/grant-test.ts";
import { deletePrincipal } from "../admin/principals.ts";
import { decrypt } from "../decrypt.ts";
import { encrypt } from "../encrypt.ts";
import { generateDataKey } from "../generate-data-key.ts";
import { disableKey } from "../keys/change-state.ts";
import { describeKey } from "../keys/describe-key.ts";
import { updateKeyDescription } from "../keys/update-key-description.ts";
import { putKeyPolicy } from "../policies/key-policy-operations.ts";
import { reEncrypt } from "../re-encrypt.ts";
import { transitEncrypt } from "../transit/crypto-operations.ts";
import { revokeGrant } from "./end-grants.ts";

const plaintext = Buffer.from("x");
const rootArn = "arn:aws:iam::000000000000:root";

describe("what grants allow", () => {
  let g: GrantTest;
  let user: TestUser;
  beforeEach(async () => {
    g = await GrantTest.open();
    user = await g.user();
  });
  afterEach(async () => {
    assert.deepEqual(g.t.test.bugs, []);
    await g.t.close();
  });

  const keyId = () => g.keyArn;
  const decisions = async () => {
    const { authorization } = (await g.t.lastEvent())["additionalEventData"] as { authorization: DecisionRecord[] };
    return authorization;
  };

  it("is what they name, for their grantee, from the very next request on until they are revoked", async () => {
    const { t } = g;
    const other = await g.user();
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(user));
    const { grantId } = await g.grant({ grantee: user.arn, operations: ["Encrypt", "DescribeKey"] });
    for (let round = 0; round < 2; round += 1) {
      const { ciphertext } = await t.run(encrypt, { keyId: keyId(), plaintext }, await t.as(user));
      await t.run(describeKey, { keyId: keyId() }, await t.as(user));
      await t.fails(decrypt, { ciphertext }, "AccessDenied", await t.as(user));
      await t.fails(generateDataKey, { keyId: keyId(), dataKeyBytes: 32 }, "AccessDenied", await t.as(user));
      await t.fails(updateKeyDescription, { keyId: keyId(), description: "" }, "AccessDenied", await t.as(user));
      await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(other));
    }
    await t.run(revokeGrant, { keyId: keyId(), grantId });
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(user));
  });

  it("is recorded with the grant's id; a refusal names the grant that nearly allowed it, to operators alone", async () => {
    const { t } = g;
    const constraints = { encryptionContextEquals: { department: "it" } };
    const { grantId } = await g.grant({ grantee: user.arn, constraints });
    const encryptionContext = { department: "it" };
    await t.run(encrypt, { keyId: keyId(), plaintext, encryptionContext }, await t.as(user));
    assert.equal(((await t.lastEvent())["additionalEventData"] as Record<string, unknown>)["grantId"], grantId);
    assert.deepEqual((await decisions())[0]?.by, { source: "grant", grantId });
    await t.run(encrypt, { keyId: keyId(), plaintext, encryptionContext });
    assert.equal(((await t.lastEvent())["additionalEventData"] as Record<string, unknown>)["grantId"], undefined);
    const params = await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(user));
    assert.ok(!JSON.stringify(params).includes(grantId));
    assert.deepEqual((await decisions())[0]?.grant, { grantId, failed: "encryptionContext" });
  });

  it("depends on the encryption context where they say so", async () => {
    const { t } = g;
    await g.grant({
      grantee: user.arn,
      operations: ["Encrypt", "Decrypt", "GenerateDataKey"],
      constraints: { encryptionContextSubset: { Department: "IT" } },
    });
    const fits = { department: "IT", purpose: "test" };
    const { ciphertext } = await t.run(
      encrypt,
      { keyId: keyId(), plaintext, encryptionContext: fits },
      await t.as(user),
    );
    await t.run(decrypt, { ciphertext, encryptionContext: fits }, await t.as(user));
    for (const encryptionContext of [undefined, {}, { department: "HR" }, { purpose: "IT" }]) {
      const request = await t.as(user);
      await t.fails(encrypt, { keyId: keyId(), plaintext, encryptionContext }, "AccessDenied", request);
      await t.fails(decrypt, { ciphertext, encryptionContext }, "AccessDenied", request);
      const dataKey = { keyId: keyId(), dataKeyBytes: 32, encryptionContext };
      await t.fails(generateDataKey, dataKey, "AccessDenied", request);
    }
    // Transit has no encryption context, so such a grant does not reach there.
    const items = [{ plaintext }];
    await t.fails(transitEncrypt, { keyId: keyId(), items }, "AccessDenied", await t.as(user, { wire: "vault" }));
    await g.grant({ grantee: user.arn });
    await t.run(transitEncrypt, { keyId: keyId(), items }, await t.as(user, { wire: "vault" }));
  });

  it("never comes before a Deny, in the key policy or in the caller's own", async () => {
    const { t } = g;
    const denied = await g.user({ Effect: "Deny", Action: "kms:Encrypt", Resource: "*" });
    await g.grant({ grantee: denied.arn });
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(denied));
    await g.grant({ grantee: user.arn });
    await t.run(encrypt, { keyId: keyId(), plaintext }, await t.as(user));
    const policy = policyOf(allow("kms:*", { Principal: { AWS: rootArn } }), {
      Effect: "Deny",
      Principal: { AWS: user.arn },
      Action: "kms:Encrypt",
      Resource: "*",
    });
    await t.run(putKeyPolicy, { keyId: keyId(), policy });
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(user));
  });

  it("works across accounts, without any policy of the other account", async () => {
    const { t } = g;
    const foreigner = await g.foreigner();
    const request = async () => t.as(foreigner);
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await request());
    await g.grant({ grantee: foreigner.arn, operations: ["Encrypt", "Decrypt"] });
    const { ciphertext } = await t.run(encrypt, { keyId: keyId(), plaintext }, await request());
    await t.run(decrypt, { ciphertext }, await request());
    await t.fails(describeKey, { keyId: keyId() }, "AccessDenied", await request());
  });

  it("of an account is its root's, and that of those to whom its policies hand it on", async () => {
    const { t } = g;
    const [plain, permitted, otherwise] = [
      await g.foreigner(),
      await g.foreigner(allow("kms:Encrypt")),
      await g.foreigner(allow("kms:Decrypt")),
    ];
    await g.grant({ grantee: "arn:aws:iam::111122223333:root" });
    await t.run(encrypt, { keyId: keyId(), plaintext }, g.foreignRoot());
    await t.run(encrypt, { keyId: keyId(), plaintext }, await t.as(permitted));
    for (const each of [plain, otherwise]) {
      await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(each));
    }
  });

  it("is nothing to a later principal of the same name", async () => {
    const { t } = g;
    await g.grant({ grantee: user.arn });
    await t.run(encrypt, { keyId: keyId(), plaintext }, await t.as(user));
    const name = user.arn.slice(user.arn.lastIndexOf("/") + 1);
    await t.run(deletePrincipal, { kind: "user", name });
    const namesake = await t.newUser(name);
    assert.equal(namesake.arn, user.arn);
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await t.as(namesake));
  });

  it("is asked for both keys of a ReEncrypt, each in its own direction", async () => {
    const { t } = g;
    const { keyId: second } = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId: keyId(), plaintext });
    const input = { ciphertext, destinationKeyId: second };
    const from = await g.grant({ grantee: user.arn, operations: ["ReEncryptFrom"] });
    await t.fails(reEncrypt, input, "AccessDenied", await t.as(user));
    const to = await g.grant({ keyId: second, grantee: user.arn, operations: ["ReEncryptTo"] });
    await t.run(reEncrypt, input, await t.as(user));
    const recorded = (await t.lastEvent())["additionalEventData"] as Record<string, unknown>;
    assert.deepEqual([recorded["grantId"], recorded["grantIds"]], [from.grantId, [from.grantId, to.grantId]]);
  });

  it("does not help a key that is disabled", async () => {
    const { t } = g;
    await g.grant({ grantee: user.arn });
    await t.run(disableKey, { keyId: keyId() });
    await t.fails(encrypt, { keyId: keyId(), plaintext }, "KeyDisabled", await t.as(user));
  });

  it("is in memory once it was asked for, as is that there is nothing", async () => {
    const { t } = g;
    const nobody = await g.user();
    await g.grant({ grantee: user.arn });
    const requests = [await t.as(user), await t.as(nobody)];
    const ask = async () => {
      await t.run(encrypt, { keyId: keyId(), plaintext }, requests[0]);
      await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", requests[1]);
    };
    await ask();
    const reads: string[] = [];
    t.store.afterRead = (method) => void reads.push(method);
    await ask();
    // Callers whom policies allow are not looked up at all.
    await t.run(encrypt, { keyId: keyId(), plaintext });
    assert.deepEqual(reads, []);
  });

  describe("grant tokens", () => {
    it("are accepted when this server made them, and refused otherwise", async () => {
      const { t } = g;
      const { grantToken, grantId } = await g.grant({ grantee: user.arn });
      const use = async (grantTokens: readonly string[]) => t.as(user, { grantTokens });
      await t.run(encrypt, { keyId: keyId(), plaintext }, await use([grantToken]));
      await t.run(encrypt, { keyId: keyId(), plaintext }, await use([]));
      await t.run(encrypt, { keyId: keyId(), plaintext }, await use(Array(10).fill(grantToken)));
      for (const tokens of [["x"], [grantToken, "x"], [`${grantToken} `], Array(11).fill(grantToken)]) {
        await t.fails(encrypt, { keyId: keyId(), plaintext }, "GrantTokenInvalid", await use(tokens));
      }
      await t.run(revokeGrant, { keyId: keyId(), grantId });
      await t.fails(encrypt, { keyId: keyId(), plaintext }, "AccessDenied", await use([grantToken]));
    });
  });
});
