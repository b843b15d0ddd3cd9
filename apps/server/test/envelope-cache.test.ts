import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cachingMaterials, decrypt, encrypt, kmsClient, kmsKeyring, LocalCryptoMaterialsCache } from "@coffer/envelope";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

describe("a data key cache, counted at the server", () => {
  const dataDir = join(temporaryFolder("envelope-cache"), "data");
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dataDir });
  });
  after(() => server?.kill());

  /** How many requests of an operation the audit trail has. */
  function recorded(eventName: string): number {
    const folder = join(dataDir, "audit");
    const trails = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    const lines = trails.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));
    return lines.filter((line) => line.includes(`"eventName":"${eventName}"`)).length;
  }

  it("3,000 messages at once are one call, and so is reading them", async () => {
    const client = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    const { KeyMetadata } = await client.call("CreateKey", {});
    const keyring = kmsKeyring({ keyId: (KeyMetadata as { Arn: string }).Arn, client });
    using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 600_000 });
    const records = Array.from({ length: 3_000 }, (_, index) => `record ${index}`);
    const messages = await Promise.all(
      records.map((record) => encrypt(record, { materials, context: { table: "t" } })),
    );
    assert.equal(recorded("GenerateDataKey"), 1);
    const read = await Promise.all(messages.map((message) => decrypt(message, { materials, context: { table: "t" } })));
    assert.deepEqual(
      read.map(({ plaintext }) => Buffer.from(plaintext).toString()),
      records,
    );
    assert.equal(recorded("Decrypt"), 1);
  });
});
