import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { E2EMessagingService, MessagingError, memoryVault, requestLink } from "@coffer/messaging";
import { TestDevice, TestRelay } from "@coffer/messaging/testing";
import { olm } from "../src/index.ts";

const isRefused = (error: unknown) => error instanceof MessagingError && error.code === "LinkingRefused";

describe("a new device that is linked", () => {
  it("reads and writes as its user's, and nobody whose offer was swapped does", async () => {
    const relay = await TestRelay.open();
    const open = (user: string) => TestDevice.open(relay, user, "one", { makeProtocol: olm });
    const [alice, bob] = [await open("alice"), await open("bob")];
    await alice.service.sendEncryptedMessage("bob", "from the phone");
    await bob.texts();

    const vault = memoryVault();
    const device = { user: "alice", deviceId: "laptop", protocol: olm() };
    const pending = await requestLink({ ...device, vault });
    const theirs = await requestLink({ ...device, vault: memoryVault() });
    // A man in the middle shows an offer of his own for the new device's.
    await assert.rejects(alice.service.linkDevice(theirs.offer, pending.code), isRefused);
    const ofBob = await requestLink({ ...device, user: "bob", vault: memoryVault() });
    await assert.rejects(alice.service.linkDevice(ofBob.offer, ofBob.code), isRefused);

    const grant = await alice.service.linkDevice(pending.offer, pending.code);
    await assert.rejects(theirs.finish(grant), isRefused);
    await pending.finish(grant);
    const laptop = await E2EMessagingService.open({ ...device, vault, relay: relay.client() });
    assert.deepEqual(
      (await bob.service.devices("alice")).map(({ deviceId }) => deviceId),
      ["one", "laptop"],
    );
    await bob.service.sendEncryptedMessage("alice", "to both");
    assert.deepEqual(
      (await laptop.receiveAll()).map(({ text }) => text),
      ["to both"],
    );
    assert.deepEqual(await alice.texts(), ["to both"]);
    await laptop.sendEncryptedMessage("bob", "from the laptop");
    assert.deepEqual(await bob.texts(), ["from the laptop"]);

    const again = requestLink({ ...device, vault });
    await assert.rejects(again, (error) => error instanceof MessagingError && error.code === "InvalidInput");
    const second = await requestLink({ ...device, vault: memoryVault() });
    await assert.rejects(alice.service.linkDevice(second.offer, second.code), isRefused);
    await Promise.all([alice.service.close(), bob.service.close(), laptop.close()]);
  });
});
