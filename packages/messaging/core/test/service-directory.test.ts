import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { E2EMessagingService } from "@coffer/messaging";
import { directoryVault, fileKey } from "@coffer/messaging/node";
import { TestRelay } from "@coffer/messaging/testing";
import { olm } from "@coffer/messaging-olm";

describe("the service with a vault in a directory", () => {
  it("goes on where it was, and shows nothing of it in the files", async () => {
    const work = await mkdtemp(join(tmpdir(), "coffer-service-"));
    try {
      const relay = await TestRelay.open();
      const open = async (user: string) => {
        const owner = { userId: user, deviceId: "one", protocol: "olm" } as const;
        const directory = join(work, user);
        await chmod(work, 0o700);
        const vault = await directoryVault(directory, { owner, key: fileKey(join(work, `${user}.key`)) });
        const options = { user, deviceId: "one", protocol: olm(), relay: relay.client(), vault };
        const service = await E2EMessagingService.open(options);
        return {
          service,
          async close() {
            await service.close();
            await vault.close();
          },
        };
      };
      let [alice, bob] = [await open("alice"), await open("bob")];
      await alice.service.sendEncryptedMessage("bob", "first words");
      relay.isDown = true;
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "second words"));
      await alice.close();
      await bob.close();
      relay.isDown = false;
      [alice, bob] = [await open("alice"), await open("bob")];
      assert.equal(alice.service.waiting, 0);
      const texts = (await bob.service.receiveAll()).map(({ text }) => text);
      assert.deepEqual(texts, ["first words", "second words"]);
      await bob.service.sendEncryptedMessage("alice", "read both");
      assert.equal((await alice.service.receiveAll())[0]?.text, "read both");
      for (const user of ["alice", "bob"]) {
        for (const name of await readdir(join(work, user))) {
          assert.ok(!(await readFile(join(work, user, name))).includes("words"), name);
        }
      }
      await alice.close();
      await bob.close();
    } finally {
      await rm(work, { recursive: true });
    }
  });
});
