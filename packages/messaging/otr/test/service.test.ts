import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestDevice, TestRelay } from "@coffer/messaging/testing";
import { quickOtr } from "./quick-otr.ts";

describe("otr: the messaging service", () => {
  it("keeps a message until the other side has answered the handshake, and then sends it", async () => {
    const relay = await TestRelay.open();
    const open = (user: string) => TestDevice.open(relay, user, "one", { makeProtocol: quickOtr });
    const [alice, bob] = [await open("alice"), await open("bob")];
    const { waiting } = await alice.service.sendEncryptedMessage("bob", "one");
    assert.equal(waiting, true);
    assert.equal((await alice.service.sendEncryptedMessage("bob", "two")).waiting, true);
    assert.equal(alice.service.waiting, 2);
    const texts: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn++) texts.push(...(await bob.texts()), ...(await alice.texts()));
    assert.deepEqual(texts, ["one", "two"]);
    assert.equal(alice.service.waiting, 0);
    assert.equal(alice.happened("sent").length, 2);
    assert.equal((await bob.service.sendEncryptedMessage("alice", "there you are")).waiting, false);
    assert.deepEqual(await alice.texts(), ["there you are"]);
    assert.ok(!relay.bodies.some((body) => body.includes("there you are")));
    assert.deepEqual(relay.faults, []);
  });
});
