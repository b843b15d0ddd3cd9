import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  IncorrectKeyException,
  type KMSClient,
  KMSServiceException,
  ListAliasesCommand,
  ListKeyPoliciesCommand,
  ListKeysCommand,
  MalformedPolicyDocumentException,
  NotFoundException,
  PutKeyPolicyCommand,
  TagException,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { type AwsChoice, kmsClient, stsClient } from "./aws-clients.ts";
import { createKey, decrypt, encrypt } from "./aws-keys.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const hello = Buffer.from("hello");

describe("AWS SDK for JavaScript: access and refusals", () => {
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

  it("keeps key policies, and obeys them", async () => {
    const { KeyId } = await createKey(kms);
    const { account } = server.credentials;
    const { Policy, PolicyName } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    assert.equal(PolicyName, "default");
    const [statement] = JSON.parse(Policy ?? "").Statement;
    assert.deepEqual(
      [statement.Effect, statement.Principal, statement.Action],
      ["Allow", { AWS: `arn:aws:iam::${account}:root` }, "kms:*"],
    );
    assert.deepEqual((await kms.send(new ListKeyPoliciesCommand({ KeyId }))).PolicyNames, ["default"]);
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*" };
    const denying = JSON.stringify({ Version: "2012-10-17", Statement: [statement, deny] });
    const old = await encrypt(kms, KeyId);
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: denying }));
    await assert.rejects(encrypt(kms, KeyId), (error) => {
      assert.ok(error instanceof KMSServiceException);
      assert.equal(error.name, "AccessDeniedException");
      assert.match(error.message, /not authorized to perform: kms:Encrypt on resource: .*with an explicit deny/);
      return true;
    });
    assert.equal(await decrypt(kms, old), "hello");
    const lockOut = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
    const command = new PutKeyPolicyCommand({ KeyId, Policy: lockOut });
    await assert.rejects(kms.send(command), MalformedPolicyDocumentException);
    const noPolicy = new PutKeyPolicyCommand({ KeyId, Policy: "{" });
    await assert.rejects(kms.send(noPolicy), MalformedPolicyDocumentException);
  });

  it("says what is wrong in the SDK's own classes", async () => {
    const unknown = "00000000-0000-4000-8000-000000000000";
    await assert.rejects(encrypt(kms, unknown), NotFoundException);
    await assert.rejects(encrypt(kms, "alias/unknown"), NotFoundException);
    const [one, other] = [await createKey(kms), await createKey(kms)];
    const CiphertextBlob = await encrypt(kms, one.KeyId);
    const command = new DecryptCommand({ CiphertextBlob, KeyId: other.KeyId });
    await assert.rejects(kms.send(command), IncorrectKeyException);
    const twice = { TagKey: "a", TagValue: "1" };
    await assert.rejects(createKey(kms, { Tags: [twice, twice] }), TagException);
    const described = await kms.send(new DescribeKeyCommand({ KeyId: unknown })).catch((error) => error);
    assert.ok(described instanceof NotFoundException);
    assert.match(described.message, new RegExp(`^Key '.*${unknown}' does not exist$`));
    assert.equal(described.$metadata.httpStatusCode, 400);
    assert.match(described.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
  });

  it("names what it does not have", async () => {
    const sm2 = new CreateKeyCommand({ KeySpec: "SM2", KeyUsage: "SIGN_VERIFY" });
    await assert.rejects(kms.send(sm2), UnsupportedOperationException);
  });

  it("keeps regions apart", async () => {
    const regions = ["ap-northeast-2", "us-west-2"] as const;
    const [seoul, oregon] = regions.map((region) => kmsClient(server, { region })) as [KMSClient, KMSClient];
    const { KeyId, Arn } = await createKey(seoul);
    assert.ok(Arn.startsWith("arn:aws:kms:ap-northeast-2:"));
    const AliasName = "alias/seoul";
    await seoul.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    const { CiphertextBlob } = await seoul.send(new EncryptCommand({ KeyId: AliasName, Plaintext: hello }));
    await assert.rejects(oregon.send(new DescribeKeyCommand({ KeyId })), NotFoundException);
    await assert.rejects(oregon.send(new DescribeKeyCommand({ KeyId: Arn })), NotFoundException);
    await assert.rejects(oregon.send(new DescribeKeyCommand({ KeyId: AliasName })), NotFoundException);
    await assert.rejects(oregon.send(new DecryptCommand({ CiphertextBlob })), (error) => {
      assert.ok(error instanceof KMSServiceException);
      assert.equal(error.name, "AccessDeniedException");
      return true;
    });
    assert.deepEqual((await oregon.send(new ListKeysCommand({}))).Keys, []);
    assert.deepEqual((await oregon.send(new ListAliasesCommand({}))).Aliases, []);
    const own = await createKey(oregon);
    await oregon.send(new CreateAliasCommand({ AliasName, TargetKeyId: own.KeyId }));
    assert.deepEqual((await seoul.send(new ListKeysCommand({}))).Keys, [{ KeyId, KeyArn: Arn }]);
    seoul.destroy();
    oregon.destroy();
  });

  it("refuses credentials that are unknown, wrong or too old", async () => {
    const cases: readonly [AwsChoice, string][] = [
      [{ accessKeyId: "AKIAIOSFODNN7EXAMPLE" }, "UnrecognizedClientException"],
      [{ secretAccessKey: `${server.credentials.secretAccessKey}x` }, "InvalidSignatureException"],
      [{ sessionToken: "made-up" }, "UnrecognizedClientException"],
      [{ systemClockOffset: -600_000 }, "InvalidSignatureException"],
      [{ systemClockOffset: 600_000 }, "InvalidSignatureException"],
    ];
    for (const [choice, name] of cases) {
      const client = kmsClient(server, choice);
      await assert.rejects(client.send(new ListKeysCommand({})), (error) => {
        assert.ok(error instanceof KMSServiceException);
        assert.equal(error.name, name);
        return true;
      });
      client.destroy();
    }
  });

  it("tells who calls", async () => {
    const sts = stsClient(server);
    const { account } = server.credentials;
    const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual([Account, Arn, UserId], [account, `arn:aws:iam::${account}:root`, account]);
    sts.destroy();
    for (const [choice, name] of [
      [{ accessKeyId: "AKIAIOSFODNN7EXAMPLE" }, "InvalidClientTokenId"],
      [{ secretAccessKey: "wrong" }, "SignatureDoesNotMatch"],
    ] as const) {
      const client = stsClient(server, choice);
      await assert.rejects(client.send(new GetCallerIdentityCommand({})), { name });
      client.destroy();
    }
  });
});
