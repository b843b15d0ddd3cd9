import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeviceList, RelayCall, SignedDeviceList } from "../../index.ts";
import { EvilLog } from "./evil-log.ts";
import { alterOutbox, forged, hasCode, type OpenDevice, type TestDevice } from "./test-device.ts";
import { TestRelay } from "./test-relay.ts";

const isListOf = (userId: string) => (call: RelayCall) =>
  call.method === "GET" && call.path === `/v1/users/${userId}/device-list`;

/** Alters the messages that come out of a mailbox. */
function alterMessages(relay: TestRelay, alter: (message: Record<string, unknown>, position: number) => object): void {
  relay.rewrite = ({ method, path }, answer) => {
    if (method !== "GET" || !path.startsWith("/v1/messages")) return answer;
    const { messages, more } = answer as { messages: Record<string, unknown>[]; more: boolean };
    return { messages: messages.map(alter), more };
  };
}

/** What a relay may try, and what a program sees of it. */
export function testAttacks(open: OpenDevice): void {
  async function pair(): Promise<[TestRelay, TestDevice, TestDevice]> {
    const relay = await TestRelay.open();
    return [relay, await open(relay, "alice"), await open(relay, "bob")];
  }

  describe("an evil relay", () => {
    it("cannot add a device to a user", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "before");
      const mallory = await open(relay, "mallory");
      const [stolen] = await alice.service.devices("mallory");
      // By a list that it changed, but cannot sign.
      relay.rewrite = (call, answer) => {
        if (!isListOf("bob")(call)) return answer;
        const { text, signature } = answer as SignedDeviceList;
        const list = JSON.parse(text) as DeviceList;
        const devices = [...list.devices, { ...stolen!, deviceId: "spy" }];
        return {
          ...(answer as object),
          text: JSON.stringify({ ...list, version: list.version + 1, devices }),
          signature,
        };
      };
      await assert.rejects(alice.service.devices("bob"), hasCode("DeviceListRefused"));
      // By asking for one more than the account vouches for.
      relay.rewrite = (call, answer) => {
        if (!/^\/v1\/users\/bob\/messages/.test(call.path)) return answer;
        return { code: "DeviceSetMismatch", missingDevices: ["spy"], extraDevices: [] };
      };
      const honest = relay.relay.answer.bind(relay.relay);
      relay.relay.answer = async (request) =>
        request.path === "/v1/users/bob/messages" ? { ...(await honest(request)), status: 409 } : honest(request);
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "secret"), hasCode("RelayDishonest"));
      relay.relay.answer = honest;
      relay.rewrite = undefined;
      assert.deepEqual(await mallory.texts(), []);
      assert.ok(!relay.bodies.some((body) => body.includes('"spy"')));
      await alice.service.flush();
      assert.equal((await bob.texts())[0], "before");
    });

    it("cannot swap an account: nothing goes until the new identity is accepted", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "to the real one");
      await alice.service.setVerified("bob", true);
      const list = JSON.parse((await relay.deviceList("bob")).text) as DeviceList;
      const evil = forged({ ...list, version: 9 });
      const log = await EvilLog.of(relay);
      log.show("bob", evil);
      relay.rewrite = log.rewrite;
      await assert.rejects(alice.service.devices("bob"), hasCode("IdentityChanged"));
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "secret"), hasCode("IdentityChanged"));
      assert.equal(alice.service.waiting, 0);
      assert.equal(alice.happened("identityChanged").length, 1);
      assert.deepEqual(await alice.service.trust("bob"), {
        accountKey: list.accountKey,
        verified: true,
        offeredAccountKey: (JSON.parse(evil.text) as DeviceList).accountKey,
      });
      // What comes from Bob meanwhile waits, and is not lost.
      await bob.service.sendEncryptedMessage("alice", "who am I?");
      assert.deepEqual(await alice.texts(), []);
      // The real list takes the alarm away; the log has to go on from what it showed.
      log.hide("bob");
      await alice.service.devices("bob");
      assert.deepEqual(await alice.texts(), ["who am I?"]);
      await alice.service.sendEncryptedMessage("bob", "again to the real one");
      assert.deepEqual(await bob.texts(), ["to the real one", "again to the real one"]);
      assert.equal((await alice.service.trust("bob"))?.verified, true);
    });

    it("cannot serve an older list, nor two of one version", async () => {
      const [relay, alice, bob] = await pair();
      const old = await relay.deviceList("bob");
      const tablet = await bob.link("tablet");
      assert.equal((await alice.service.devices("bob")).length, 2);
      relay.rewrite = (call, answer) => (isListOf("bob")(call) ? { ...(answer as object), ...old } : answer);
      await assert.rejects(alice.service.devices("bob"), hasCode("RelayDishonest"));
      relay.rewrite = undefined;
      await alice.service.sendEncryptedMessage("bob", "both");
      assert.deepEqual(await tablet.texts(), ["both"]);
    });

    it("cannot swap the keys of a listed device", async () => {
      const [relay, alice] = await pair();
      await open(relay, "mallory");
      const others = JSON.parse(new TextDecoder().decode((await claim(relay, alice, "mallory")).body)) as {
        devices: { bundle: object }[];
      };
      relay.rewrite = ({ path }, answer) => {
        if (path !== "/v1/users/bob/claims") return answer;
        const { devices } = answer as { devices: object[] };
        return { devices: devices.map((device) => ({ ...device, bundle: others.devices[0]!.bundle })) };
      };
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "secret"), hasCode("BundleRefused"));
      assert.equal(alice.service.waiting, 0);
    });

    it("cannot show a message twice, under whatever id, or in another conversation", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "pay 10");
      await alice.service.sendEncryptedMessage("bob", "once");
      alterMessages(relay, (message, position) => (position === 0 ? { ...message, messageId: "another" } : message));
      assert.deepEqual(await bob.texts(), ["once"]);
      // Where the protocol binds the id itself, nothing opens.
      const [refused, ...others] = [...bob.happened("refused"), ...bob.happened("undecryptable")];
      assert.deepEqual([refused?.messageId, others.length], ["another", 0]);
      assert.ok(refused?.kind === "undecryptable" || refused?.why === "anotherMessageId");
      // The same again, as it was sent.
      await alice.service.sendEncryptedMessage("bob", "twice?");
      let copy: Record<string, unknown> | undefined;
      alterMessages(relay, (message) => {
        copy = message;
        return message;
      });
      assert.deepEqual(await bob.texts(), ["twice?"]);
      await alice.service.sendEncryptedMessage("bob", "bait");
      alterMessages(relay, (message) => ({ ...copy, seq: message["seq"] }));
      assert.deepEqual(await bob.texts(), []);
      await alice.service.sendEncryptedMessage("bob", "bait");
      alterMessages(relay, (message) => ({ ...copy, seq: message["seq"], messageId: "new-id" }));
      assert.deepEqual(await bob.texts(), []);
      await alice.service.sendEncryptedMessage("bob", "into a group?");
      alterMessages(relay, (message) => ({ ...message, groupId: "some-group" }));
      assert.deepEqual(await bob.texts(), []);
    });

    it("cannot have a message taken that its sender bound to another user", async () => {
      const [relay, alice, bob] = await pair();
      relay.isDown = true;
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "I owe Carol 10"), hasCode("RelayUnavailable"));
      // A sender who passes on what was said to another: what is inside is for Carol.
      await alterOutbox(alice, (payload) => ({ ...payload, to: "carol" }));
      relay.isDown = false;
      await alice.service.flush();
      assert.deepEqual(await bob.texts(), []);
      assert.deepEqual(
        bob.happened("refused").map(({ why }) => why),
        ["anotherConversation"],
      );
    });

    it("cannot say that a message is another's", async () => {
      const [relay, alice, bob] = await pair();
      const carol = await open(relay, "carol");
      await carol.service.sendEncryptedMessage("bob", "from Carol");
      assert.deepEqual(await bob.texts(), ["from Carol"]);
      await alice.service.sendEncryptedMessage("bob", "hello");
      assert.deepEqual(await bob.texts(), ["hello"]);
      await alice.service.sendEncryptedMessage("bob", "from whom?");
      alterMessages(relay, (message) => ({ ...message, from: "carol/one" }));
      assert.deepEqual(await bob.texts(), []);
      await alice.service.sendEncryptedMessage("bob", "from whom?");
      alterMessages(relay, (message) => ({ ...message, from: "alice/spy" }));
      assert.deepEqual(await bob.texts(), []);
      assert.equal(bob.happened("refused").at(-1)?.why, "unknownDevice");
    });

    it("cannot lose a message unseen by damaging it: its sender is asked once to send it again", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "a session");
      assert.deepEqual(await bob.texts(), ["a session"]);
      const { messageId } = await alice.service.sendEncryptedMessage("bob", "important");
      alterMessages(relay, (message) => ({ ...message, body: "AAAA" }));
      assert.deepEqual(await bob.texts(), []);
      assert.deepEqual(bob.happened("undecryptable"), [
        { kind: "undecryptable", from: { userId: "alice", deviceId: "one" }, messageId },
      ]);
      relay.rewrite = undefined;
      assert.deepEqual(await alice.texts(), []);
      const [again] = await bob.service.receiveAll();
      assert.equal(again?.text, "important");
      assert.equal(again?.messageId, messageId);
      assert.equal(relay.requests(/alice\/messages/).length, 1);
      assert.deepEqual(await bob.texts(), []);
    });

    it("gets nothing sent again for another user", async () => {
      const [relay, alice, bob] = await pair();
      const carol = await open(relay, "carol");
      const { messageId } = await alice.service.sendEncryptedMessage("bob", "for Bob alone");
      assert.deepEqual(await bob.texts(), ["for Bob alone"]);
      await alice.service.sendEncryptedMessage("carol", "hello Carol");
      // Carol asks for it, having heard the id.
      alterMessages(relay, (message) => ({ ...message, body: "AAAA", messageId }));
      assert.deepEqual(await carol.texts(), []);
      relay.rewrite = undefined;
      assert.equal(carol.happened("undecryptable").length, 1);
      await alice.service.receiveAll();
      assert.deepEqual(await carol.texts(), []);
      assert.equal(relay.requests(/^PUT \/v1\/users\/carol\/messages/).length, 1);
    });
  });

  describe("a changed identity", () => {
    it("is trusted once it is accepted, and what was held is opened", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "before");
      await alice.service.setVerified("bob", true);
      await bob.service.receiveAll();
      // Bob lost everything, and the operator reset his account.
      await assert.rejects(open(relay, "bob", "new"), hasCode("IdentityChanged"));
      assert.equal(await relay.relay.resetAccount("bob"), true);
      const anew = await open(relay, "bob", "new");
      await anew.service.sendEncryptedMessage("alice", "it is me");
      assert.deepEqual(await alice.texts(), []);
      assert.equal(alice.happened("identityChanged").length, 1);
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "is it?"), hasCode("IdentityChanged"));
      assert.equal(await alice.service.acceptNewIdentity("bob"), true);
      assert.equal(await alice.service.acceptNewIdentity("bob"), false);
      assert.equal((await alice.service.trust("bob"))?.verified, false);
      assert.deepEqual(await alice.texts(), ["it is me"]);
      await alice.service.sendEncryptedMessage("bob", "so it is");
      assert.deepEqual(await anew.texts(), ["so it is"]);
      assert.equal(relay.faults.length, 0);
    });

    it("of one's own account stops the device", async () => {
      const [relay] = await pair();
      await assert.rejects(open(relay, "bob", "two"), hasCode("IdentityChanged"));
    });
  });
}

/** A claim, with a device's own token. */
async function claim(relay: TestRelay, by: TestDevice, userId: string) {
  let authorization = "";
  relay.stopAt = ({ headers }) => {
    authorization = headers["authorization"] ?? authorization;
    return undefined;
  };
  await by.service.devices(userId);
  relay.stopAt = undefined;
  const body = new TextEncoder().encode(JSON.stringify({ protocol: protocolOf(by) }));
  return relay.client().call({ method: "POST", path: `/v1/users/${userId}/claims`, headers: { authorization }, body });
}

function protocolOf({ options: { protocol } }: TestDevice): string {
  return typeof protocol === "string" ? protocol : protocol.facts.id;
}
