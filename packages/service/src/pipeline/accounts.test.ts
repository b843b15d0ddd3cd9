import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rootPrincipal } from "../identity/load-principal.ts";
import type { KeyRecord } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import { putIdentityPolicy } from "../operations/admin/identity-policies.ts";
import { createPrincipal } from "../operations/admin/principals.ts";
import { createToken } from "../operations/admin/tokens.ts";
import { createAlias, updateAlias } from "../operations/aliases/alias-operations.ts";
import { listAliases } from "../operations/aliases/list-aliases.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { listKeys } from "../operations/keys/list-keys.ts";
import { scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { updateKeyDescription } from "../operations/keys/update-key-description.ts";
import { getKeyPolicy, putKeyPolicy } from "../operations/policies/key-policy-operations.ts";
import { reEncrypt } from "../operations/re-encrypt.ts";
import { getKeyRotationStatus } from "../operations/rotation/automatic-rotation.ts";
import { listResourceTags } from "../operations/tags/tag-operations.ts";
import { configureKey } from "../operations/transit/configure-key.ts";
import { allow, CoreTest, policyOf, type Statement, type TestUser } from "../testing/core-test.ts";

const here = "000000000000";
const there = "111122223333";
const missing = "00000000-0000-0000-0000-000000000000";
const plaintext = Buffer.from("x");
const rootArn = (account: string) => `arn:aws:iam::${account}:root`;
const arnOf = (account: string, resource: string) => `arn:aws:kms:us-east-1:${account}:${resource}`;

describe("keys across accounts", () => {
  let t: CoreTest;
  let otherRoot: RequestContext;
  let mine: KeyRecord;
  let theirs: KeyRecord;

  before(async () => {
    t = await CoreTest.open();
    otherRoot = t.request({ principal: rootPrincipal(there) });
    mine = await t.newKey({ aliases: ["alias/mine"] });
    theirs = await t.newKey({ aliases: ["alias/theirs"] }, otherRoot);
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  let users = 0;
  /** A user of the other account. */
  async function newForeigner(...statements: readonly Statement[]): Promise<TestUser> {
    users += 1;
    const { principal } = await t.run(createPrincipal, { kind: "user", name: `foreigner-${users}` }, otherRoot);
    const { token } = await t.run(createToken, { principalArn: principal.arn }, otherRoot);
    if (statements.length > 0) {
      const document = policyOf(...statements);
      await t.run(putIdentityPolicy, { principalArn: principal.arn, policyName: "test", document }, otherRoot);
    }
    return { arn: principal.arn, token };
  }

  const delegate = { Effect: "Allow", Principal: { AWS: rootArn(here) }, Action: "kms:*", Resource: "*" };
  const shareWith = (principal: string, action: string | readonly string[] = "kms:*"): Statement => ({
    Effect: "Allow",
    Principal: { AWS: principal },
    Action: action,
    Resource: "*",
  });

  it("a bare key id is of the caller's account, whoever else has that key", async () => {
    const params = await t.fails(describeKey, { keyId: theirs.keyId }, "NotFound");
    assert.deepEqual(params, { resource: "key", id: arnOf(here, `key/${theirs.keyId}`) });
    await t.fails(encrypt, { keyId: theirs.keyId, plaintext }, "NotFound");
  });

  it("a forbidden key of another account is not told from a missing one, by key ARN, alias ARN or ciphertext", async () => {
    const { ciphertext } = await t.run(encrypt, { keyId: theirs.keyId, plaintext }, otherRoot);
    for (const [existing, gone] of [
      [arnOf(there, `key/${theirs.keyId}`), arnOf(there, `key/${missing}`)],
      [arnOf(there, "alias/theirs"), arnOf(there, "alias/missing")],
    ] as const) {
      for (const keyId of [existing, gone]) {
        const params = await t.fails(encrypt, { keyId, plaintext }, "AccessDenied");
        assert.deepEqual(params, {
          principalArn: rootArn(here),
          action: "kms:Encrypt",
          resource: keyId,
          basis: "implicitDeny",
          source: "foreign",
        });
      }
    }
    const noKey = Buffer.from(ciphertext);
    noKey.fill(0, 7, 23);
    const [denied, absent] = [
      await t.fails(decrypt, { ciphertext }, "AccessDenied"),
      await t.fails(decrypt, { ciphertext: noKey }, "AccessDenied"),
    ];
    for (const params of [denied, absent]) assert.deepEqual([params.basis, params.resource], ["ciphertextKey", "*"]);
  });

  it("an ARN with the right key and the wrong account names nothing, also when the key is in memory", async () => {
    await t.run(encrypt, { keyId: "alias/mine", plaintext });
    const wrong = arnOf(there, `key/${mine.keyId}`);
    assert.equal((await t.fails(encrypt, { keyId: wrong, plaintext }, "AccessDenied")).source, "foreign");
    await t.fails(encrypt, { keyId: wrong, plaintext }, "NotFound", otherRoot);
    const { ciphertext } = await t.run(encrypt, { keyId: mine.keyId, plaintext });
    await t.fails(decrypt, { ciphertext, keyId: wrong }, "AccessDenied");
  });

  it("an explicit deny does not tell them apart either", async () => {
    const deny = { Effect: "Deny", Action: "kms:*", Resource: "*" };
    const user = await t.newUser("denied", deny);
    const { ciphertext } = await t.run(encrypt, { keyId: theirs.keyId, plaintext }, otherRoot);
    const named = { keyId: arnOf(there, `key/${theirs.keyId}`), plaintext };
    assert.equal((await t.fails(encrypt, named, "AccessDenied", await t.as(user))).basis, "implicitDeny");
    assert.equal((await t.fails(decrypt, { ciphertext }, "AccessDenied", await t.as(user))).basis, "ciphertextKey");
  });

  it("takes both sides: the key's policy and the caller's own account", async () => {
    const named = await newForeigner(allow("kms:Encrypt"));
    const bare = await newForeigner();
    const unnamed = await newForeigner(allow("kms:*"));
    const shared = await t.newKey({ policy: policyOf(delegate, shareWith(named.arn), shareWith(bare.arn)) });
    const keyId = arnOf(here, `key/${shared.keyId}`);
    const { ciphertext, keyArn } = await t.run(encrypt, { keyId, plaintext }, await t.as(named));
    assert.equal(keyArn, keyId);
    await t.fails(decrypt, { ciphertext }, "AccessDenied", await t.as(named));
    await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(bare));
    await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(unnamed));
    await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", otherRoot);
    await t.run(putKeyPolicy, { keyId: shared.keyId, policy: policyOf(delegate, shareWith(rootArn(there))) });
    await t.run(encrypt, { keyId, plaintext }, await t.as(named));
    await t.run(encrypt, { keyId, plaintext }, await t.as(unnamed));
    await t.run(encrypt, { keyId, plaintext }, otherRoot);
    await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(bare));
    const [event] = (await t.test.auditEvents()).filter(
      (candidate) => (candidate["userIdentity"] as { accountId?: string }).accountId === there,
    );
    assert.equal(event?.["recipientAccountId"], there);
  });

  it("re-encrypts from one account into the other only with both sides on both keys", async () => {
    const shared = await t.newKey({ policy: policyOf(delegate, shareWith(rootArn(there), "kms:ReEncryptFrom")) });
    const { ciphertext } = await t.run(encrypt, { keyId: shared.keyId, plaintext });
    const move = { ciphertext, destinationKeyId: theirs.keyId };
    const user = await newForeigner(allow("kms:ReEncryptFrom"));
    await t.fails(reEncrypt, move, "AccessDenied", await t.as(user));
    const moved = await t.run(reEncrypt, move, otherRoot);
    assert.equal((await t.run(decrypt, { ciphertext: moved.ciphertext }, otherRoot)).plaintext.toString(), "x");
    const back = { ciphertext: moved.ciphertext, destinationKeyId: arnOf(here, `key/${shared.keyId}`) };
    await t.fails(reEncrypt, back, "AccessDenied", otherRoot);
  });

  it("what AWS keeps within an account stays there, whatever the key policy allows", async () => {
    const shared = await t.newKey({ policy: policyOf(delegate, shareWith(rootArn(there), "*")) });
    const keyId = arnOf(here, `key/${shared.keyId}`);
    await t.run(describeKey, { keyId }, otherRoot);
    await t.run(getKeyRotationStatus, { keyId }, otherRoot);
    const policy = policyOf(shareWith(rootArn(there)));
    await t.fails(getKeyPolicy, { keyId }, "AccessDenied", otherRoot);
    await t.fails(putKeyPolicy, { keyId, policy }, "AccessDenied", otherRoot);
    await t.fails(scheduleKeyDeletion, { keyId }, "AccessDenied", otherRoot);
    await t.fails(updateKeyDescription, { keyId, description: "x" }, "AccessDenied", otherRoot);
    await t.fails(listResourceTags, { keyId }, "AccessDenied", otherRoot);
    await t.fails(configureKey, { keyId, transit: { exportable: true } }, "AccessDenied", otherRoot);
    await t.fails(createAlias, { aliasName: "alias/x", targetKeyId: keyId }, "AccessDenied", otherRoot);
    const params = { aliasName: "alias/theirs", targetKeyId: keyId };
    await t.fails(updateAlias, params, "AccessDenied", otherRoot);
  });

  it("listings hold the caller's own only, and no key of others can be asked for", async () => {
    const keys = await t.run(listKeys, {}, otherRoot);
    assert.deepEqual(
      keys.items.map(({ keyId }) => keyId),
      [theirs.keyId],
    );
    const aliases = await t.run(listAliases, {}, otherRoot);
    assert.deepEqual(
      aliases.items.map(({ name }) => name),
      ["alias/theirs"],
    );
    for (const keyId of [mine.keyId, missing]) {
      const id = arnOf(here, `key/${keyId}`);
      assert.deepEqual(await t.fails(listAliases, { keyId: id }, "NotFound", otherRoot), { resource: "key", id });
    }
  });

  it("a marker is good in the account and region that it was given out in only", async () => {
    await t.newKey();
    const { nextMarker } = await t.run(listKeys, { limit: 1 });
    assert.ok(nextMarker !== undefined);
    await t.run(listKeys, { limit: 1, marker: nextMarker });
    await t.fails(listKeys, { limit: 1, marker: nextMarker }, "MarkerInvalid", otherRoot);
    await t.fails(listKeys, { limit: 1, marker: nextMarker }, "MarkerInvalid", t.request({ region: "eu-west-1" }));
    await t.fails(listAliases, { limit: 1, marker: nextMarker }, "MarkerInvalid");
  });

  it("a key is in one region", async () => {
    const elsewhere = t.request({ region: "eu-west-1" });
    await t.fails(describeKey, { keyId: mine.keyId }, "NotFound", elsewhere);
    const arn = arnOf(here, `key/${mine.keyId}`);
    assert.equal((await t.fails(describeKey, { keyId: arn }, "NotFound", elsewhere)).resource, "region");
    const { ciphertext } = await t.run(encrypt, { keyId: mine.keyId, plaintext });
    await t.fails(decrypt, { ciphertext }, "AccessDenied", elsewhere);
  });
});
