import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { encodeHead, type SignedHead } from "./signed-head.ts";
import { type HeadKey, readSignedHead, verifyHead } from "./verify-head.ts";

interface Signer {
  readonly algorithm: string;
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly hash: string | null;
}

/** Keys and signatures by OpenSSL, in the encodings of AWS KMS: SubjectPublicKeyInfo, and ECDSA in DER. */
const signers: readonly Signer[] = [
  { algorithm: "ED25519_SHA_512", pair: generateKeyPairSync("ed25519"), hash: null },
  { algorithm: "ECDSA_SHA_256", pair: generateKeyPairSync("ec", { namedCurve: "P-256" }), hash: "sha256" },
  { algorithm: "ECDSA_SHA_384", pair: generateKeyPairSync("ec", { namedCurve: "P-384" }), hash: "sha384" },
];

const relayId = "relay-one";
const tree = { size: 7, rootHash: new Uint8Array(32).fill(7).toBase64(), timestampMs: 1_700_000_000_000 };

function keyOf({ algorithm, pair }: Signer): HeadKey {
  const publicKey = new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" })).toBase64();
  return { keyId: "key-1", algorithm, publicKey };
}

function signedBy({ pair, hash }: Signer): SignedHead {
  const signature = new Uint8Array(sign(hash, encodeHead(relayId, tree), pair.privateKey)).toBase64();
  return { ...tree, keyId: "key-1", signature };
}

describe("the head of a log", () => {
  for (const signer of signers) {
    const key = keyOf(signer);

    it(`is taken as ${signer.algorithm} signs it, every time`, () => {
      // ECDSA's signatures have many lengths, and an s in either half.
      for (let n = 0; n < 20; n++) assert.equal(verifyHead(relayId, key, signedBy(signer)), true);
    });

    it(`is refused with any other bit in a signature of ${signer.algorithm}`, () => {
      const head = signedBy(signer);
      const bits = Uint8Array.fromBase64(head.signature).length * 8;
      for (let bit = 0; bit < bits; bit += 5) {
        const signature = Uint8Array.fromBase64(head.signature);
        signature[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(verifyHead(relayId, key, { ...head, signature: signature.toBase64() }), false, `bit ${bit}`);
      }
    });

    it(`is refused of ${signer.algorithm} when anything that it says is another thing`, () => {
      const head = signedBy(signer);
      const others: readonly Partial<SignedHead>[] = [
        { size: 8 },
        { rootHash: new Uint8Array(32).toBase64() },
        { timestampMs: tree.timestampMs + 1 },
        { keyId: "key-2" },
        { signature: "" },
        { signature: "no base64" },
      ];
      for (const other of others) assert.equal(verifyHead(relayId, key, { ...head, ...other }), false);
      assert.equal(verifyHead("relay-two", key, head), false);
    });

    it(`is refused by another key than ${signer.algorithm}'s`, () => {
      const head = signedBy(signer);
      for (const other of signers) {
        if (other !== signer) assert.equal(verifyHead(relayId, keyOf(other), head), false);
        if (other !== signer) assert.equal(verifyHead(relayId, { ...key, algorithm: other.algorithm }, head), false);
      }
      for (const algorithm of ["", "constructor", "RSASSA_PSS_SHA_256"]) {
        assert.equal(verifyHead(relayId, { ...key, algorithm }, head), false);
      }
      const spki = Uint8Array.fromBase64(key.publicKey);
      for (const publicKey of [spki.slice(1), spki.slice(0, -1), Uint8Array.of(...spki, 0), new Uint8Array()]) {
        assert.equal(verifyHead(relayId, { ...key, publicKey: publicKey.toBase64() }, head), false);
      }
      const otherCurve = spki.slice();
      otherCurve[10]! ^= 1;
      assert.equal(verifyHead(relayId, { ...key, publicKey: otherCurve.toBase64() }, head), false);
    });
  }

  it("is refused with ECDSA's numbers instead of their DER, which KMS does not give", () => {
    const signer = signers[1]!;
    const head = signedBy(signer);
    const compact = p256.Signature.fromBytes(Uint8Array.fromBase64(head.signature), "der").toBytes("compact");
    assert.equal(verifyHead(relayId, keyOf(signer), { ...head, signature: compact.toBase64() }), false);
  });

  it("is refused of an Ed25519 key of small order, of which everything is signed", () => {
    const neutral = Uint8Array.of(1, ...new Uint8Array(31));
    const prefix = Uint8Array.fromBase64(keyOf(signers[0]!).publicKey).subarray(0, 12);
    const publicKey = Uint8Array.of(...prefix, ...neutral).toBase64();
    const signature = Uint8Array.of(...neutral, ...new Uint8Array(32)).toBase64();
    const key = { ...keyOf(signers[0]!), publicKey };
    assert.equal(verifyHead(relayId, key, { ...tree, keyId: "key-1", signature }), false);
  });

  it("is read as it is, or not at all", () => {
    const head = signedBy(signers[0]!);
    assert.deepEqual(readSignedHead({ ...head, more: 1 }), head);
    const wrong: readonly unknown[] = [
      undefined,
      null,
      "head",
      { ...head, size: -1 },
      { ...head, size: 0.5 },
      { ...head, size: 2 ** 53 },
      { ...head, size: "7" },
      { ...head, rootHash: "AAAA" },
      { ...head, timestampMs: Number.NaN },
      { ...head, keyId: 1 },
      { ...head, keyId: "k".repeat(2049) },
      { ...head, signature: "?" },
    ];
    for (const value of wrong) assert.equal(readSignedHead(value), undefined, JSON.stringify(value));
  });
});
