import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { curveKey, envelope, RelayUnderTest, type TestDevice, TestUser } from "./relay-under-test.ts";

const key = (text: string) => Buffer.from(text.padEnd(32, ".")).toString("base64");

async function two(change: Parameters<typeof RelayUnderTest.open>[0] = {}) {
  const under = await RelayUnderTest.open(change);
  const alice = await TestUser.register(under, "alice", "phone");
  const bob = await TestUser.register(under, "bob", "phone", "laptop");
  return { under, alice, bob, from: alice.devices[0]!, to: bob.devices[0]! };
}

function fileOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "relay-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "relay.db");
}

describe("the relay's promises", () => {
  it("a one-time key goes out at most once, also under 100 parallel claims", async () => {
    const { from, to, bob } = await two();
    await to.publish(60, curveKey("last"));
    const claim = () => from.call("POST", "/v1/users/bob/claims", { protocol: "signal", deviceIds: ["phone"] });
    const replies = await Promise.all(Array.from({ length: 100 }, claim));
    const given = replies.map(({ json }) => json.devices[0].bundle.sets.preKey);
    const once = given.filter(({ lastResort }) => !lastResort).map((each) => each.key);
    assert.equal(once.length, 60);
    assert.equal(new Set(once).size, 60);
    assert.ok(given.filter(({ lastResort }) => lastResort).every((each) => each.key === curveKey("last")));
    assert.deepEqual((await to.call("GET", "/v1/keys")).json.counts, { preKey: 0 });
    assert.equal(bob.devices.length, 2);
  });

  it("a one-time key that went out does not come in again", async () => {
    const { from, to } = await two();
    const upload = {
      identityKey: to.identityKey,
      sets: { preKey: { oneTime: [{ keyId: "1", key: curveKey("once") }] } },
    };
    const claim = async () =>
      (await from.call("POST", "/v1/users/bob/claims", { protocol: "signal" })).json.devices[0]?.bundle.sets.preKey;
    await to.call("PUT", "/v1/keys", upload);
    assert.equal((await claim()).key, curveKey("once"));
    await to.call("PUT", "/v1/keys", upload);
    assert.equal(await claim(), undefined);
  });

  it("the same message again is kept once", async () => {
    const { from, to, bob } = await two();
    assert.deepEqual((await from.send(bob, "m1")).json, { duplicate: false });
    const again = await Promise.all([from.send(bob, "m1"), from.send(bob, "m1", "other")]);
    for (const { json } of again) assert.deepEqual(json, { duplicate: true });
    assert.deepEqual(await to.waiting(), ["m1"]);
    const other = await TestUser.register(from.user.under, "carol", "phone");
    await other.devices[0]!.send(bob, "m1", "of another sender");
    assert.deepEqual(await to.waiting(), ["m1", "of another sender"]);
  });

  it("messages come in order, at least once, until they are acknowledged", async () => {
    const { from, to, bob } = await two();
    const texts = Array.from({ length: 20 }, (_, n) => `number ${n}`);
    for (const [n, text] of texts.entries()) await from.send(bob, `m${n}`, text);
    assert.deepEqual(await to.waiting(), texts);
    assert.deepEqual(await to.waiting(), texts);
    const { messages } = (await to.call("GET", "/v1/messages?limit=5")).json;
    assert.equal((await to.acknowledge(messages.at(-1).seq)).status, 204);
    assert.deepEqual(await to.waiting(), texts.slice(5));
    assert.deepEqual(await bob.devices[1]!.waiting(), texts);
  });

  it("one commit an epoch is taken, and the others get it", async () => {
    const { under, from, to, bob } = await two();
    const laptop = bob.devices[1]!;
    await from.call("PUT", "/v1/groups/team");
    const members = [from.address, to.address, laptop.address];
    const commit = (epoch: number, text: string) => ({
      epoch,
      commit: key(text),
      members,
      welcomes: [],
      vaultVersion: 1,
    });
    assert.equal((await from.call("POST", "/v1/groups/team/commits", commit(0, "first"))).status, 200);
    const replies = await Promise.all(
      [from, to, laptop].map((device) => device.call("POST", "/v1/groups/team/commits", commit(1, device.address))),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 409, 409]);
    const winner = members[replies.findIndex(({ status }) => status === 200)]!;
    for (const { json } of replies.filter(({ status }) => status === 409)) {
      assert.equal(json.code, "EpochTaken");
      assert.deepEqual([json.epoch, json.commit.from, json.commit.commit], [2, winner, key(winner)]);
    }
    const all = (await to.call("GET", "/v1/groups/team/commits?from=0")).json;
    assert.deepEqual(
      all.commits.map(({ epoch }: { epoch: number }) => epoch),
      [0, 1],
    );
    const carol = await TestUser.register(under, "carol", "phone");
    assert.equal((await carol.devices[0]!.call("GET", "/v1/groups/team/commits")).status, 404);
    assert.equal((await carol.devices[0]!.call("POST", "/v1/groups/team/commits", commit(2, "evil"))).status, 404);
  });

  it("welcomes and commits are delivered together with the epoch, or not at all", async () => {
    const { from, to, bob } = await two();
    await from.call("PUT", "/v1/groups/team");
    const members = [from.address, to.address];
    const welcome = { to: to.address, kind: "welcome", body: key("welcome") };
    const stranger = { ...welcome, to: bob.devices[1]!.address };
    const commit = { epoch: 0, commit: key("c"), members, welcomes: [welcome, stranger], vaultVersion: 1 };
    assert.equal((await from.call("POST", "/v1/groups/team/commits", commit)).status, 400);
    assert.deepEqual(await to.waiting(), []);
    await from.call("POST", "/v1/groups/team/commits", { ...commit, welcomes: [welcome] });
    assert.equal((await to.waiting()).length, 1);
    const message = { messageId: "g1", kind: "group", body: key("to all"), vaultVersion: 1 };
    assert.deepEqual((await to.call("POST", "/v1/groups/team/messages", message)).json, { duplicate: false });
    assert.deepEqual((await to.call("POST", "/v1/groups/team/messages", message)).json, { duplicate: true });
    assert.equal((await from.waiting()).length, 1);
  });

  it("a message goes to exactly the user's devices: 409 names those that lack or are too many", async () => {
    const { from, to, bob } = await two();
    const some = await from.send(bob, "m1", "", { envelopes: [envelope("phone", "x"), envelope("tablet", "x")] });
    assert.equal(some.status, 409);
    assert.deepEqual(
      [some.json.code, some.json.missingDevices, some.json.extraDevices],
      ["DeviceSetMismatch", ["laptop"], ["tablet"]],
    );
    assert.deepEqual(await to.waiting(), []);
    assert.equal((await from.send(bob, "m1")).status, 200);
    const only = { envelopes: [envelope("phone", "only you")] };
    assert.equal((await from.send(bob, "m2", "", only, "?only=devices")).status, 200);
    assert.deepEqual(await to.waiting(), ["m1", "only you"]);
    // The sender's own device is not one of those.
    assert.equal((await to.send(bob, "m3", "to my laptop")).status, 200);
  });

  it("410 names devices that were set up anew, which start empty", async () => {
    const { from, to, bob } = await two();
    await from.send(bob, "m1");
    await to.publish(3);
    to.registrationId = 2;
    assert.equal((await bob.publishList()).status, 200);
    const stale = await from.send(bob, "m2", "", { envelopes: [envelope("phone", "x"), envelope("laptop", "x")] });
    assert.deepEqual([stale.status, stale.json.staleDevices], [410, ["phone"]]);
    assert.equal((await to.call("GET", "/v1/keys")).status, 401);
    await to.logIn();
    assert.deepEqual([await to.waiting(), (await to.call("GET", "/v1/keys")).json.counts], [[], {}]);
    assert.deepEqual(await bob.devices[1]!.waiting(), ["m1"]);
  });

  it("claims are limited, by who asks and by whom they concern", async () => {
    const { from, under } = await two({ limits: { claimsPerMinute: 5, claimsOfUserPerMinute: 7 } });
    const claim = (device: TestDevice) => device.call("POST", "/v1/users/bob/claims", { protocol: "signal" });
    for (let n = 0; n < 5; n++) assert.equal((await claim(from)).status, 200);
    const refused = await claim(from);
    assert.deepEqual([refused.status, refused.answer.headers["retry-after"]], [429, "12"]);
    const carol = await TestUser.register(under, "carol", "phone");
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await claim(carol.devices[0]!)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    under.nowMs += 60_000;
    assert.equal((await claim(from)).status, 200);
  });

  it("removing a device erases its keys, tokens and mailbox", async () => {
    const { from, to, bob, under } = await two();
    await to.publish(3);
    await from.send(bob, "m1");
    const socket = await to.connect();
    bob.devices.shift();
    assert.equal((await bob.publishList()).status, 200);
    assert.equal(socket.closedWith, 4001);
    assert.equal((await to.call("GET", "/v1/messages")).status, 401);
    assert.equal((await to.logIn()).status, 401);
    assert.equal((await from.send(bob, "m2")).status, 200);
    bob.devices.push(to);
    await bob.publishList();
    await to.logIn();
    assert.deepEqual([await to.waiting(), (await to.call("GET", "/v1/keys")).json.counts], [[], {}]);
    assert.deepEqual(under.faults, []);
  });

  it("a device that was set back is refused", async () => {
    const { from, to, bob } = await two();
    from.vaultVersion = 5;
    await from.send(bob, "m1");
    from.vaultVersion = 4;
    const refused = await from.send(bob, "m2");
    assert.deepEqual([refused.status, refused.json.code, refused.json.vaultVersion], [409, "StaleVault", 5]);
    assert.equal((await from.acknowledge(0)).status, 409);
    assert.equal((await from.call("GET", "/v1/devices/me")).json.vaultVersion, 5);
    assert.deepEqual(await to.waiting(), ["m1"]);
    from.vaultVersion = 5;
    assert.equal((await from.send(bob, "m2")).status, 200);
  });

  it("a restart keeps everything that was answered", async (t) => {
    const { under, from, to, bob } = await two({ databasePath: fileOf(t) });
    await to.publish(2, curveKey("last"));
    await from.send(bob, "m1");
    const list = (await from.call("GET", "/v1/users/bob/device-list")).json;
    await under.restart();
    assert.deepEqual(await to.waiting(), ["m1"]);
    assert.deepEqual((await to.call("GET", "/v1/keys")).json.counts, { preKey: 2 });
    assert.deepEqual((await from.send(bob, "m1")).json, { duplicate: true });
    const after = (await from.call("GET", "/v1/users/bob/device-list")).json;
    assert.deepEqual([after.text, after.inclusion], [list.text, list.inclusion]);
  });

  it("the database shows no names, keys and messages", async (t) => {
    const databasePath = fileOf(t);
    const under = await RelayUnderTest.open({ databasePath });
    const bob = await TestUser.register(under, "bob-with-a-long-name", "phone-with-a-long-name");
    const alice = await TestUser.register(under, "alice-with-a-long-name", "tablet-with-a-long-name");
    await bob.devices[0]!.publish(1, curveKey("a last-resort key"));
    await alice.devices[0]!.send(bob, "an-id-of-a-message", "the body of a message");
    await alice.devices[0]!.call("PUT", "/v1/groups/a-group-with-a-long-name");
    await alice.devices[0]!.call("PUT", `/v1/blobs/${"b".repeat(43)}`, Buffer.from("the octets of a blob"));
    const files = readdirSync(join(databasePath, "..")).map((name) => readFileSync(join(databasePath, "..", name)));
    const planted = ["with-a-long-name", "a last-resort key", "an-id-of-a-message", "the body of a", "the octets"];
    const keys = [bob.devices[0]!.identityKey, bob.devices[0]!.token];
    for (const text of [...planted, ...keys, Buffer.from(curveKey("a last-resort key"), "base64").toString("latin1")]) {
      assert.ok(!files.some((file) => file.includes(text)), text);
    }
    await under.relay.close();
  });
});
