import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { promisify } from "node:util";
import type { KeySpec } from "../algorithms.ts";
import { CryptoInvariantError } from "../invariant.ts";
import { schemes } from "../off-loop/schemes.ts";
import { pairOf } from "../testing/pairs.ts";
import {
  canSignWithOpenssl,
  type EvpSchemeName,
  evpKeyOf,
  signWithOpenssl,
  verifyWithOpenssl,
} from "./evp-signatures.ts";

const cases: readonly [KeySpec, EvpSchemeName, keyof typeof schemes][] = [
  ["ECC_NIST_P256", "ecdsa-digest", "ecdsa"],
  ["ECC_NIST_P384", "ecdsa-digest", "ecdsa"],
  ["ECC_NIST_P521", "ecdsa-digest", "ecdsa"],
  ["ECC_SECG_P256K1", "ecdsa-digest", "ecdsa"],
  ["ECC_NIST_EDWARDS25519", "ed25519ph", "ed25519ph"],
  ["ML_DSA_44", "ml-dsa-44-mu", "ml-dsa-mu"],
  ["ML_DSA_65", "ml-dsa-65-mu", "ml-dsa-mu"],
  ["ML_DSA_87", "ml-dsa-87-mu", "ml-dsa-mu"],
];

test("the pinned Node reaches its OpenSSL", () => {
  assert.equal(canSignWithOpenssl(), true);
});

for (const [spec, name, scheme] of cases) {
  test(`${spec}: OpenSSL and JavaScript verify each other's signatures, and refuse the same`, async () => {
    const { privateKey, publicKey } = await pairOf(spec);
    const [own, open] = [evpKeyOf(privateKey), evpKeyOf(publicKey)];
    // ECDSA takes digests of other lengths than the curve's.
    for (const bytes of name === "ecdsa-digest" ? [randomBytes(32), randomBytes(64)] : [randomBytes(64)]) {
      const signature = signWithOpenssl(name, own, bytes);
      assert.equal(schemes[scheme].verify(publicKey, bytes, signature), true);
      assert.equal(verifyWithOpenssl(name, open, bytes, schemes[scheme].sign(privateKey, bytes)), true);
      assert.equal(verifyWithOpenssl(name, open, bytes, signature), true);
      const wrong = [
        Buffer.alloc(0),
        signature.subarray(0, -1),
        Buffer.concat([signature, Buffer.of(0)]),
        Buffer.alloc(10_000, 0x30),
        signature.map((byte, index) => (index === signature.length - 1 ? byte ^ 1 : byte)),
      ];
      for (const other of wrong) assert.equal(verifyWithOpenssl(name, open, bytes, other), false);
      assert.equal(verifyWithOpenssl(name, open, randomBytes(bytes.length), signature), false);
    }
  });
}

test("a public key signs nothing, and a key of another kind fits no scheme", async () => {
  const bytes = Buffer.alloc(64, 1);
  const { publicKey } = await pairOf("ECC_NIST_P256");
  assert.throws(() => signWithOpenssl("ecdsa-digest", evpKeyOf(publicKey), bytes), CryptoInvariantError);
  const { privateKey } = await pairOf("ECC_NIST_EDWARDS25519");
  for (const name of ["ecdsa-digest", "ml-dsa-44-mu"] as const) {
    assert.throws(() => signWithOpenssl(name, evpKeyOf(privateKey), bytes), CryptoInvariantError, name);
  }
});

test("one key object is one key of OpenSSL's", async () => {
  const { privateKey, publicKey } = await pairOf("ECC_NIST_P256");
  assert.equal(evpKeyOf(privateKey).handle, evpKeyOf(privateKey).handle);
  assert.notEqual(evpKeyOf(privateKey).handle, evpKeyOf(publicKey).handle);
});

test("a Node without node:ffi signs in JavaScript", async () => {
  const program = `
    import { generateKeyPairSync, randomBytes } from "node:crypto";
    import { canSignWithOpenssl } from ${JSON.stringify(new URL("./evp-signatures.ts", import.meta.url).href)};
    import { findSigningAlgorithm } from ${JSON.stringify(new URL("../signing-algorithms.ts", import.meta.url).href)};
    const told = [canSignWithOpenssl()];
    for (const [kind, options, name, type] of [
      ["ec", { namedCurve: "P-256" }, "ECDSA_SHA_256", "DIGEST"],
      ["ed25519", {}, "ED25519_PH_SHA_512", "DIGEST"],
      ["ml-dsa-44", {}, "ML_DSA_SHAKE_256", "EXTERNAL_MU"],
    ]) {
      const { privateKey, publicKey } = generateKeyPairSync(kind, options);
      const row = findSigningAlgorithm(name);
      const message = randomBytes(row.messageTypes.get(type));
      const signature = await row.sign(privateKey, message, type);
      told.push(await row.verify(publicKey, message, type, signature));
      message[0] ^= 1;
      told.push(await row.verify(publicKey, message, type, signature));
    }
    console.log(told.join());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--no-experimental-ffi", "--input-type=module", "-e", program],
  ]);
  assert.equal(stdout, "false,true,false,true,false,true,false\n");
});
