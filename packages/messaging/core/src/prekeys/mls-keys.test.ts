import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { MessagingError } from "../errors.ts";
import { checkMlsKeys, mlsSet } from "./mls-keys.ts";

const owner = { userId: "bob", deviceId: "phone" };
const device = ed25519.keygen();

interface Parts {
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly credential: readonly number[];
  readonly leafSigner: Uint8Array;
  readonly leafLabel: string;
  readonly packageSigner: Uint8Array;
  readonly packageLabel: string;
  readonly source: number;
  readonly extensions: readonly number[];
}

const honest: Parts = {
  initKey: x25519.keygen().publicKey,
  encryptionKey: x25519.keygen().publicKey,
  signatureKey: device.publicKey,
  credential: [0, 1, ...vector(new TextEncoder().encode("bob/phone"))],
  leafSigner: device.secretKey,
  leafLabel: "LeafNodeTBS",
  packageSigner: device.secretKey,
  packageLabel: "KeyPackageTBS",
  source: 1,
  extensions: vector([]),
};

function vector(bytes: ArrayLike<number>): number[] {
  const { length } = bytes;
  return [...(length < 64 ? [length] : [0x40 | (length >> 8), length & 0xff]), ...Array.from(bytes)];
}

function sign(label: string, content: number[], key: Uint8Array): number[] {
  const text = new TextEncoder().encode(`MLS 1.0 ${label}`);
  return [...vector(ed25519.sign(Uint8Array.of(...vector(text), ...vector(content)), key))];
}

/** A key package of RFC 9420, section 10, written by hand, so that each part can be wrong and all the rest right. */
function keyPackage(changes: Partial<Parts>): Uint8Array {
  const parts = { ...honest, ...changes };
  const capabilities = [vector([0, 1]), vector([0, 1]), vector([]), vector([]), vector([0, 1])].flat();
  const lifetime = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255];
  const { credential, encryptionKey, signatureKey, source } = parts;
  const leaf = [
    ...vector(encryptionKey),
    ...vector(signatureKey),
    ...credential,
    ...capabilities,
    source,
    ...lifetime,
    0,
  ];
  const signedLeaf = [...leaf, ...sign(parts.leafLabel, leaf, parts.leafSigner)];
  const content = [0, 1, 0, 1, ...vector(parts.initKey), ...signedLeaf, ...parts.extensions];
  return Uint8Array.of(0, 1, 0, 5, ...content, ...sign(parts.packageLabel, content, parts.packageSigner));
}

function check(bytes: Uint8Array): void {
  const identityKey = device.publicKey.toBase64();
  const sets = { [mlsSet]: { oneTime: [{ keyId: "1", key: bytes.toBase64() }] } };
  checkMlsKeys(identityKey, { identityKey, sets }, owner);
}

describe("a key package", () => {
  it("is taken when all of it is right", () => {
    assert.doesNotThrow(() => check(keyPackage({})));
  });

  const other = ed25519.keygen();
  const wrong: readonly (readonly [string, Partial<Parts>, RegExp])[] = [
    ["whose leaf another key signed", { leafSigner: other.secretKey }, /not signed/],
    ["whose leaf is signed as something else", { leafLabel: "KeyPackageTBS" }, /not signed/],
    ["that another key signed", { packageSigner: other.secretKey }, /not signed/],
    ["that is signed as something else", { packageLabel: "LeafNodeTBS" }, /not signed/],
    ["whose leaf names another key", { signatureKey: other.publicKey }, /not of the identity key/],
    ["with one HPKE key for two uses", { encryptionKey: honest.initKey }, /one key twice/],
    ["with an HPKE key of zeros", { initKey: new Uint8Array(32) }, /no Curve25519 key/],
    ["with an HPKE key that is too short", { encryptionKey: new Uint8Array(31).fill(9) }, /no Curve25519 key/],
    ["with an X.509 credential", { credential: [0, 2, ...vector([0])] }, /basic/],
    ["whose credential names nobody", { credential: [0, 1, 0] }, /another device's/],
    ["whose leaf is of a commit", { source: 3 }, /malformed/],
    ["with a length that is written longer than it has to be", { extensions: [0x40, 0x00] }, /malformed/],
    ["with a length of eight bytes", { extensions: [0xc0, 0, 0, 0, 0, 0, 0, 0] }, /malformed/],
  ];
  for (const [what, changes, why] of wrong) {
    it(`is refused ${what}`, () => {
      assert.throws(
        () => check(keyPackage(changes)),
        (error) => error instanceof MessagingError && error.code === "BundleRefused" && why.test(error.message),
      );
    });
  }
});
