import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes } from "./base64.ts";
import { type DeviceList, maxDevices, parseDeviceList, signDeviceList } from "./device-list.ts";
import { MessagingError } from "./errors.ts";

const account = ed25519.keygen();
const signingKey = base64OfBytes(ed25519.keygen().publicKey);
const device = { deviceId: "phone", protocol: "olm", identityKey: "AQID", signingKey, registrationId: 7 } as const;
const list: DeviceList = {
  userId: "@alice:example.org",
  version: 3,
  accountKey: base64OfBytes(account.publicKey),
  devices: [device],
};

function isRefused(why: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof MessagingError && error.code === "DeviceListRefused" && why.test(error.message);
}

describe("a device list", () => {
  it("is read as it was signed", () => {
    assert.deepEqual(parseDeviceList(signDeviceList(list, account.secretKey)), list);
  });

  it("is refused when another key signed it, or a letter of it changed", () => {
    const signed = signDeviceList(list, account.secretKey);
    const other = signDeviceList(list, ed25519.keygen().secretKey);
    const wrongSignature = isRefused(/its signature is not its account's/);
    assert.throws(() => parseDeviceList(other), wrongSignature);
    assert.throws(() => parseDeviceList({ ...signed, text: signed.text.replace("phone", "phoni") }), wrongSignature);
    assert.throws(() => parseDeviceList({ ...signed, text: `${signed.text} ` }), wrongSignature);
    for (const signature of ["", "AAAA", `${signed.signature}A`]) {
      assert.throws(() => parseDeviceList({ ...signed, signature }), wrongSignature);
    }
  });

  it("is refused when it is malformed, whoever signed it", () => {
    const cases: [unknown, RegExp][] = [
      [null, /no object/],
      [{ ...list, userId: "a/b" }, /user's id/],
      [{ ...list, version: 0 }, /version/],
      [{ ...list, version: 1.5 }, /version/],
      [{ ...list, accountKey: "AQID" }, /account key/],
      [{ ...list, more: 1 }, /unknown/],
      [{ ...list, devices: [device, device] }, /twice/],
      [{ ...list, devices: [{ ...device, protocol: "constructor" }] }, /protocol/],
      [{ ...list, devices: [{ ...device, identityKey: "" }] }, /identity key/],
      [{ ...list, devices: [{ ...device, signingKey: `${signingKey}=` }] }, /signing key/],
      [{ ...list, devices: [{ ...device, registrationId: 2 ** 31 }] }, /registration id/],
      [{ ...list, devices: [{ ...device, admin: true }] }, /unknown/],
      [
        { ...list, devices: Array.from({ length: maxDevices + 1 }, (_, n) => ({ ...device, deviceId: `d${n}` })) },
        /100/,
      ],
    ];
    for (const [value, why] of cases) {
      assert.throws(() => parseDeviceList(signDeviceList(value as DeviceList, account.secretKey)), isRefused(why));
    }
    assert.throws(() => parseDeviceList({ text: "{", signature: "" }), isRefused(/no JSON/));
  });
});
