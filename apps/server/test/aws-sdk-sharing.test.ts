import assert from "node:assert/strict";
import { constants, publicEncrypt, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CreateGrantCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  IncorrectKeyMaterialException,
  InvalidGrantTokenException,
  InvalidImportTokenException,
  type KMSClient,
  KMSInvalidStateException,
  ListKeysCommand,
  NotFoundException,
  paginateListGrants,
  paginateListRetirableGrants,
  ReplicateKeyCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
  UpdatePrimaryRegionCommand,
} from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { createKey, decrypt, encrypt } from "./aws-keys.ts";
import { runProgram } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const hello = Buffer.from("hello");

describe("AWS SDK for JavaScript: imported, multi-Region and shared keys", () => {
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

  async function admin(...args: string[]) {
    const environment = { COFFER_ENDPOINT: server.url, COFFER_TOKEN: server.credentials.token };
    const { status, stdout, stderr } = await runProgram(cofferPath, ["admin", ...args, "--json"], { environment });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  }

  it("imports key material, lets it go, and takes the same again alone", async () => {
    const { KeyId, KeyState } = await createKey(kms, { Origin: "EXTERNAL" });
    assert.equal(KeyState, "PendingImport");
    await assert.rejects(encrypt(kms, KeyId), KMSInvalidStateException);
    const load = async (material: Buffer) => {
      const parameters = await kms.send(
        new GetParametersForImportCommand({
          KeyId,
          WrappingAlgorithm: "RSAES_OAEP_SHA_256",
          WrappingKeySpec: "RSA_2048",
        }),
      );
      const key = { key: Buffer.from(parameters.PublicKey ?? []), format: "der", type: "spki" } as const;
      const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
      return {
        ImportToken: parameters.ImportToken,
        EncryptedKeyMaterial: publicEncrypt({ ...key, ...padding }, material),
      };
    };
    const material = randomBytes(32);
    const expiring = {
      KeyId,
      ExpirationModel: "KEY_MATERIAL_EXPIRES",
      ValidTo: new Date(Date.now() + 3_600_000),
    } as const;
    await kms.send(new ImportKeyMaterialCommand({ ...expiring, ...(await load(material)) }));
    const { KeyMetadata: imported } = await kms.send(new DescribeKeyCommand({ KeyId }));
    assert.deepEqual([imported?.KeyState, imported?.ExpirationModel], ["Enabled", "KEY_MATERIAL_EXPIRES"]);
    assert.ok(imported?.ValidTo instanceof Date);
    const sealed = await encrypt(kms, KeyId);
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    await assert.rejects(decrypt(kms, sealed), KMSInvalidStateException);
    const forEver = { KeyId, ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" } as const;
    const other = new ImportKeyMaterialCommand({ ...forEver, ...(await load(randomBytes(32))) });
    await assert.rejects(kms.send(other), IncorrectKeyMaterialException);
    const mixed = { ...(await load(material)), ImportToken: randomBytes(200) };
    await assert.rejects(kms.send(new ImportKeyMaterialCommand({ ...forEver, ...mixed })), InvalidImportTokenException);
    await kms.send(new ImportKeyMaterialCommand({ ...forEver, ...(await load(material)) }));
    assert.equal(await decrypt(kms, sealed), "hello");
  });

  it("replicates a key to another region's client, and changes the primary", async () => {
    const oregon = kmsClient(server, { region: "us-west-2" });
    const { KeyId, Arn } = await createKey(kms, { MultiRegion: true });
    const sealed = await encrypt(kms, KeyId);
    await assert.rejects(oregon.send(new DescribeKeyCommand({ KeyId })), NotFoundException);
    const { ReplicaKeyMetadata: replica } = await kms.send(
      new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-west-2" }),
    );
    assert.equal(replica?.Arn, Arn.replace("us-east-1", "us-west-2"));
    assert.equal(replica?.MultiRegionConfiguration?.MultiRegionKeyType, "REPLICA");
    const opened = await oregon.send(new DecryptCommand({ CiphertextBlob: sealed, KeyId }));
    assert.deepEqual([Buffer.from(opened.Plaintext ?? []).toString(), opened.KeyId], ["hello", replica?.Arn]);
    await kms.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: "us-west-2" }));
    const { KeyMetadata: moved } = await oregon.send(new DescribeKeyCommand({ KeyId }));
    assert.equal(moved?.MultiRegionConfiguration?.MultiRegionKeyType, "PRIMARY");
    assert.deepEqual(moved?.MultiRegionConfiguration?.ReplicaKeys, [{ Arn, Region: "us-east-1" }]);
    const { KeyState } = await oregon.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    assert.equal(KeyState, "PendingReplicaDeletion");
    assert.equal(await decrypt(kms, sealed), "hello");
    oregon.destroy();
  });

  it("grants a user the use of a key, page by page, until it is revoked or retired", async () => {
    const { KeyId, Arn } = await createKey(kms);
    await admin("create-user", "grantee");
    const made = await admin("create-access-key", "user/grantee");
    const user = kmsClient(server, { accessKeyId: made.access_key_id, secretAccessKey: made.secret_access_key });
    const { account } = server.credentials;
    const GranteePrincipal = `arn:aws:iam::${account}:user/grantee`;
    const EncryptionContext = { team: "red" };
    const use = (GrantTokens?: string[]) =>
      user.send(
        new EncryptCommand({ KeyId: Arn, Plaintext: hello, EncryptionContext, ...(GrantTokens && { GrantTokens }) }),
      );
    await assert.rejects(use(), { name: "AccessDeniedException" });
    const grant = (Name: string) =>
      kms.send(
        new CreateGrantCommand({
          KeyId,
          GranteePrincipal,
          RetiringPrincipal: GranteePrincipal,
          Operations: ["Encrypt", "RetireGrant"],
          Constraints: { EncryptionContextEquals: EncryptionContext },
          Name,
        }),
      );
    const grants = [await grant("one"), await grant("two"), await grant("three")];
    const tokens = grants.map(({ GrantToken }) => GrantToken ?? "");
    assert.ok((await use(tokens)).CiphertextBlob);
    assert.ok((await use()).CiphertextBlob);
    await assert.rejects(use(["no token of ours"]), InvalidGrantTokenException);
    for (const pages of [
      paginateListGrants({ client: kms, pageSize: 1 }, { KeyId }),
      paginateListRetirableGrants({ client: kms, pageSize: 1 }, { RetiringPrincipal: GranteePrincipal }),
    ]) {
      const names: (string | undefined)[] = [];
      for await (const { Grants = [] } of pages) {
        assert.ok(Grants.length <= 1);
        names.push(...Grants.map(({ Name }) => Name));
      }
      assert.deepEqual(names.sort(), ["one", "three", "two"]);
    }
    await kms.send(new RevokeGrantCommand({ KeyId, GrantId: grants[0]?.GrantId ?? "" }));
    await user.send(new RetireGrantCommand({ GrantToken: tokens[1] }));
    await user.send(new RetireGrantCommand({ KeyId: Arn, GrantId: grants[2]?.GrantId }));
    await assert.rejects(use(), { name: "AccessDeniedException" });
    const again = new RevokeGrantCommand({ KeyId, GrantId: grants[0]?.GrantId ?? "" });
    await assert.rejects(kms.send(again), NotFoundException);
    await assert.rejects(user.send(new ListKeysCommand({})), { name: "AccessDeniedException" });
    user.destroy();
  });
});
