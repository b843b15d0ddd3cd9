import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes } from "../base64.ts";
import { type DeviceEntry, signDeviceList } from "../device-list.ts";
import { MessagingError, type MessagingErrorCode } from "../errors.ts";
import { acceptOffer, judgeList, trustedList } from "./peers.ts";

const account = ed25519.keygen();
const device = (deviceId: string, registrationId = 1, identityKey = "AQID"): DeviceEntry => ({
  deviceId,
  protocol: "olm",
  identityKey,
  signingKey: base64OfBytes(new Uint8Array(32)),
  registrationId,
});
const signed = (version: number, devices: readonly DeviceEntry[], { secretKey, publicKey } = account, userId = "bob") =>
  signDeviceList({ userId, version, accountKey: base64OfBytes(publicKey), devices }, secretKey);
const fails = (code: MessagingErrorCode) => (error: unknown) => error instanceof MessagingError && error.code === code;
const ids = (devices: readonly DeviceEntry[]) => devices.map(({ deviceId }) => deviceId);

describe("what a device list of a peer means", () => {
  const first = judgeList(undefined, "bob", signed(2, [device("phone"), device("laptop")]));

  it("is trusted on first use, unverified", () => {
    assert.equal(first.peer.verified, false);
    assert.deepEqual(ids(first.list.devices), ["phone", "laptop"]);
    assert.equal(judgeList(first.peer, "bob", signed(2, [device("phone"), device("laptop")])).changed, false);
  });

  it("is refused when it is another user's", () => {
    assert.throws(() => judgeList(undefined, "bob", signed(1, [], account, "carol")), fails("DeviceListRefused"));
  });

  it("never goes back, and has one form for each version", () => {
    assert.throws(() => judgeList(first.peer, "bob", signed(1, [device("phone")])), fails("RelayDishonest"));
    assert.throws(() => judgeList(first.peer, "bob", signed(2, [device("phone")])), fails("RelayDishonest"));
  });

  it("tells which devices went, came or were set up anew", () => {
    const next = judgeList(first.peer, "bob", signed(3, [device("phone", 2), device("tablet")]));
    assert.deepEqual(ids(next.gone), ["phone", "laptop"]);
    assert.deepEqual(ids(next.added), ["phone", "tablet"]);
    const verified = judgeList({ ...first.peer, verified: true }, "bob", signed(9, [device("phone")]));
    assert.equal(verified.peer.verified, true);
    assert.deepEqual(ids(verified.gone), ["laptop"]);
  });

  it("of another account key waits for being accepted, and then is not verified", () => {
    const other = ed25519.keygen();
    const offered = judgeList({ ...first.peer, verified: true }, "bob", signed(1, [device("evil")], other));
    assert.deepEqual(ids(trustedList(offered.peer).devices), ["phone", "laptop"]);
    assert.deepEqual(offered.list, first.list);
    const accepted = acceptOffer(offered.peer, "bob");
    assert.equal(accepted?.peer.accountKey, base64OfBytes(other.publicKey));
    assert.equal(accepted?.peer.verified, false);
    assert.equal(accepted?.peer.offered, undefined);
    assert.deepEqual(ids(accepted?.gone ?? []), ["phone", "laptop"]);
    assert.equal(acceptOffer(first.peer, "bob"), undefined);
  });

  it("of the old account key takes an offer away", () => {
    const offered = judgeList(first.peer, "bob", signed(1, [], ed25519.keygen()));
    assert.notEqual(offered.peer.offered, undefined);
    const next = judgeList(offered.peer, "bob", signed(3, [device("phone")]));
    assert.equal(next.peer.offered, undefined);
  });
});
