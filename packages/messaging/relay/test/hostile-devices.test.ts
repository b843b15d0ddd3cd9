import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { localHeadSigner } from "../src/index.ts";
import { envelope, RelayUnderTest, TestUser } from "./relay-under-test.ts";

async function group(limits: NonNullable<Parameters<typeof RelayUnderTest.open>[0]>["limits"]) {
  const under = await RelayUnderTest.open({ limits });
  const alice = await TestUser.register(under, "alice", "phone");
  const bob = await TestUser.register(under, "bob", "phone");
  const carol = await TestUser.register(under, "carol", "phone");
  const [from, to, third] = [alice.devices[0]!, bob.devices[0]!, carol.devices[0]!];
  assert.equal((await from.call("PUT", "/v1/groups/team")).status, 201);
  const members = [from.address, to.address, third.address];
  const begun = await from.call("POST", "/v1/groups/team/commits", { epoch: 0, members, vaultVersion: 1 });
  assert.equal(begun.status, 200);
  const post = (messageId: string, bytes = 3, kind = "group") =>
    from.call("POST", "/v1/groups/team/messages", {
      messageId,
      kind,
      body: Buffer.alloc(bytes).toString("base64"),
      vaultVersion: 1,
    });
  return { under, alice, bob, carol, from, to, third, members, post };
}

describe("a device that means ill", () => {
  it("fills no mailbox beyond its bytes by bodies that a group shares", async () => {
    const { post, from } = await group({ mailboxBytes: 8000 });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await post(`g${n}`, 3000)).status);
    assert.deepEqual(statuses, [200, 200, 507, 507]);
    assert.deepEqual(await from.waiting(), []);
  });

  it("stops no group by a mailbox that is full: it is named, and can be removed", async () => {
    const { post, from, carol, third, to, members } = await group({ mailboxMessages: 3 });
    for (let n = 0; n < 3; n++) assert.equal((await from.send(carol, `m${n}`)).status, 200);
    const full = await post("g1");
    assert.deepEqual([full.status, full.json.device], [507, third.address]);
    const commit = { epoch: 1, commit: "AAAA", members, vaultVersion: 1 };
    assert.equal((await from.call("POST", "/v1/groups/team/commits", commit)).status, 507);
    const removal = { ...commit, members: members.slice(0, 2) };
    assert.equal((await from.call("POST", "/v1/groups/team/commits", removal)).status, 200);
    assert.equal((await post("g2")).status, 200);
    assert.equal((await to.waiting()).length, 2);
    assert.deepEqual(await third.waiting(), ["m0", "m1", "m2"]);
  });

  it("hands on no commit past the order of epochs", async () => {
    const { post, from, bob, to } = await group({});
    assert.equal((await post("g1", 3, "commit")).status, 400);
    const envelopes = [{ ...envelope("phone", "x"), kind: "commit" }];
    assert.equal((await from.send(bob, "m1", "", { envelopes, groupId: "team" })).status, 400);
    assert.deepEqual(await to.waiting(), []);
  });

  it("makes groups, ends epochs and publishes keys at a limited rate", async () => {
    const { from, members } = await group({ groupsPerMinute: 2, messagesPerMinute: 2, keysPerMinute: 5 });
    const statuses = [];
    for (const id of ["a", "b"]) statuses.push((await from.call("PUT", `/v1/groups/${id}`)).status);
    for (const epoch of [1, 2]) {
      statuses.push((await from.call("POST", "/v1/groups/team/commits", { epoch, members, vaultVersion: 1 })).status);
    }
    for (const count of [3, 1, 1]) statuses.push((await from.publish(count)).status);
    assert.deepEqual(statuses, [201, 429, 200, 429, 200, 429, 429]);
  });

  it("stores no end of blobs that are small or empty", async () => {
    const { from } = await group({ blobBytesPerDevice: 10_000 });
    const statuses = [];
    for (const letter of "abc") {
      const path = `/v1/blobs/${letter.repeat(43)}`;
      statuses.push((await from.call("PUT", path, new Uint8Array())).status);
    }
    assert.deepEqual(statuses, [201, 201, 413]);
  });

  it("has a limited number of tokens: the oldest ends", async () => {
    const { under, from } = await group({ tokensPerDevice: 2 });
    const first = from.token;
    under.nowMs += 1;
    await from.logIn();
    assert.equal((await from.call("GET", "/v1/keys")).status, 200);
    under.nowMs += 1;
    await from.logIn();
    assert.equal((await from.call("GET", "/v1/keys")).status, 200);
    from.token = first;
    assert.equal((await from.call("GET", "/v1/keys")).status, 401);
  });

  it("asks for no more over a socket while it does not read the answers", async () => {
    const { under, to } = await group({});
    const socket = await to.connect();
    socket.bufferedBytes = 64 << 20;
    socket.give({ type: "request", id: 1, method: "GET", path: "/v1/keys" });
    await socket.until(({ closedWith }) => closedWith !== undefined);
    assert.equal(socket.closedWith, 4000);
    assert.ok(!socket.frames.some(({ type }) => type === "answer"));
    assert.deepEqual(under.faults, []);
  });

  it("fails alone when its socket does: the sender's message is kept and answered", async () => {
    const { under, from, bob, to } = await group({});
    const socket = await to.connect();
    socket.send = () => {
      throw new Error("broken pipe");
    };
    assert.equal((await from.send(bob, "m1")).status, 200);
    assert.equal(under.faults.length, 1);
    assert.notEqual(socket.closedWith, undefined);
    assert.deepEqual(await to.waiting(), ["m1"]);
  });
});

describe("the log's head", () => {
  it("is signed while lists keep coming in", async () => {
    const signer = localHeadSigner(generateKeyPairSync("ed25519").privateKey);
    let publish: (() => Promise<unknown>) | undefined;
    let signed = 0;
    const sign = async (message: Uint8Array) => {
      // A bound, so that a head that never comes fails the test.
      if (++signed < 20) await publish?.();
      return signer.sign(message);
    };
    const under = await RelayUnderTest.open({ headSigner: { ...signer, sign } });
    const alice = await TestUser.register(under, "alice", "phone");
    publish = () => alice.publishList();
    assert.equal((await under.call("GET", "/v1/transparency/head")).status, 200);
    assert.equal(signed, 1);
  });

  it("is unavailable, and is told to the operator, while its key is", async () => {
    const signer = localHeadSigner(generateKeyPairSync("ed25519").privateKey);
    const sign = async () => {
      throw new Error("the key is disabled");
    };
    const under = await RelayUnderTest.open({ headSigner: { ...signer, sign } });
    const reply = await under.call("GET", "/v1/transparency/head");
    assert.deepEqual([reply.status, reply.json.code], [503, "Unavailable"]);
    assert.equal(reply.answer.headers["cache-control"], "no-store");
    assert.equal(under.faults.length, 1);
  });
});
