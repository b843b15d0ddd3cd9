import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import {
  decrypt,
  EnvelopeError,
  type EnvelopeErrorCode,
  encrypt,
  type Keyring,
  type KmsCaller,
  kmsClient,
  kmsDiscoveryKeyring,
  kmsKeyring,
  multiKeyring,
  rawAesKeyring,
  suites,
  transitClient,
  transitKeyring,
} from "@coffer/envelope";
import { ServerUnderTest } from "./server-under-test.ts";

const context = { customer: "42" };
const raw = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });

function refusedAs(code: EnvelopeErrorCode, text?: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof EnvelopeError && error.code === code && (text === undefined || text.test(error.message));
}

async function opens(message: Uint8Array, keyring: Keyring): Promise<void> {
  assert.equal(Buffer.from((await decrypt(message, { keyring, context })).plaintext).toString(), "a secret");
}

describe("keyrings of a server", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  let arn = "";
  let otherArn = "";

  const newKey = async (input: Record<string, unknown> = {}) => {
    const { KeyMetadata } = await kms.call("CreateKey", input);
    return (KeyMetadata as { Arn: string }).Arn;
  };
  const regional = (region: string) => kmsClient({ endpoint: server.url, region, credentials: server.credentials });

  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
    kms = regional("us-east-1");
    arn = await newKey();
    otherArn = await newKey();
    await kms.call("CreateAlias", { AliasName: "alias/files", TargetKeyId: arn });
    const mounted = await fetch(`${server.vaultUrl}/v1/sys/mounts/transit`, {
      method: "POST",
      headers: { "x-vault-token": "root-token" },
      body: '{"type":"transit"}',
    });
    assert.equal(mounted.status, 204);
  });
  after(() => server?.kill());

  it("a key by its ARN, its id or an alias; a message of one opens with all", async () => {
    const names = [arn, arn.slice(arn.indexOf("/") + 1), "alias/files", arn.replace(/key\/.*/, "alias/files")];
    for (const keyId of names) {
      const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId, client: kms }), context, sign: true });
      for (const reader of names) await opens(message, kmsKeyring({ keyId: reader, client: kms }));
      await opens(message, kmsDiscoveryKeyring({ client: kms }));
    }
  });

  it("AWS's own client", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const client = new KMS({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey },
    });
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyIds: [arn, otherArn], client }), context });
    await opens(message, kmsKeyring({ keyId: otherArn, client }));
    await kms.call("DisableKey", { KeyId: otherArn });
    await assert.rejects(
      decrypt(message, { keyring: kmsKeyring({ keyId: otherArn, client }), context }),
      refusedAs("KeyUnavailable", /DisabledException/),
    );
    await kms.call("EnableKey", { KeyId: otherArn });
    await opens(message, kmsKeyring({ keyId: arn, client: kms }));
  });

  it("no other key's messages, whatever the caller may do with that key", async () => {
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: otherArn, client: kms }), context });
    for (const keyId of [arn, "alias/files", arn.slice(arn.indexOf("/") + 1)]) {
      const keyring = kmsKeyring({ keyId, client: kms });
      await assert.rejects(decrypt(message, { keyring, context }), refusedAs("KeyUnavailable"), keyId);
    }
  });

  it("discovery within the accounts that are named", async () => {
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: arn, client: kms }), context });
    const within = (partition: string, account: string) =>
      kmsDiscoveryKeyring({ client: kms, discoveryFilter: { partition, accountIds: [account] } });
    await opens(message, within("aws", "000000000000"));
    for (const [partition, account] of [
      ["aws", "111111111111"],
      ["aws-cn", "000000000000"],
    ] as const) {
      const keyring = within(partition, account);
      await assert.rejects(decrypt(message, { keyring, context }), refusedAs("KeyUnavailable", /none of its/));
    }
    await assert.rejects(encrypt("x", { keyring: within("aws", "000000000000") }), refusedAs("InvalidInput"));
  });

  it("a replica of a multi-Region key where that is asked for", async () => {
    const primary = await newKey({ MultiRegion: true });
    await kms.call("ReplicateKey", { KeyId: primary, ReplicaRegion: "eu-west-1" });
    const replica = primary.replace("us-east-1", "eu-west-1");
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: primary, client: regional }), context });
    await opens(message, kmsKeyring({ keyId: replica, client: regional, multiRegion: true }));
    await opens(message, kmsDiscoveryKeyring({ client: regional, multiRegionIn: "eu-west-1" }));
    const strict = kmsKeyring({ keyId: replica, client: regional });
    await assert.rejects(decrypt(message, { keyring: strict, context }), refusedAs("KeyUnavailable", /none of its/));
    const single = await encrypt("a secret", { keyring: kmsKeyring({ keyId: arn, client: regional }), context });
    const elsewhere = kmsKeyring({ keyId: arn.replace("us-east-1", "eu-west-1"), client: regional, multiRegion: true });
    await assert.rejects(decrypt(single, { keyring: elsewhere, context }), refusedAs("KeyUnavailable", /none of its/));
  });

  it("an alias finds the replica of its own region where that is asked for; a keyring has a key once", async () => {
    const primary = await newKey({ MultiRegion: true });
    await kms.call("ReplicateKey", { KeyId: primary, ReplicaRegion: "eu-west-1" });
    const replica = primary.replace("us-east-1", "eu-west-1");
    const [here, there] = [regional("us-east-1"), regional("eu-west-1")];
    await there.call("CreateAlias", { AliasName: "alias/replica", TargetKeyId: replica });
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: primary, client: here }), context });
    await opens(message, kmsKeyring({ keyId: "alias/replica", client: there, multiRegion: true }));
    const strict = kmsKeyring({ keyId: "alias/replica", client: there });
    await assert.rejects(decrypt(message, { keyring: strict, context }), refusedAs("KeyUnavailable", /another key/));
    const twice = { keyIds: [primary, replica], client: regional };
    assert.throws(() => kmsKeyring({ ...twice, multiRegion: true }), refusedAs("InvalidInput", /one multi-Region key/));
    assert.ok(kmsKeyring(twice));
  });

  it("discovery within the regions that are named: a message does not say who is called", async () => {
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: arn, client: kms }), context });
    const asked: string[] = [];
    const client = (region: string) => {
      asked.push(region);
      return regional(region);
    };
    await opens(message, kmsDiscoveryKeyring({ client, regions: ["eu-west-1", "us-east-1"] }));
    const elsewhere = kmsDiscoveryKeyring({ client, regions: ["eu-west-1"] });
    await assert.rejects(decrypt(message, { keyring: elsewhere, context }), refusedAs("KeyUnavailable", /none of its/));
    assert.deepEqual(asked, ["us-east-1"]);
  });

  it("a region that nobody serves is a problem of that encrypted data key alone", async () => {
    const request = { suite: suites.get(0x0478)!, context: new Map() };
    const { encryptedDataKeys } = await kmsKeyring({ keyId: arn, client: kms }).generateDataKey(request);
    const [wrapped] = encryptedDataKeys;
    const strange = { ...wrapped!, providerInfo: Buffer.from(arn.replace("us-east-1", "no such region")) };
    const discovery = kmsDiscoveryKeyring({ client: regional });
    const outcome = await discovery.unwrapDataKey([strange, wrapped!], request);
    assert.equal(outcome.dataKey?.byteLength, 32);
    assert.match(outcome.problems.join(), /no such region/);
  });

  it("a data key of another length is refused, and one of another kind of key is left alone", async () => {
    const [suite, shortSuite] = [suites.get(0x0478)!, suites.get(0x0114)!];
    const client = transitClient({ address: server.vaultUrl, token: "root-token" });
    await kms.call("CreateAlias", { AliasName: "alias/transit-lengths", TargetKeyId: await newKey() });
    const transit = transitKeyring({ keys: ["transit-lengths"], client });
    for (const keyring of [kmsKeyring({ keyId: arn, client: kms }), transit]) {
      const { dataKey, encryptedDataKeys } = await keyring.generateDataKey({ suite: shortSuite, context: new Map() });
      assert.equal(dataKey.byteLength, 16);
      const outcome = await keyring.unwrapDataKey(encryptedDataKeys, { suite, context: new Map() });
      assert.equal(outcome.dataKey, undefined);
      assert.match(outcome.problems.join(), /has not the length/);
      const foreign = encryptedDataKeys.map((encrypted) => ({ ...encrypted, providerId: "another" }));
      assert.deepEqual(await keyring.unwrapDataKey(foreign, { suite: shortSuite, context: new Map() }), {
        problems: [],
      });
    }
  });

  it("an answer that names another key is not believed", async () => {
    const message = await encrypt("a secret", { keyring: kmsKeyring({ keyId: arn, client: kms }), context });
    const lying = {
      ...kms,
      decrypt: async (input: Parameters<typeof kms.decrypt>[0]) => ({ ...(await kms.decrypt(input)), KeyId: otherArn }),
    };
    const byAlias = kmsKeyring({ keyId: "alias/files", client: lying, multiRegion: true });
    for (const keyring of [
      kmsKeyring({ keyId: arn, client: lying }),
      byAlias,
      kmsDiscoveryKeyring({ client: lying }),
    ]) {
      await assert.rejects(decrypt(message, { keyring, context }), refusedAs("KeyUnavailable", /another key/));
    }
  });

  it("the context is the server's too: another one, and one that lacks, are refused", async () => {
    const keyring = kmsKeyring({ keyId: arn, client: kms });
    const message = await encrypt("a secret", { keyring, context });
    await assert.rejects(decrypt(message, { keyring, context: { customer: "43" } }), refusedAs("ContextMismatch"));
    const required = await encrypt("a secret", { keyring, context, requiredContextNames: ["customer"] });
    await assert.rejects(decrypt(required, { keyring }), refusedAs("KeyUnavailable", /InvalidCiphertext/));
    await assert.rejects(decrypt(required, { keyring, context: { customer: "43" } }), refusedAs("KeyUnavailable"));
    await opens(required, keyring);
  });

  it("Transit keys, and several keyrings of which any opens", async () => {
    const client = transitClient({ address: server.vaultUrl, token: "root-token" });
    await kms.call("CreateAlias", { AliasName: "alias/transit-files", TargetKeyId: await newKey() });
    const transit = transitKeyring({ keys: ["transit-files"], client });
    const message = await encrypt("a secret", { keyring: transit, context });
    await opens(message, transit);
    const both = await encrypt("a secret", {
      keyring: multiKeyring([transit, kmsKeyring({ keyId: arn, client: kms }), raw]),
      context,
    });
    for (const keyring of [transit, raw, kmsKeyring({ keyId: arn, client: kms })]) await opens(both, keyring);
    await assert.rejects(
      decrypt(message, { keyring: transitKeyring({ keys: ["files"], client }), context }),
      refusedAs("KeyUnavailable", /none of its/),
    );
  });

  it("refusals say why, and what to do", async () => {
    const gone = regional("us-east-1").call("DescribeKey", { KeyId: "alias/nothing" });
    await assert.rejects(gone, refusedAs("ServiceRefused", /NotFoundException: .*Check the key, its region/));
    const disabled = await newKey();
    const keyring = kmsKeyring({ keyId: disabled, client: kms });
    const message = await encrypt("a secret", { keyring, context });
    await kms.call("DisableKey", { KeyId: disabled });
    await assert.rejects(encrypt("x", { keyring }), refusedAs("ServiceRefused", /DisabledException/));
    await assert.rejects(decrypt(message, { keyring, context }), refusedAs("KeyUnavailable", /DisabledException/));
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
        { Effect: "Deny", Principal: "*", Action: "kms:Decrypt", Resource: "*" },
      ],
    };
    const writeOnly = kmsKeyring({ keyId: await newKey({ Policy: JSON.stringify(policy) }), client: kms });
    const unreadable = await encrypt("a secret", { keyring: writeOnly, context });
    await assert.rejects(
      decrypt(unreadable, { keyring: writeOnly, context }),
      refusedAs("KeyUnavailable", /AccessDeniedException: .*kms:Decrypt.*coffer explain [0-9a-f-]{36}/),
    );
    const both = multiKeyring([writeOnly, raw]);
    await opens(await encrypt("a secret", { keyring: both, context }), both);
    const nobody = kmsClient({
      endpoint: "http://127.0.0.1:1",
      region: "us-east-1",
      credentials: server.credentials,
      maxAttempts: 2,
    });
    await assert.rejects(
      encrypt("x", { keyring: kmsKeyring({ keyId: arn, client: nobody }) }),
      refusedAs("ServiceUnavailable", /127\.0\.0\.1:1 does not answer/),
    );
  });
});
