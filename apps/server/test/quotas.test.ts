import assert from "node:assert/strict";
import { it } from "node:test";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ListKeyPoliciesCommand,
} from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { ServerUnderTest } from "./server-under-test.ts";

it("quotas are what the settings say, and clients that retry get through", async () => {
  const args = [
    "--request-quotas=ListKeyPolicies=0.5",
    "--request-quotas=DescribeKey=20",
    "--key-quota=1",
    "--grant-quota=1",
  ];
  await using server = await ServerUnderTest.start({ args });
  const kms = kmsClient(server);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  await assert.rejects(kms.send(new CreateKeyCommand({})), { name: "LimitExceededException" });
  const grant = { KeyId, GranteePrincipal: "arn:aws:iam::000000000000:root" };
  await kms.send(new CreateGrantCommand({ ...grant, Operations: ["Decrypt"] }));
  await assert.rejects(kms.send(new CreateGrantCommand({ ...grant, Operations: ["Encrypt"] })), {
    name: "LimitExceededException",
  });
  await kms.send(new ListKeyPoliciesCommand({ KeyId }));
  await assert.rejects(kms.send(new ListKeyPoliciesCommand({ KeyId })), { name: "ThrottlingException" });
  const { accessKeyId, secretAccessKey, region } = server.credentials;
  const patient = new KMSClient({
    endpoint: server.url,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 20,
  });
  await Promise.all(Array.from({ length: 30 }, () => patient.send(new DescribeKeyCommand({ KeyId }))));
  patient.destroy();
  kms.destroy();
});

it("the key of a service is made when its alias is described, and used by nobody directly", async () => {
  await using server = await ServerUnderTest.start();
  const kms = kmsClient(server);
  const KeyId = "alias/aws/s3";
  const encrypt = new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") });
  await assert.rejects(kms.send(encrypt), { name: "NotFoundException" });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.KeyManager, "AWS");
  await assert.rejects(kms.send(encrypt), { name: "AccessDeniedException" });
  kms.destroy();
});
