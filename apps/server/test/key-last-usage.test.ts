import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, it } from "node:test";
import { CreateKeyCommand, EncryptCommand, GetKeyLastUsageCommand, KMSClient } from "@aws-sdk/client-kms";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const folder = temporaryFolder("last-usage");
after(() => rm(folder, { recursive: true, force: true }));

it("the last use of a key survives a stop", async () => {
  const options = { dataDir: join(folder, "data"), credentialsFile: join(folder, "credentials.json") };
  const connect = ({ url, credentials: { region, ...credentials } }: ServerUnderTest) =>
    new KMSClient({ endpoint: url, region, credentials });
  const first = await ServerUnderTest.start(options);
  let kms = connect(first);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
  const before = await kms.send(new GetKeyLastUsageCommand({ KeyId }));
  assert.equal(before.KeyLastUsage?.Operation, "Encrypt");
  kms.destroy();
  assert.equal(await first.stop(), 0);
  await using second = await ServerUnderTest.start(options);
  kms = connect(second);
  const { $metadata: _, ...after } = await kms.send(new GetKeyLastUsageCommand({ KeyId }));
  const { $metadata: __, ...expected } = before;
  assert.deepEqual(after, expected);
  kms.destroy();
});
