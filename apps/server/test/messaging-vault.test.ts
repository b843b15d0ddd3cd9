import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient } from "@coffer/envelope";
import { cofferKey, MessagingError, type MessagingErrorCode, withPassphrase } from "@coffer/messaging";
import { directoryVault } from "@coffer/messaging/node";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

describe("a device's vault under a Coffer key", () => {
  const owner = { userId: "alice@example.org", deviceId: "phone", protocol: "olm" } as const;
  const folder = join(temporaryFolder("vault"), "phone");
  let server: ServerUnderTest;
  let client: KmsCaller;
  let keyId: string;

  const failsAs = (code: MessagingErrorCode, text: RegExp) => (error: unknown) =>
    error instanceof MessagingError && error.code === code && text.test(error.message);

  before(async () => {
    server = await ServerUnderTest.start();
    client = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials, maxAttempts: 1 });
    const { KeyMetadata } = await client.call("CreateKey", {});
    keyId = (KeyMetadata as { KeyId: string }).KeyId;
  });
  after(() => server?.kill());

  it("opens while the key may be used, and loses nothing meanwhile", async () => {
    const key = cofferKey({ client, keyId });
    const vault = await directoryVault(folder, { owner, key });
    await vault.transact(async (state) => state.put("a", Buffer.from("kept")));
    await client.call("DisableKey", { KeyId: keyId });
    // What is open stays open.
    await vault.transact(async (state) => state.put("b", Buffer.from("kept too")));
    await vault.close();
    await assert.rejects(directoryVault(folder, { owner, key }), failsAs("KeyUnavailable", /DisabledException/));
    await client.call("EnableKey", { KeyId: keyId });
    const again = await directoryVault(folder, { owner, key });
    assert.deepEqual(await again.transact((state) => state.list("")), ["a", "b"]);
    await again.close();
  });

  it("is bound to user, device and protocol", async () => {
    const key = cofferKey({ client, keyId });
    for (const other of [{ userId: "eve" }, { deviceId: "laptop" }, { protocol: "mls" } as const]) {
      await assert.rejects(
        directoryVault(folder, { owner: { ...owner, ...other }, key }),
        failsAs("VaultUnreadable", /does not open/),
      );
    }
  });

  it("needs the passphrase as well, where one is mixed in: the operator of Coffer alone opens nothing", async () => {
    const mixed = `${folder}-mixed`;
    const key = cofferKey({ client, keyId });
    const vault = await directoryVault(mixed, { owner, key: withPassphrase(key, "known to Alice") });
    await vault.transact(async (state) => state.put("a", Buffer.from("1")));
    await vault.close();
    for (const wrong of [key, withPassphrase(key, "guessed")]) {
      await assert.rejects(directoryVault(mixed, { owner, key: wrong }), failsAs("VaultUnreadable", /does not open/));
    }
    await (await directoryVault(mixed, { owner, key: withPassphrase(key, "known to Alice") })).close();
  });

  it("says so when the key server is gone", async () => {
    const gone = kmsClient({
      endpoint: "http://127.0.0.1:1",
      region: "us-east-1",
      credentials: server.credentials,
      maxAttempts: 1,
    });
    await assert.rejects(
      directoryVault(folder, { owner, key: cofferKey({ client: gone, keyId }) }),
      failsAs("KeyUnavailable", /nothing was lost.*does not answer/),
    );
  });
});
