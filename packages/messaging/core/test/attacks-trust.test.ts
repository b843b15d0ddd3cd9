import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DeviceList, MessagingError, type RelayCall, type SignedDeviceList } from "@coffer/messaging";
import { openpgp } from "@coffer/messaging-openpgp";
import { EvilLog } from "../src/testing/service/evil-log.ts";
import { forged, hasCode, TestDevice } from "../src/testing/service/test-device.ts";
import { TestRelay } from "../src/testing/service/test-relay.ts";

/**
 * What a relay that lies may try against trust, beyond what every protocol's suite has: `testAttacks` (swapped accounts, injected
 * devices, older lists, swapped keys) and `testLog` (lists withheld from the log, forks, two heads of one size, split views).
 * It is of the core alone, whatever the protocol.
 */

const open = (relay: TestRelay, user: string) => TestDevice.open(relay, user, "one", { makeProtocol: () => openpgp() });

async function pair(): Promise<[TestRelay, TestDevice, TestDevice]> {
  const relay = await TestRelay.open();
  return [relay, await open(relay, "alice"), await open(relay, "bob")];
}

const isListOf = (userId: string, { method, path }: RelayCall) =>
  method === "GET" && path === `/v1/users/${userId}/device-list`;

async function assertNothingSent(relay: TestRelay, alice: TestDevice, codes: readonly string[]): Promise<void> {
  await assert.rejects(
    alice.service.sendEncryptedMessage("bob", "secret"),
    (error) => error instanceof MessagingError && codes.includes(error.code),
  );
  assert.deepEqual(relay.requests(/^PUT \/v1\/users\/bob\/messages/), []);
}

describe("trust: identity swap", () => {
  it("a list that another user signed, and that the log has, is not Bob's", async () => {
    const [relay, alice] = await pair();
    await open(relay, "mallory");
    const answer = await relay.get("/v1/users/mallory/device-list");
    relay.rewrite = (call, honest) => (isListOf("bob", call) || isListOf("nobody", call) ? answer : honest);
    await assertNothingSent(relay, alice, ["DeviceListRefused", "RelayDishonest"]);
    // Nor that of somebody who is not in the log at all.
    await assert.rejects(alice.service.sendEncryptedMessage("nobody", "secret"), hasCode("DeviceListRefused"));
  });

  it("a swapped account key stays in doubt after a restart, and so does its list", async () => {
    const [relay, alice] = await pair();
    await alice.service.devices("bob");
    const list = JSON.parse((await relay.deviceList("bob")).text) as DeviceList;
    const log = await EvilLog.of(relay);
    log.show("bob", forged({ ...list, version: list.version + 1 }));
    relay.rewrite = log.rewrite;
    await assert.rejects(alice.service.devices("bob"), hasCode("IdentityChanged"));
    await alice.restart();
    await assertNothingSent(relay, alice, ["IdentityChanged"]);
  });
});

describe("trust: what the vault remembers of the log", () => {
  it("the key of the log stays pinned after a restart", async () => {
    const [relay, alice] = await pair();
    const other = await TestRelay.open();
    await open(other, "bob");
    const [info, list] = [await other.get("/v1/relay"), await other.get("/v1/users/bob/device-list")];
    await alice.restart();
    relay.rewrite = (call, honest) => (call.path === "/v1/relay" ? info : isListOf("bob", call) ? list : honest);
    await assertNothingSent(relay, alice, ["RelayDishonest"]);
  });

  it("a fork is found after a restart, by the first list that is asked for", async () => {
    const [relay, alice] = await pair();
    await alice.service.checkTransparencyLog();
    await alice.restart();
    const evil = await EvilLog.of(relay, 1);
    evil.add(new Uint8Array(140));
    evil.show("bob", await relay.deviceList("bob"));
    relay.rewrite = evil.rewrite;
    await assertNothingSent(relay, alice, ["RelayDishonest"]);
  });
});

describe("trust: malformed evidence", () => {
  const nonsense: readonly unknown[] = [undefined, null, 0, -1, 1.5, "", "AAAA", "?", [], {}, [1], ["AAAA"], [null]];

  for (const member of ["head", "leafIndex", "inclusion", "text", "signature"] as const) {
    it(`a list whose ${member} is anything else is refused, and nothing fails in another way`, async () => {
      const [relay, alice] = await pair();
      for (const value of nonsense) {
        relay.rewrite = (call, honest) => (isListOf("bob", call) ? { ...(honest as object), [member]: value } : honest);
        await assertNothingSent(relay, alice, ["DeviceListRefused", "RelayDishonest"]);
      }
      relay.rewrite = undefined;
      await alice.service.sendEncryptedMessage("bob", "as it should be");
    });
  }

  it("a head with anything else in it is refused, likewise", async () => {
    const [relay, alice] = await pair();
    for (const member of ["size", "rootHash", "timestampMs", "keyId", "signature"] as const) {
      for (const value of nonsense) {
        relay.rewrite = (call, honest) => {
          if (!isListOf("bob", call)) return honest;
          const { head, ...rest } = honest as { readonly head: object };
          return { ...rest, head: { ...head, [member]: value } };
        };
        await assertNothingSent(relay, alice, ["RelayDishonest"]);
      }
    }
  });

  it("entries and proofs that are anything else are refused, likewise", async () => {
    const [relay, alice] = await pair();
    for (const [route, member] of [
      ["entries", "entries"],
      ["consistency", "proof"],
    ] as const) {
      for (const value of nonsense) {
        await open(relay, `user-${route}-${nonsense.indexOf(value)}`);
        relay.rewrite = ({ path }, honest) =>
          path.startsWith(`/v1/transparency/${route}`) ? { [member]: value } : honest;
        await assert.rejects(alice.service.checkTransparencyLog(), hasCode("RelayDishonest"), JSON.stringify(value));
        relay.rewrite = undefined;
      }
    }
    await alice.service.checkTransparencyLog();
    assert.deepEqual(alice.happened("logAlarm"), []);
  });
});

describe("trust: a removed device", () => {
  it("is not written to again, whichever signed list is shown", async () => {
    const [relay, alice, bob] = await pair();
    const lost = await bob.link("lost");
    await alice.service.devices("bob");
    const withLost: SignedDeviceList = await relay.deviceList("bob");
    await bob.service.removeDevice("lost");
    await alice.service.devices("bob");
    relay.rewrite = (call, honest) => (isListOf("bob", call) ? { ...(honest as object), ...withLost } : honest);
    await alice.restart();
    await assert.rejects(alice.service.devices("bob"), hasCode("RelayDishonest"));
    relay.bodies.length = 0;
    await alice.service.sendEncryptedMessage("bob", "to those who are left");
    assert.ok(!relay.bodies.some((body) => body.includes('"lost"')));
    relay.rewrite = undefined;
    assert.deepEqual(await bob.texts(), ["to those who are left"]);
    await lost.service.close();
  });
});
