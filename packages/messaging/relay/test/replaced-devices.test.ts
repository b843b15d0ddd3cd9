import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { describe, it } from "node:test";
import { curveKey, RelayUnderTest, TestDevice, TestUser } from "./relay-under-test.ts";

/** Bob's phone, and another device under the same id that takes its place; the old one's token is still known. */
async function replaced() {
  const under = await RelayUnderTest.open();
  const alice = await TestUser.register(under, "alice", "phone");
  const bob = await TestUser.register(under, "bob", "phone");
  const old = bob.devices[0]!;
  const next = new TestDevice(bob, "phone");
  next.registrationId = 2;
  bob.devices[0] = next;
  return { under, alice, bob, old, next };
}

describe("a device that another took the place of", () => {
  it("publishes no keys in its place, also when both come at once", async () => {
    const { alice, bob, old, next } = await replaced();
    const [list, keys] = await Promise.all([bob.publishList(), old.publish(1, curveKey("old"))]);
    assert.deepEqual([list.status, keys.status], [200, 401]);
    await next.logIn();
    assert.deepEqual((await next.call("GET", "/v1/keys")).json.counts, {});
    const claim = await alice.devices[0]!.call("POST", "/v1/users/bob/claims", { protocol: "signal" });
    assert.deepEqual(claim.json.devices, []);
  });

  it("gets no token in its place, also when both come at once", async () => {
    const { under, bob, old } = await replaced();
    const { relayId } = (await under.call("GET", "/v1/relay")).json;
    const device = { userId: "bob", deviceId: "phone" };
    const { challenge } = (await under.call("POST", "/v1/challenges", device)).json;
    const text = `coffer relay token 1\n${relayId}\n${old.address}\n${challenge}`;
    const signature = sign(null, Buffer.from(text), old.signing).toString("base64");
    const [list, token] = await Promise.all([
      bob.publishList(),
      under.call("POST", "/v1/tokens", { ...device, challenge, signature }),
    ]);
    assert.deepEqual([list.status, token.status], [200, 401]);
  });

  it("sets no version of a vault for it", async () => {
    const { alice, bob, old, next } = await replaced();
    old.vaultVersion = 1_000_000;
    const [, sent] = await Promise.all([bob.publishList(), old.send(alice, "m1")]);
    assert.equal(sent.status, 401);
    await next.logIn();
    assert.equal((await next.call("GET", "/v1/devices/me")).json.vaultVersion, 0);
  });

  it("makes no group and stores no blob", async () => {
    const { bob, old } = await replaced();
    const blob = `/v1/blobs/${"b".repeat(43)}`;
    const replies = await Promise.all([
      bob.publishList(),
      old.call("PUT", "/v1/groups/team"),
      old.call("PUT", blob, Buffer.from("octets")),
    ]);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 401, 401],
    );
  });

  it("loses its socket", async () => {
    const { alice, bob, old, next } = await replaced();
    const socket = await old.connect();
    assert.equal((await bob.publishList()).status, 200);
    assert.equal(socket.closedWith, 4001);
    await next.logIn();
    await alice.devices[0]!.send(bob, "m1", "for the new one", {
      envelopes: [{ deviceId: "phone", registrationId: 2, kind: "message", body: "AAAA" }],
    });
    assert.deepEqual(socket.texts, []);
    assert.equal((await next.waiting()).length, 1);
  });
});

describe("an account that was reset", () => {
  it("begins anew with the operator's token alone, where there is one", async () => {
    const under = await RelayUnderTest.open({ registrationToken: "let me in" });
    const bob = new TestUser(under, "bob");
    const headers = { "x-registration-token": "let me in" };
    assert.equal((await bob.publishList(bob.list(), headers)).status, 200);
    assert.equal(await under.relay.resetAccount("bob"), true);
    const stranger = new TestUser(under, "bob");
    stranger.version = 1;
    assert.equal((await stranger.publishList()).status, 403);
    assert.equal((await stranger.publishList(stranger.list(), headers)).status, 200);
  });

  it("may go on with the devices that it had", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone");
    await under.relay.resetAccount("bob");
    assert.equal((await bob.publishList()).status, 200);
    assert.equal((await bob.devices[0]!.logIn()).status, 201);
    assert.deepEqual(await bob.devices[0]!.waiting(), []);
  });

  it("keeps no group from talking", async () => {
    const under = await RelayUnderTest.open();
    const alice = await TestUser.register(under, "alice", "phone");
    const bob = await TestUser.register(under, "bob", "phone");
    const carol = await TestUser.register(under, "carol", "phone");
    const [from, to, gone] = [alice.devices[0]!, bob.devices[0]!, carol.devices[0]!];
    await from.call("PUT", "/v1/groups/team");
    const members = [from.address, to.address, gone.address];
    await from.call("POST", "/v1/groups/team/commits", { epoch: 0, members, vaultVersion: 1 });
    await under.relay.resetAccount("carol");
    const message = { messageId: "g1", kind: "group", body: "AAAA", vaultVersion: 1 };
    assert.equal((await from.call("POST", "/v1/groups/team/messages", message)).status, 200);
    assert.equal((await to.waiting()).length, 1);
  });
});
