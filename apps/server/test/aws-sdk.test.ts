import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AlreadyExistsException,
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisabledException,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyRotationStatusCommand,
  IncorrectKeyException,
  InvalidAliasNameException,
  InvalidCiphertextException,
  InvalidMarkerException,
  type KMSClient,
  KMSInvalidStateException,
  KMSServiceException,
  ListAliasesCommand,
  ListKeysCommand,
  NotFoundException,
  paginateListAliases,
  paginateListKeyRotations,
  paginateListKeys,
  paginateListResourceTags,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { createKey, decrypt, encrypt } from "./aws-keys.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const dayMs = 86_400_000;
const hello = Buffer.from("hello");

describe("AWS SDK for JavaScript", () => {
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

  it("makes and describes a key", async () => {
    const key = await createKey(kms, { Description: "orders", Tags: [{ TagKey: "team", TagValue: "shop" }] });
    const { account, region } = server.credentials;
    assert.match(key.KeyId, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.equal(key.Arn, `arn:aws:kms:${region}:${account}:key/${key.KeyId}`);
    assert.equal(key.AWSAccountId, account);
    assert.ok(key.CreationDate instanceof Date);
    const { Description, Enabled, KeyState, KeyUsage, KeySpec, KeyManager, Origin, MultiRegion } = key;
    assert.deepEqual(
      { Description, Enabled, KeyState, KeyUsage, KeySpec, KeyManager, Origin, MultiRegion },
      {
        Description: "orders",
        Enabled: true,
        KeyState: "Enabled",
        KeyUsage: "ENCRYPT_DECRYPT",
        KeySpec: "SYMMETRIC_DEFAULT",
        KeyManager: "CUSTOMER",
        Origin: "AWS_KMS",
        MultiRegion: false,
      },
    );
    assert.deepEqual(key.EncryptionAlgorithms, ["SYMMETRIC_DEFAULT"]);
    for (const KeyId of [key.KeyId, key.Arn]) {
      const { KeyMetadata: described } = await kms.send(new DescribeKeyCommand({ KeyId }));
      assert.deepEqual(described, key);
    }
    await kms.send(new UpdateKeyDescriptionCommand({ KeyId: key.KeyId, Description: "all orders" }));
    const { KeyMetadata: updated } = await kms.send(new DescribeKeyCommand({ KeyId: key.KeyId }));
    assert.equal(updated?.Description, "all orders");
  });

  it("encrypts and decrypts, with the context or not at all", async () => {
    const { KeyId, Arn } = await createKey(kms);
    const EncryptionContext = { customer: "42", ключ: "значение" };
    const encrypted = await kms.send(new EncryptCommand({ KeyId, Plaintext: hello, EncryptionContext }));
    assert.equal(encrypted.KeyId, Arn);
    assert.equal(encrypted.EncryptionAlgorithm, "SYMMETRIC_DEFAULT");
    const { CiphertextBlob } = encrypted;
    assert.ok(CiphertextBlob);
    assert.ok(!Buffer.from(CiphertextBlob).includes(hello));
    const decrypted = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    assert.deepEqual(Buffer.from(decrypted.Plaintext ?? []), hello);
    assert.equal(decrypted.KeyId, Arn);
    for (const wrong of [undefined, {}, { customer: "43", ключ: "значение" }, { ...EncryptionContext, more: "1" }]) {
      const command = new DecryptCommand({ CiphertextBlob, ...(wrong && { EncryptionContext: wrong }) });
      await assert.rejects(kms.send(command), (error) => error instanceof InvalidCiphertextException);
    }
    const changed = Buffer.from(CiphertextBlob);
    changed[changed.length - 1]! ^= 1;
    const command = new DecryptCommand({ CiphertextBlob: changed, EncryptionContext });
    await assert.rejects(kms.send(command), InvalidCiphertextException);
  });

  it("takes 1 to 4096 bytes", async () => {
    const { KeyId } = await createKey(kms);
    for (const bytes of [1, 4096]) {
      const plaintext = Buffer.alloc(bytes, 7);
      assert.equal(await decrypt(kms, await encrypt(kms, KeyId, plaintext)), plaintext.toString());
    }
    for (const bytes of [0, 4097]) {
      await assert.rejects(encrypt(kms, KeyId, Buffer.alloc(bytes)), (error) => {
        assert.ok(error instanceof KMSServiceException);
        assert.equal(error.name, "ValidationException");
        assert.equal(error.$metadata.httpStatusCode, 400);
        return true;
      });
    }
  });

  it("re-encrypts under another key and context", async () => {
    const [from, to] = [await createKey(kms), await createKey(kms)];
    const { CiphertextBlob, SourceKeyId, KeyId } = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: await encrypt(kms, from.KeyId),
        DestinationKeyId: to.Arn,
        DestinationEncryptionContext: { at: "rest" },
      }),
    );
    assert.deepEqual([SourceKeyId, KeyId], [from.Arn, to.Arn]);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { at: "rest" } }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), hello);
    assert.equal(opened.KeyId, to.Arn);
    const wrongSource = new ReEncryptCommand({
      CiphertextBlob: await encrypt(kms, from.KeyId),
      SourceKeyId: to.KeyId,
      DestinationKeyId: to.KeyId,
    });
    await assert.rejects(kms.send(wrongSource), IncorrectKeyException);
  });

  it("makes data keys with and without the plaintext, and random bytes", async () => {
    const { KeyId, Arn } = await createKey(kms);
    const EncryptionContext = { file: "video" };
    for (const [choice, bytes] of [
      [{ KeySpec: "AES_256" }, 32],
      [{ KeySpec: "AES_128" }, 16],
      [{ NumberOfBytes: 1024 }, 1024],
    ] as const) {
      const made = await kms.send(new GenerateDataKeyCommand({ KeyId, EncryptionContext, ...choice }));
      assert.equal(made.KeyId, Arn);
      assert.equal(made.Plaintext?.length, bytes);
      const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }));
      assert.deepEqual(opened.Plaintext, made.Plaintext);
    }
    const blind = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: "AES_256" }));
    assert.equal("Plaintext" in blind, false);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: blind.CiphertextBlob }));
    assert.equal(opened.Plaintext?.length, 32);
    const [one, two] = [
      await kms.send(new GenerateRandomCommand({ NumberOfBytes: 64 })),
      await kms.send(new GenerateRandomCommand({ NumberOfBytes: 64 })),
    ];
    assert.equal(one.Plaintext?.length, 64);
    assert.notDeepEqual(one.Plaintext, two.Plaintext);
  });

  it("names keys by alias", async () => {
    const [first, second] = [await createKey(kms), await createKey(kms)];
    const AliasName = "alias/app/current";
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: first.KeyId }));
    const old = await encrypt(kms, AliasName);
    const again = new CreateAliasCommand({ AliasName, TargetKeyId: second.KeyId });
    await assert.rejects(kms.send(again), AlreadyExistsException);
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: second.KeyId }));
    const { KeyMetadata: metadata } = await kms.send(new DescribeKeyCommand({ KeyId: AliasName }));
    assert.equal(metadata?.KeyId, second.KeyId);
    assert.equal(await decrypt(kms, old), "hello");
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: second.KeyId }));
    assert.deepEqual(
      Aliases?.map((alias) => [alias.AliasName, alias.TargetKeyId, alias.AliasArn]),
      [[AliasName, second.KeyId, second.Arn.replace(/key\/.*/, AliasName)]],
    );
    await kms.send(new DeleteAliasCommand({ AliasName }));
    await assert.rejects(encrypt(kms, AliasName), NotFoundException);
    await assert.rejects(kms.send(new DeleteAliasCommand({ AliasName })), NotFoundException);
    const reserved = new CreateAliasCommand({ AliasName: "alias/aws/mine", TargetKeyId: first.KeyId });
    await assert.rejects(kms.send(reserved), (error) => error instanceof KMSServiceException);
    const wrong = new CreateAliasCommand({ AliasName: "mine", TargetKeyId: first.KeyId });
    await assert.rejects(
      kms.send(wrong),
      (error) => error instanceof InvalidAliasNameException || (error as Error).name === "ValidationException",
    );
  });

  it("pages through keys, aliases, tags and rotations without losing or repeating any", async () => {
    const client = kmsClient(server, { region: "eu-west-1" });
    const keys = await Promise.all(Array.from({ length: 5 }, () => createKey(client)));
    const [key] = keys;
    assert.ok(key);
    const names = Array.from({ length: 5 }, (_, index) => `alias/page/${index}`);
    for (const AliasName of names) await client.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.KeyId }));
    const tags = Array.from({ length: 5 }, (_, index) => ({ TagKey: `tag${index}`, TagValue: `${index}` }));
    await client.send(new TagResourceCommand({ KeyId: key.KeyId, Tags: tags }));
    for (let count = 0; count < 3; count += 1) await client.send(new RotateKeyOnDemandCommand({ KeyId: key.KeyId }));

    async function drain<Page, Item>(pages: AsyncIterable<Page>, read: (page: Page) => Item[] | undefined) {
      const found: Item[][] = [];
      for await (const page of pages) found.push(read(page) ?? []);
      return found;
    }
    const config = { client, pageSize: 2 };
    const keyPages = await drain(paginateListKeys(config, {}), (page) => page.Keys?.map(({ KeyId }) => KeyId));
    assert.deepEqual(
      keyPages.map(({ length }) => length),
      [2, 2, 1],
    );
    assert.deepEqual(keyPages.flat().sort(), keys.map(({ KeyId }) => KeyId).sort());
    const aliasPages = await drain(paginateListAliases(config, {}), (page) =>
      page.Aliases?.map(({ AliasName }) => AliasName),
    );
    assert.deepEqual(aliasPages.flat().sort(), names);
    assert.equal(aliasPages.length, 3);
    const tagPages = await drain(paginateListResourceTags(config, { KeyId: key.KeyId }), (page) => page.Tags);
    assert.deepEqual(tagPages.flat(), tags);
    assert.equal(tagPages.length, 3);
    const rotations = await drain(paginateListKeyRotations(config, { KeyId: key.KeyId }), (page) => page.Rotations);
    assert.deepEqual(
      rotations.flat().map(({ RotationType }) => RotationType),
      ["ON_DEMAND", "ON_DEMAND", "ON_DEMAND"],
    );
    assert.equal(rotations.length, 2);

    await client.send(new UntagResourceCommand({ KeyId: key.KeyId, TagKeys: ["tag0", "tag4"] }));
    const left = await drain(paginateListResourceTags({ client }, { KeyId: key.KeyId }), (page) => page.Tags);
    assert.deepEqual(left.flat(), tags.slice(1, 4));
    const madeUp = new ListKeysCommand({ Marker: "made-up" });
    await assert.rejects(client.send(madeUp), InvalidMarkerException);
    client.destroy();
  });

  it("disables a key, schedules its deletion, and takes both back", async () => {
    const { KeyId, Arn, CreationDate } = await createKey(kms);
    const old = await encrypt(kms, KeyId);
    await kms.send(new DisableKeyCommand({ KeyId }));
    await assert.rejects(encrypt(kms, KeyId), DisabledException);
    await assert.rejects(decrypt(kms, old), DisabledException);
    await kms.send(new EnableKeyCommand({ KeyId }));
    assert.equal(await decrypt(kms, old), "hello");

    const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    assert.deepEqual([scheduled.KeyId, scheduled.KeyState, scheduled.PendingWindowInDays], [Arn, "PendingDeletion", 7]);
    assert.ok(scheduled.DeletionDate);
    assert.ok(scheduled.DeletionDate.getTime() >= CreationDate.getTime() + 7 * dayMs);
    await assert.rejects(encrypt(kms, KeyId), KMSInvalidStateException);
    await assert.rejects(decrypt(kms, old), KMSInvalidStateException);
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    const { KeyMetadata: metadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.equal(metadata?.KeyState, "Disabled");
    assert.equal(metadata?.DeletionDate, undefined);
    await kms.send(new EnableKeyCommand({ KeyId }));
    assert.equal(await decrypt(kms, old), "hello");
    for (const PendingWindowInDays of [6, 31]) {
      const command = new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays });
      await assert.rejects(kms.send(command), { name: "ValidationException" });
    }
  });

  it("rotates by schedule and on demand; what was encrypted before still decrypts", async () => {
    const { KeyId, Arn } = await createKey(kms);
    const old = await encrypt(kms, KeyId);
    const status = () => kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    assert.equal((await status()).KeyRotationEnabled, false);
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    const enabled = await status();
    assert.deepEqual([enabled.KeyRotationEnabled, enabled.RotationPeriodInDays, enabled.KeyId], [true, 90, Arn]);
    assert.ok(enabled.NextRotationDate instanceof Date);
    await kms.send(new DisableKeyRotationCommand({ KeyId }));
    assert.equal((await status()).KeyRotationEnabled, false);
    const before = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.equal((await kms.send(new RotateKeyOnDemandCommand({ KeyId }))).KeyId, Arn);
    const after = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.notEqual(after.KeyMetadata?.CurrentKeyMaterialId, before.KeyMetadata?.CurrentKeyMaterialId);
    assert.equal(await decrypt(kms, old), "hello");
    assert.equal(await decrypt(kms, await encrypt(kms, KeyId)), "hello");
    const short = new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 89 });
    await assert.rejects(kms.send(short), { name: "ValidationException" });
  });
});
