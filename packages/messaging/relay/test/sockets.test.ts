import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RelayUnderTest, TestUser } from "./relay-under-test.ts";

async function two(change: Parameters<typeof RelayUnderTest.open>[0] = {}) {
  const under = await RelayUnderTest.open(change);
  const alice = await TestUser.register(under, "alice", "phone");
  const bob = await TestUser.register(under, "bob", "phone");
  return { under, alice, bob, from: alice.devices[0]!, to: bob.devices[0]! };
}

const isEmpty = (socket: { frames: readonly { type: string }[] }) => socket.frames.at(-1)?.type === "queueEmpty";

describe("a device's socket", () => {
  it("gets what waits, then what comes, in order", async () => {
    const { from, to, bob } = await two();
    await from.send(bob, "1");
    await from.send(bob, "2");
    const socket = await to.connect();
    await socket.until(isEmpty);
    await from.send(bob, "3");
    await socket.until(({ texts }) => texts.length === 3);
    assert.deepEqual(socket.texts, ["1", "2", "3"]);
    socket.give({ type: "ack", upTo: 2, vaultVersion: 1 });
    await from.send(bob, "4");
    await socket.until(({ texts }) => texts.length === 4);
    assert.deepEqual(await to.waiting(), ["3", "4"]);
    socket.connection.closed();
    const again = await to.connect();
    await again.until(isEmpty);
    assert.deepEqual(again.texts, ["3", "4"]);
  });

  it("gets a window of messages, and more once they are acknowledged", async () => {
    const { from, to, bob } = await two({ limits: { messagesPerAnswer: 5 } });
    for (let n = 1; n <= 12; n++) await from.send(bob, String(n));
    const socket = await to.connect();
    assert.equal(socket.texts.length, 5);
    socket.give({ type: "ack", upTo: 3, vaultVersion: 1 });
    await socket.until(({ texts }) => texts.length === 8);
    socket.give({ type: "ack", upTo: 8, vaultVersion: 1 });
    await socket.until(isEmpty);
    assert.deepEqual(
      socket.texts,
      Array.from({ length: 12 }, (_, n) => String(n + 1)),
    );
  });

  it("is not filled while it does not drain", async () => {
    const { from, to, bob } = await two({ limits: { socketBufferedBytes: 10 } });
    const socket = await to.connect();
    socket.bufferedBytes = 11;
    await from.send(bob, "1");
    assert.deepEqual(socket.texts, []);
    socket.bufferedBytes = 0;
    socket.connection.drained();
    assert.deepEqual(socket.texts, ["1"]);
  });

  it("carries any operation", async () => {
    const { to, bob, from } = await two();
    const socket = await from.connect();
    const body = {
      messageId: "m",
      protocol: "signal",
      vaultVersion: 1,
      envelopes: [{ deviceId: "phone", registrationId: 1, kind: "k", body: "AQID" }],
    };
    socket.give({ type: "request", id: 7, method: "PUT", path: `/v1/users/${bob.userId}/messages`, body });
    socket.give({ type: "request", id: 8, method: "PUT", path: `/v1/users/nobody/messages`, body });
    const answers = () => socket.frames.filter(({ type }) => type === "answer");
    await socket.until(() => answers().length === 2);
    assert.deepEqual(
      answers().find(({ id }) => id === 7),
      { type: "answer", id: 7, status: 200, body: { duplicate: false } },
    );
    assert.equal(answers().find(({ id }) => id === 8)?.["status"], 404);
    assert.equal((await to.waiting()).length, 1);
  });

  it("is told when keys run low", async () => {
    const { from, to } = await two();
    await to.publish(12);
    const socket = await to.connect();
    const claim = () => from.call("POST", "/v1/users/bob/claims", { protocol: "signal" });
    for (let n = 0; n < 5; n++) await claim();
    const low = socket.frames.filter(({ type }) => type === "keysLow");
    assert.deepEqual(low, [{ type: "keysLow", set: "preKey", count: 9 }]);
  });

  it("is one a device, needs a token, and is closed for what is no frame", async () => {
    const { to } = await two();
    const first = await to.connect();
    const second = await to.connect();
    assert.deepEqual([first.closedWith, second.closedWith], [4002, undefined]);
    for (const text of [
      "{",
      "[]",
      '{"type":"x"}',
      '{"type":"ack","upTo":-1,"vaultVersion":1}',
      '{"type":"request","id":1}',
    ]) {
      const socket = await to.connect();
      socket.connection.receive(text);
      await socket.until(({ closedWith }) => closedWith !== undefined);
      assert.equal(socket.closedWith, 4000, text);
    }
    to.token = "wrong";
    await assert.rejects(to.connect(), /refused/);
  });
});
