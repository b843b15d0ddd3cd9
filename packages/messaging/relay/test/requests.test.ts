import assert from "node:assert/strict";
import { createPublicKey, createSecretKey, randomBytes, sign as signBytes, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { base64OfBytes, bytesOfBase64, parseDeviceList } from "@coffer/messaging";
import { encodeHead, encodeLeaf, leafHash, verifyConsistency, verifyInclusion } from "@coffer/messaging/transparency";
import { openRelay, RowUnreadable } from "../src/index.ts";
import { routes } from "../src/routes.ts";
import { RelayUnderTest, TestUser } from "./relay-under-test.ts";

describe("accounts", () => {
  it("are made by their first list; further ones are the next version by the same key", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone");
    const same = bob.list({ version: 1 });
    assert.equal((await bob.publishList(same)).status, 200);
    for (const version of [1, 3]) {
      const { status, json } = await bob.publishList(bob.list({ version, devices: [] }));
      assert.deepEqual([status, json.code, json.version], [409, "VersionConflict", 1]);
    }
    const other = new TestUser(under, "bob");
    const swapped = await bob.publishList(other.list({ version: 2 }));
    assert.deepEqual([swapped.status, swapped.json.code], [403, "AccountKeyChanged"]);
    const forged = await bob.publishList({ ...bob.list(), signature: same.signature });
    assert.deepEqual([forged.status, forged.json.code], [400, "DeviceListRefused"]);
    const eve = new TestUser(under, "eve");
    assert.equal((await eve.publishList(bob.list())).status, 400);
    assert.equal((await under.call("GET", "/v1/users/eve/device-list")).status, 404);
  });

  it("need the operator's token where there is one", async () => {
    const under = await RelayUnderTest.open({ registrationToken: "please" });
    const bob = new TestUser(under, "bob");
    for (const headers of [{}, { "x-registration-token": "pleas" }]) {
      assert.equal((await bob.publishList(bob.list(), headers)).status, 403);
    }
    assert.equal((await bob.publishList(bob.list(), { "x-registration-token": "please" })).status, 200);
    assert.equal((await bob.publishList()).status, 200);
    assert.equal((await under.call("GET", "/v1/users/bob/device-list")).status, 401);
    const strangers = ["bob", "nobody"].map((userId) => new TestUser(under, userId));
    for (const stranger of strangers) assert.equal((await stranger.publishList()).json.code, "NotAllowed");
  });

  it("begin anew with another key once an operator resets them, and the log shows it", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone");
    const [device] = bob.devices;
    const again = new TestUser(under, "bob");
    again.version = 1;
    assert.equal((await again.publishList()).status, 403);
    assert.equal(await under.relay.resetAccount("bob"), true);
    assert.equal(await under.relay.resetAccount("nobody"), false);
    assert.equal((await device!.call("GET", "/v1/messages")).status, 401);
    assert.equal((await again.publishList()).status, 200);
    assert.equal((await bob.publishList(bob.list({ version: 3 }))).status, 403);
    assert.equal((await under.call("GET", "/v1/transparency/head")).json.size, 2);
  });
});

describe("tokens", () => {
  it("are for who signs the challenge by the device's key, once, in time", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone", "laptop");
    const [phone, laptop] = bob.devices;
    const { relayId } = (await under.call("GET", "/v1/relay")).json;
    const self = { userId: "bob", deviceId: "phone" };
    const challengeOf = async () => (await under.call("POST", "/v1/challenges", self)).json.challenge as string;
    const sign = (challenge: string, by = phone!, relay = relayId) => {
      const text = `coffer relay token 1\n${relay}\nbob/phone\n${challenge}`;
      return signBytes(null, Buffer.from(text), by.signing).toString("base64");
    };
    const ask = async (challenge: string, signature: string) =>
      (await under.call("POST", "/v1/tokens", { ...self, challenge, signature })).status;
    const first = await challengeOf();
    assert.equal(await ask(first, sign(first)), 201);
    assert.equal(await ask(first, sign(first)), 401);
    const bad = [
      (challenge: string) => sign(challenge, laptop),
      (challenge: string) => sign(challenge, phone, "another relay"),
      () => sign(first),
    ];
    for (const signature of bad) {
      const challenge = await challengeOf();
      assert.equal(await ask(challenge, signature(challenge)), 401);
      assert.equal(await ask(challenge, sign(challenge)), 401);
    }
    const late = await challengeOf();
    under.nowMs += 60_000;
    assert.equal(await ask(late, sign(late)), 401);
  });

  it("end, and are of one device alone", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone");
    const [phone] = bob.devices;
    assert.equal((await phone!.call("GET", "/v1/devices/me")).json.deviceId, "phone");
    assert.equal((await under.call("GET", "/v1/devices/me")).status, 401);
    assert.equal((await under.call("GET", "/v1/devices/me", undefined, { authorization: "Bearer x" })).status, 401);
    under.nowMs += 24 * 60 * 60 * 1000;
    assert.equal((await phone!.call("GET", "/v1/devices/me")).status, 401);
  });
});

describe("the log", () => {
  it("proves each list and that it only grew, under heads that its key signed", async () => {
    const under = await RelayUnderTest.open();
    const users: TestUser[] = [];
    const heads: { size: number; rootHash: string }[] = [];
    for (const name of ["a", "b", "c", "d", "e"]) {
      users.push(await TestUser.register(under, name, "phone"));
      heads.push((await under.call("GET", "/v1/transparency/head")).json);
    }
    const { relayId, headKey } = (await under.call("GET", "/v1/relay")).json;
    const publicKey = createPublicKey({ key: Buffer.from(headKey.publicKey, "base64"), format: "der", type: "spki" });
    for (const { userId } of users) {
      const { text, signature, leafIndex, inclusion, head } = (
        await under.call("GET", `/v1/users/${userId}/device-list`)
      ).json;
      assert.ok(verify(null, encodeHead(relayId, head), publicKey, bytesOfBase64(head.signature)!));
      const list = parseDeviceList({ text, signature });
      const entry = encodeLeaf(list, { text, signature });
      const rootHash = bytesOfBase64(head.rootHash)!;
      const claim = { leafHash: leafHash(entry), index: leafIndex, treeSize: head.size, rootHash };
      assert.ok(verifyInclusion(claim, inclusion.map(bytesOfBase64)));
      const entries = (await under.call("GET", `/v1/transparency/entries?from=${leafIndex}&limit=1`)).json;
      assert.deepEqual(entries.entries, [base64OfBytes(entry)]);
    }
    const last = heads.at(-1)!;
    for (const { size, rootHash } of heads) {
      const { proof } = (await under.call("GET", `/v1/transparency/consistency?from=${size}&to=${last.size}`)).json;
      const roots = { oldRootHash: bytesOfBase64(rootHash)!, newRootHash: bytesOfBase64(last.rootHash)! };
      assert.ok(verifyConsistency({ oldSize: size, newSize: last.size, ...roots }, proof.map(bytesOfBase64)));
    }
    assert.equal((await under.call("GET", "/v1/transparency/consistency?from=1&to=9")).status, 404);
  });
});

describe("blobs", () => {
  it("are written once, read by who knows their id, and have limits and an end", async () => {
    const under = await RelayUnderTest.open({ limits: { blobBytes: 3 << 20, blobBytesPerDevice: 5 << 20 } });
    const bob = await TestUser.register(under, "bob", "phone");
    const [phone] = bob.devices;
    const octets = randomBytes((2 << 20) + 5);
    const id = (letter: string) => `/v1/blobs/${letter.repeat(43)}`;
    assert.equal((await phone!.call("PUT", id("a"), octets)).status, 201);
    assert.equal((await phone!.call("PUT", id("a"), octets)).status, 409);
    const read = await phone!.call("GET", id("a"));
    assert.deepEqual(Buffer.from(read.answer.body), octets);
    assert.equal((await under.call("GET", id("a"))).status, 401);
    assert.equal((await phone!.call("PUT", id("b"), randomBytes((3 << 20) + 1))).status, 413);
    assert.equal((await phone!.call("PUT", id("b"), randomBytes(3 << 20))).status, 413);
    assert.equal((await phone!.call("GET", id("b"))).status, 404);
    assert.equal((await phone!.call("PUT", "/v1/blobs/short", octets)).status, 400);
    under.nowMs += 46 * 24 * 60 * 60 * 1000;
    await under.relay.sweep();
    await phone!.logIn();
    assert.equal((await phone!.call("GET", id("a"))).status, 404);
  });
});

describe("mailboxes", () => {
  it("have limits, which lose nothing, and an end", async () => {
    const under = await RelayUnderTest.open({ limits: { mailboxMessages: 3 } });
    const alice = await TestUser.register(under, "alice", "phone");
    const bob = await TestUser.register(under, "bob", "phone");
    const [from, to] = [alice.devices[0]!, bob.devices[0]!];
    for (const id of ["1", "2", "3"]) assert.equal((await from.send(bob, id)).status, 200);
    const full = await from.send(bob, "4");
    assert.deepEqual([full.status, full.json.code], [507, "MailboxFull"]);
    await to.acknowledge(1);
    assert.deepEqual((await from.send(bob, "4")).json, { duplicate: false });
    assert.deepEqual(await to.waiting(), ["2", "3", "4"]);
    under.nowMs += 91 * 24 * 60 * 60 * 1000;
    await under.relay.sweep();
    await to.logIn();
    assert.deepEqual(await to.waiting(), []);
  });
});

describe("any input", () => {
  it("is answered, and never by a fault", async () => {
    const under = await RelayUnderTest.open();
    const bob = await TestUser.register(under, "bob", "phone");
    const [phone] = bob.devices;
    const bodies = [
      undefined,
      null,
      [],
      "x",
      1,
      {},
      { envelopes: {} },
      { sets: { constructor: {} } },
      { protocol: "signal", deviceIds: [1] },
      { text: 1 },
      { epoch: -1 },
      { epoch: 0, members: ["x"] },
      { messageId: "../", kind: "k" },
      { __proto__: { a: 1 } },
      Buffer.from([0xff]),
    ];
    for (const { method, path } of routes) {
      for (const part of ["bob", "a".repeat(43), "%", "%00", "constructor", "x".repeat(3000), "%F0%9F%94%91"]) {
        for (const body of bodies) {
          for (const query of ["", "?limit=-1&from=x&upTo=1e9&vaultVersion=9999999999999999999"]) {
            const { status, json } = await phone!
              .call(method, path.replace(/\{\w+\}/, part) + query, body)
              .then((reply) => ({ status: reply.status, json: reply.answer.body.length === 0 ? {} : reply.json }));
            assert.ok(
              status < 500,
              `${method} ${path} ${part} ${JSON.stringify(body)}: ${status} ${JSON.stringify(json)}`,
            );
          }
        }
      }
    }
    assert.deepEqual(under.faults, []);
    assert.equal((await under.call("PATCH", "/v1/keys")).status, 405);
    assert.equal((await under.call("GET", "/v2")).status, 404);
    const large = await phone!.call("PUT", "/v1/keys", Buffer.alloc((4 << 20) + 1));
    assert.equal(large.status, 413);
  });
});

describe("the database's key", () => {
  it("is the one that it was made under, or the relay does not open", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "relay-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const under = await RelayUnderTest.open({ databasePath: join(directory, "relay.db") });
    await under.relay.close();
    const rowKey = createSecretKey(randomBytes(32));
    await assert.rejects(openRelay({ ...under.options, rowKey }), RowUnreadable);
    await under.restart();
    await under.relay.close();
  });
});
