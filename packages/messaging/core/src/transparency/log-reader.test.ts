import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, it } from "node:test";
import { readEntries, rootOfRead, unreadLog } from "./log-reader.ts";
import { MerkleLog } from "./merkle-log.ts";
import { encodeHead } from "./signed-head.ts";
import { type HeadKey, readSignedHead, verifyHead } from "./verify-head.ts";

describe("reading a log", () => {
  it("gives the root of every size, however it is read", () => {
    const log = new MerkleLog();
    let read = unreadLog;
    assert.deepEqual(rootOfRead(read), log.rootHash());
    const entries = Array.from({ length: 70 }, (_, n) => Uint8Array.of(n, n >> 8));
    for (const entry of entries) {
      log.append(entry);
      read = readEntries(read, [entry]);
      assert.deepEqual(rootOfRead(read), log.rootHash());
    }
    const inParts = readEntries(readEntries(unreadLog, entries.slice(0, 13)), entries.slice(13));
    assert.deepEqual(inParts, read);
  });
});

describe("a signed head", () => {
  const tree = { size: 5, rootHash: new Uint8Array(32).toBase64(), timestampMs: 1_700_000_000_000 };
  const keys = [
    ["ED25519_SHA_512", null, () => generateKeyPairSync("ed25519")],
    ["ECDSA_SHA_256", "sha256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["ECDSA_SHA_384", "sha384", () => generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ] as const;

  for (const [algorithm, digest, generate] of keys) {
    it(`is verified: ${algorithm}`, () => {
      const { privateKey, publicKey } = generate();
      const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");
      const key: HeadKey = { keyId: "k", algorithm, publicKey: spki };
      // ECDSA's s is in either half by chance.
      for (let n = 0; n < 4; n++) {
        const signature = sign(digest, encodeHead("relay", tree), privateKey).toString("base64");
        const head = readSignedHead({ ...tree, keyId: "k", signature });
        assert.ok(head !== undefined);
        assert.equal(verifyHead("relay", key, head), true);
        const wrong = [
          verifyHead("another", key, head),
          verifyHead("relay", { ...key, keyId: "l" }, head),
          verifyHead("relay", { ...key, algorithm: "constructor" }, head),
          verifyHead("relay", { ...key, publicKey: "AAAA" }, head),
          verifyHead("relay", key, { ...head, size: 6 }),
          verifyHead("relay", key, { ...head, timestampMs: 0 }),
          verifyHead("relay", key, { ...head, signature: "AAAA" }),
        ];
        assert.deepEqual(wrong, Array(wrong.length).fill(false));
      }
    });
  }

  it("is nothing when it is malformed", () => {
    const good = { ...tree, keyId: "k", signature: "AAAA" };
    assert.ok(readSignedHead(good));
    for (const bad of [null, 1, {}, { ...good, size: -1 }, { ...good, rootHash: "AAAA" }, { ...good, signature: 1 }]) {
      assert.equal(readSignedHead(bad), undefined);
    }
  });
});
