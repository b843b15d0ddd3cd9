import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasCode, type OpenDevice, type TestDevice } from "./test-device.ts";
import { Crash, type Stop, TestRelay } from "./test-relay.ts";

const toBob = /^\/v1\/users\/bob\/messages/;

/** Crashes, failing key stores and vaults that were set back: nothing is lost, twice or unseen. */
export function testCrashes(open: OpenDevice): void {
  async function pair(): Promise<[TestRelay, TestDevice, TestDevice]> {
    const relay = await TestRelay.open();
    return [relay, await open(relay, "alice"), await open(relay, "bob")];
  }

  describe("a program that is stopped", () => {
    for (const stop of ["before", "after"] as const satisfies readonly Stop[]) {
      it(`between encrypting and sending, ${stop} the request, sends the same bytes again`, async () => {
        const [relay, alice, bob] = await pair();
        await alice.service.sendEncryptedMessage("bob", "a session");
        relay.stopAt = ({ path }) => (toBob.test(path) ? stop : undefined);
        await assert.rejects(alice.service.sendEncryptedMessage("bob", "once"), Crash);
        const outbox = await alice.options.vault.transact(async (state) => {
          const [key] = await state.list("service/outbox/");
          return new TextDecoder().decode(await state.get(key!));
        });
        const [{ envelopes }] = (JSON.parse(outbox) as { parts: [{ envelopes: { body: string }[] }] }).parts;
        relay.stopAt = undefined;
        await alice.restart();
        assert.equal(alice.service.waiting, 0, "opening sends what waits");
        const sent = relay.bodies.filter((body) => body.includes(envelopes[0]!.body));
        assert.equal(sent.length, stop === "before" ? 1 : 2);
        assert.deepEqual(await bob.texts(), ["a session", "once"]);
        await alice.service.sendEncryptedMessage("bob", "and on");
        assert.deepEqual(await bob.texts(), ["and on"]);
      });
    }

    it("before its first message was encrypted sends it later", async () => {
      const [relay, alice, bob] = await pair();
      relay.stopAt = ({ path }) => (path.endsWith("/claims") ? "before" : undefined);
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "first"), Crash);
      relay.stopAt = undefined;
      await alice.restart();
      assert.deepEqual(await bob.texts(), ["first"]);
    });

    for (const stop of ["before", "after"] as const satisfies readonly Stop[]) {
      it(`between decrypting and acknowledging, ${stop} the request, shows a message once`, async () => {
        const [relay, alice, bob] = await pair();
        for (const text of ["one", "two"]) await alice.service.sendEncryptedMessage("bob", text);
        relay.stopAt = ({ method }) => (method === "DELETE" ? stop : undefined);
        await assert.rejects(bob.service.receiveAll(), Crash);
        relay.stopAt = undefined;
        await bob.restart();
        assert.deepEqual(await bob.texts(), ["one", "two"]);
        await bob.restart();
        // What `receiveAll` gave is kept until it is called again.
        assert.deepEqual(await bob.texts(), ["one", "two"]);
        assert.deepEqual(await bob.texts(), []);
        await bob.restart();
        assert.deepEqual(await bob.texts(), []);
      });
    }

    it("while it handled a message gets that one again, and none that it had handled", async () => {
      const [, alice, bob] = await pair();
      for (const text of ["one", "two"]) await alice.service.sendEncryptedMessage("bob", text);
      const messages = bob.service.messages();
      assert.equal((await messages.next()).value?.text, "one");
      assert.equal((await messages.next()).value?.text, "two");
      await bob.service.close();
      await bob.restart();
      assert.deepEqual(await bob.texts(), ["two"]);
    });

    it("while it made itself known goes on where it was", async () => {
      const relay = await TestRelay.open();
      const bob = await open(relay, "bob");
      const isStep = (method: string, path: string) => method === "PUT" && /device-list|keys/.test(path);
      const vault = (await open(undefined, "throwaway")).options.vault;
      assert.ok(vault);
      for (const stop of ["before", "after"] as const) {
        for (const step of ["device-list", "keys"]) {
          const user = `carol-${stop}-${step}`;
          relay.isDown = true;
          const carol = await open(relay, user);
          relay.isDown = false;
          relay.stopAt = ({ method, path }) => (isStep(method, path) && path.includes(step) ? stop : undefined);
          await assert.rejects(carol.restart(), Crash);
          relay.stopAt = undefined;
          await carol.restart();
          await bob.service.sendEncryptedMessage(user, "welcome");
          assert.deepEqual(await carol.texts(), ["welcome"]);
        }
      }
    });
  });

  describe("a vault", () => {
    it("whose key store is down loses nothing", async () => {
      const [relay, alice, bob] = await pair();
      alice.options.vault.keyStoreIsDown = true;
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "lost?"), hasCode("KeyUnavailable"));
      alice.options.vault.keyStoreIsDown = false;
      await alice.service.sendEncryptedMessage("bob", "kept");
      bob.options.vault.keyStoreIsDown = true;
      await assert.rejects(bob.service.receiveAll(), hasCode("KeyUnavailable"));
      await assert.rejects(bob.restart(), hasCode("KeyUnavailable"));
      assert.equal(relay.requests(/^DELETE/).length, 0);
      bob.options.vault.keyStoreIsDown = false;
      await bob.restart();
      assert.deepEqual(await bob.texts(), ["kept"]);
    });

    it("that was set back is refused, when it is opened and when it sends", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "one");
      await alice.options.vault.backUp();
      await alice.service.sendEncryptedMessage("bob", "two");
      const restored = await alice.options.vault.restored();
      await assert.rejects(open(relay, "alice", "one", { vault: restored }), hasCode("VaultRolledBack"));
      // Opened while the relay was away, it is refused once it is there, and nothing goes out.
      relay.isDown = true;
      const old = await open(relay, "alice", "one", { vault: await alice.options.vault.restored() });
      for (let n = 0; n < 9; n++) {
        await assert.rejects(old.service.sendEncryptedMessage("bob", "twice"), hasCode("RelayUnavailable"));
      }
      relay.isDown = false;
      await assert.rejects(old.service.flush(), hasCode("VaultRolledBack"));
      await assert.rejects(old.service.sendEncryptedMessage("bob", "twice"), hasCode("VaultRolledBack"));
      assert.deepEqual(await bob.texts(), ["one", "two"]);
    });

    it("that was copied and goes on twice is refused where it is behind", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "one");
      await alice.options.vault.backUp();
      const copy = await open(relay, "alice", "one", { vault: await alice.options.vault.restored() });
      for (const text of ["two", "three", "four"]) await alice.service.sendEncryptedMessage("bob", text);
      await assert.rejects(copy.service.sendEncryptedMessage("bob", "twice"), hasCode("VaultRolledBack"));
      assert.deepEqual(await bob.texts(), ["one", "two", "three", "four"]);
    });

    it("is one device's", async () => {
      const [relay, alice] = await pair();
      const { vault } = alice.options;
      await assert.rejects(open(relay, "alice", "two", { vault }), hasCode("VaultUnreadable"));
      await assert.rejects(open(relay, "mallory", "one", { vault }), hasCode("VaultUnreadable"));
    });
  });
}
