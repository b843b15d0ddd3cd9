import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes } from "../base64.ts";
import { type DeviceList, signDeviceList } from "../device-list.ts";
import { decodeLeaf, encodeLeaf, leafBytes } from "./leaf.ts";

describe("a leaf of the log", () => {
  const { publicKey, secretKey } = ed25519.keygen();
  const list: DeviceList = { userId: "bob", version: 2 ** 40, accountKey: base64OfBytes(publicKey), devices: [] };
  const signed = signDeviceList(list, secretKey);

  it("says user, version, list and account key", () => {
    const leaf = encodeLeaf(list, signed);
    assert.equal(leaf.length, leafBytes);
    const hash = (...parts: (string | Buffer)[]) =>
      new Uint8Array(parts.reduce((hashing, part) => hashing.update(part), createHash("sha256")).digest());
    assert.deepEqual(decodeLeaf(leaf), {
      userHash: hash("bob"),
      version: 2 ** 40,
      listHash: hash(signed.text, Buffer.from(signed.signature, "base64")),
      accountKey: publicKey,
    });
  });

  it("is nothing else", () => {
    const leaf = encodeLeaf(list, signed);
    assert.equal(decodeLeaf(leaf.slice(1)), undefined);
    leaf[0]! ^= 1;
    assert.equal(decodeLeaf(leaf), undefined);
  });
});
