import assert from "node:assert/strict";
import { createPublicKey, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  type KMSClient,
  KMSInvalidStateException,
  NotFoundException,
  ReplicateKeyCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { createKey, decrypt, encrypt } from "./aws-keys.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import {
  deleteKey,
  findAlias,
  findGrant,
  findKey,
  loadMaterial,
  policySettled,
  readKey,
  readTags,
  setDescription,
  setEnabled,
  setPolicy,
  setRotation,
  setTags,
  tagList,
  tagsSettled,
} from "./terraform-calls.ts";

/** Each resource is created, read, updated, imported and deleted by the calls of the provider: see terraform-calls.ts. */
describe("Terraform's aws_kms_* resources, call by call", () => {
  let server: ServerUnderTest;
  let kms: KMSClient;
  before(async () => {
    server = await ServerUnderTest.start();
    kms = kmsClient(server);
  });
  after(async () => {
    kms?.destroy();
    await server?.kill();
  });

  const root = () => `arn:aws:iam::${server.credentials.account}:root`;

  /** A policy as a configuration has it, with lists of one, which reads back with the same meaning. */
  const policy = (...actions: string[]) =>
    JSON.stringify({
      Version: "2012-10-17",
      Id: "terraform",
      Statement: [
        { Sid: "root", Effect: "Allow", Principal: { AWS: [root()] }, Action: ["kms:*"], Resource: ["*"] },
        { Sid: "more", Effect: "Allow", Principal: { AWS: root() }, Action: actions, Resource: "*" },
      ],
    });

  /** As every create of the provider sends it: the defaults of the schema, too. */
  async function create(input: CreateKeyCommandInput): Promise<string> {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ BypassPolicyLockoutSafetyCheck: false, ...input }));
    return KeyMetadata?.KeyId ?? "";
  }

  const symmetric = { KeySpec: "SYMMETRIC_DEFAULT", KeyUsage: "ENCRYPT_DECRYPT" } as const;

  it("aws_kms_key (key.go at 00a35305dc1b297a6fcdecdfbba33f1e63c3da39)", async () => {
    const before = { team: "red", env: "test" };
    const Policy = policy("kms:Encrypt", "kms:Decrypt");
    const KeyId = await create({
      ...symmetric,
      Description: "first",
      MultiRegion: true,
      Policy,
      Tags: tagList(before),
    });
    await setRotation(kms, KeyId, true, 180);
    await setEnabled(kms, KeyId, false);
    await policySettled(kms, KeyId, policy("kms:Decrypt", "kms:Encrypt"));
    await tagsSettled(kms, KeyId, before);
    const created = await readKey(kms, KeyId);
    const { metadata } = created ?? {};
    assert.deepEqual(
      [metadata?.KeySpec, metadata?.KeyUsage, metadata?.Description, metadata?.Enabled, metadata?.MultiRegion],
      ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "first", false, true],
    );
    assert.equal(metadata?.MultiRegionConfiguration?.MultiRegionKeyType, "PRIMARY");
    assert.equal(metadata?.XksKeyConfiguration, undefined);
    assert.deepEqual([created?.rotation, created?.tags], [{ enabled: true, periodDays: 180 }, before]);

    await setEnabled(kms, KeyId, true);
    await setRotation(kms, KeyId, true, 365);
    await setRotation(kms, KeyId, false, 365);
    await setDescription(kms, KeyId, "second");
    await setPolicy(kms, KeyId, policy("kms:GenerateDataKey"));
    await setTags(kms, KeyId, before, { team: "blue", owner: "ops" });
    await setEnabled(kms, KeyId, false);
    const changed = await readKey(kms, KeyId);
    // A plan straight after an apply is empty: what reads back is what was set, and reads back again.
    assert.deepEqual(await readKey(kms, KeyId), changed);
    assert.deepEqual(changed?.tags, { team: "blue", owner: "ops" });
    assert.equal(changed?.rotation?.enabled, false);

    await deleteKey(kms, KeyId, 7);
    const again = kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await assert.rejects(again, (error) => {
      assert.ok(error instanceof KMSInvalidStateException);
      assert.match(error.message, /is pending deletion/);
      return true;
    });
    const unknown = new ScheduleKeyDeletionCommand({ KeyId: "mrk-00000000000000000000000000000000" });
    await assert.rejects(kms.send(unknown), NotFoundException);
  });

  it("aws_kms_key of every other kind reads its rotation, which is off (key.go at 00a35305, findKeyInfo)", async () => {
    for (const [KeySpec, KeyUsage] of [
      ["RSA_2048", "SIGN_VERIFY"],
      ["ECC_NIST_P256", "KEY_AGREEMENT"],
      ["HMAC_256", "GENERATE_VERIFY_MAC"],
      ["ML_DSA_44", "SIGN_VERIFY"],
    ] as const) {
      const KeyId = await create({ KeySpec, KeyUsage });
      const found = await readKey(kms, KeyId);
      assert.deepEqual([found?.metadata.KeySpec, found?.rotation?.enabled], [KeySpec, false]);
      assert.deepEqual(found?.tags, {});
    }
  });

  it("aws_kms_key_policy (key_policy.go at 076b89bb5605840826f9b2bae397f9f96c2d434f)", async () => {
    const KeyId = await create(symmetric);
    const before = await readKey(kms, KeyId);
    await setPolicy(kms, KeyId, policy("kms:Encrypt"));
    await setPolicy(kms, KeyId, policy("kms:Decrypt"));
    // Its destruction puts the default policy back.
    const statement = { Sid: "Enable IAM User Permissions", Effect: "Allow", Principal: { AWS: root() } };
    const all = { ...statement, Action: "kms:*", Resource: "*" };
    await setPolicy(kms, KeyId, JSON.stringify({ Id: "default", Version: "2012-10-17", Statement: [all] }));
    assert.deepEqual(JSON.parse((await readKey(kms, KeyId))?.policy ?? "").Statement, [all]);
    assert.deepEqual(JSON.parse(before?.policy ?? "").Statement, [all]);
  });

  it("aws_kms_alias and its data source (alias.go at 01c08000ddb14181b5bd19201d8fca311dc570e4, alias_data_source.go at 00a35305)", async () => {
    const [first, second] = [await create(symmetric), await create(symmetric)];
    // The id and the ARN of the target are both used in configurations.
    const AliasName = "alias/terraform";
    const { Arn } = (await findKey(kms, second)) ?? {};
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: first }));
    assert.equal((await findAlias(kms, AliasName))?.TargetKeyId, first);
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: Arn }));
    const found = await findAlias(kms, AliasName);
    assert.equal(found?.TargetKeyId, second);
    assert.equal(found?.AliasArn?.replace(AliasName, `key/${found.TargetKeyId}`), Arn);
    assert.equal((await findKey(kms, AliasName))?.Arn, Arn);
    await kms.send(new DeleteAliasCommand({ AliasName }));
    assert.equal(await findAlias(kms, AliasName), undefined);
    await assert.rejects(kms.send(new DeleteAliasCommand({ AliasName })), NotFoundException);
  });

  it("aws_kms_external_key (external_key.go at 050ac11163cab8cdae5936a7f40b0e528ff780df)", async () => {
    const KeyId = await create({ KeyUsage: "ENCRYPT_DECRYPT", Origin: "EXTERNAL", Tags: tagList({ team: "red" }) });
    await assert.rejects(kms.send(new DisableKeyCommand({ KeyId })), (error) => {
      assert.ok(error instanceof KMSInvalidStateException);
      assert.match(error.message, /is pending import\.$/);
      return true;
    });
    const pending = await readKey(kms, KeyId);
    assert.deepEqual(
      [pending?.metadata.KeyState, pending?.metadata.ExpirationModel, pending?.metadata.KeyManager, pending?.rotation],
      ["PendingImport", undefined, "CUSTOMER", undefined],
    );
    const material = randomBytes(32);
    const wholeSeconds = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);
    assert.equal(await loadMaterial(kms, KeyId, material, wholeSeconds(1)), "KEY_MATERIAL_EXPIRES");
    assert.equal(await loadMaterial(kms, KeyId, material, wholeSeconds(2)), "KEY_MATERIAL_EXPIRES");
    assert.equal(await loadMaterial(kms, KeyId, material), "KEY_MATERIAL_DOES_NOT_EXPIRE");
    await setDescription(kms, KeyId, "imported");
    await setPolicy(kms, KeyId, policy("kms:Encrypt"));
    await setTags(kms, KeyId, { team: "red" }, { team: "blue" });
    await setEnabled(kms, KeyId, false);
    assert.equal((await readKey(kms, KeyId))?.metadata.Origin, "EXTERNAL");
    await deleteKey(kms, KeyId, 30);
  });

  it("aws_kms_replica_key (replica_key.go at 06b540fba1eb07c6ecdb72cb8947e818b301c21c)", async () => {
    const KeyId = await create({ ...symmetric, MultiRegion: true });
    await setRotation(kms, KeyId, true);
    const tokyo = kmsClient(server, { region: "ap-northeast-1" });
    const Tags = tagList({ team: "red" });
    const Policy = policy("kms:Decrypt");
    const input = {
      KeyId,
      ReplicaRegion: "ap-northeast-1",
      Description: "replica",
      BypassPolicyLockoutSafetyCheck: false,
    };
    const { ReplicaKeyMetadata: made } = await kms.send(new ReplicateKeyCommand({ ...input, Policy, Tags }));
    assert.equal(made?.KeyId, KeyId);
    // It waits through the state Creating in the replica's region.
    assert.equal((await findKey(tokyo, KeyId))?.KeyState, "Enabled");
    await setEnabled(tokyo, KeyId, false);
    await policySettled(tokyo, KeyId, Policy);
    await tagsSettled(tokyo, KeyId, { team: "red" });
    const replica = await readKey(tokyo, KeyId);
    const { MultiRegionConfiguration: regions, Origin, KeyManager, Description } = replica?.metadata ?? {};
    assert.deepEqual([Origin, KeyManager, Description], ["AWS_KMS", "CUSTOMER", "replica"]);
    assert.equal(regions?.MultiRegionKeyType, "REPLICA");
    assert.equal(regions?.PrimaryKey?.Arn, (await findKey(kms, KeyId))?.Arn);
    // Rotation is the primary's, and shown here as it is there.
    assert.equal(replica?.rotation?.enabled, true);
    await setEnabled(tokyo, KeyId, true);
    await setDescription(tokyo, KeyId, "changed");
    await setTags(tokyo, KeyId, { team: "red" }, {});
    assert.equal((await findKey(kms, KeyId))?.Description, "");
    await deleteKey(tokyo, KeyId, 7);
    // The primary waits for its replica; for Terraform it is gone.
    await deleteKey(kms, KeyId, 7);
    tokyo.destroy();
  });

  it("aws_kms_replica_external_key (replica_external_key.go at 05a1e29e0514387764be3ba3fc5fe15671fc4250)", async () => {
    const KeyId = await create({ KeyUsage: "ENCRYPT_DECRYPT", Origin: "EXTERNAL", MultiRegion: true });
    const material = randomBytes(32);
    await loadMaterial(kms, KeyId, material);
    const sealed = await encrypt(kms, KeyId);
    const tokyo = kmsClient(server, { region: "ap-northeast-1" });
    await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "ap-northeast-1", Tags: tagList({ team: "red" }) }));
    // It waits for this state, and brings the material itself.
    assert.equal((await findKey(tokyo, KeyId))?.KeyState, "PendingImport");
    await tagsSettled(tokyo, KeyId, { team: "red" });
    assert.equal(await loadMaterial(tokyo, KeyId, material), "KEY_MATERIAL_DOES_NOT_EXPIRE");
    const replica = await readKey(tokyo, KeyId);
    assert.deepEqual(
      [replica?.metadata.Origin, replica?.metadata.MultiRegionConfiguration?.MultiRegionKeyType, replica?.rotation],
      ["EXTERNAL", "REPLICA", undefined],
    );
    assert.equal(await decrypt(tokyo, sealed), "hello");
    await setEnabled(tokyo, KeyId, false);
    await deleteKey(tokyo, KeyId, 7);
    tokyo.destroy();
  });

  it("aws_kms_ciphertext and the data source aws_kms_secrets (ciphertext.go at 00a35305, secrets_data_source.go at 076b89bb)", async () => {
    const { KeyId } = await createKey(kms);
    const Plaintext = Buffer.from("hunter2");
    const EncryptionContext = { stage: "test" };
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
    // The state holds base64; the data source names neither key nor algorithm.
    const payload = Buffer.from(Buffer.from(CiphertextBlob ?? []).toString("base64"), "base64");
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: payload, EncryptionContext }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  });

  it("the data source aws_kms_public_key (public_key_data_source.go at 076b89bb)", async () => {
    const { KeyId, Arn } = await createKey(kms, { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
    const found = await kms.send(new GetPublicKeyCommand({ KeyId }));
    assert.deepEqual(
      [found.KeyId, found.CustomerMasterKeySpec, found.KeyUsage, found.EncryptionAlgorithms],
      [Arn, "RSA_2048", "SIGN_VERIFY", undefined],
    );
    assert.ok(found.SigningAlgorithms?.includes("RSASSA_PSS_SHA_256"));
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(found.PublicKey ?? []).toString("base64")}\n-----END PUBLIC KEY-----`;
    assert.equal(createPublicKey(pem).asymmetricKeyType, "rsa");
  });

  it("aws_kms_grant (grant.go at 01f431114674c27cf790fafb67ac274bf8f765e1)", async () => {
    // By id and by ARN: both are used in configurations, and go as they are into every call.
    const { KeyId: id, Arn } = await createKey(kms);
    for (const [KeyId, retires] of [
      [id, false],
      [id, true],
      [Arn, true],
    ] as const) {
      const made = await kms.send(
        new CreateGrantCommand({
          KeyId,
          GranteePrincipal: root(),
          RetiringPrincipal: root(),
          Operations: ["Encrypt", "Decrypt"],
          Constraints: { EncryptionContextSubset: { team: "red" } },
          Name: "terraform",
        }),
      );
      const GrantId = made.GrantId ?? "";
      assert.ok(made.GrantToken);
      const found = await findGrant(kms, KeyId, GrantId);
      assert.deepEqual([found?.GranteePrincipal, found?.RetiringPrincipal, found?.Name], [root(), root(), "terraform"]);
      assert.deepEqual(new Set(found?.Operations), new Set(["Encrypt", "Decrypt"]));
      assert.deepEqual(found?.Constraints, { EncryptionContextSubset: { team: "red" } });
      const input = { KeyId, GrantId };
      await (retires ? kms.send(new RetireGrantCommand(input)) : kms.send(new RevokeGrantCommand(input)));
      assert.equal(await findGrant(kms, KeyId, GrantId), undefined);
      await assert.rejects(kms.send(new RevokeGrantCommand(input)), NotFoundException);
    }
  });

  it("the data source aws_kms_key (key_data_source.go at 01f431114674c27cf790fafb67ac274bf8f765e1)", async () => {
    const { KeyId, Arn } = await createKey(kms, { Description: "seen", Tags: [{ TagKey: "a", TagValue: "1" }] });
    const AliasName = "alias/data";
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    for (const name of [KeyId, Arn, AliasName, Arn.replace(/key\/.*/, AliasName)]) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: name }));
      assert.equal(KeyMetadata?.Arn, Arn);
    }
    const { metadata } = (await readKey(kms, KeyId)) ?? {};
    assert.deepEqual(
      [metadata?.AWSAccountId, metadata?.CustomerMasterKeySpec, metadata?.KeyManager, metadata?.Origin],
      [server.credentials.account, "SYMMETRIC_DEFAULT", "CUSTOMER", "AWS_KMS"],
    );
    assert.deepEqual(
      [metadata?.DeletionDate, metadata?.ValidTo, metadata?.MultiRegionConfiguration],
      Array(3).fill(undefined),
    );
    assert.deepEqual(await readTags(kms, KeyId), { a: "1" });
    await deleteKey(kms, KeyId, 30);
    const { KeyMetadata: pending } = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.ok(pending?.DeletionDate instanceof Date);
    await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: "alias/none" })), NotFoundException);
  });
});
