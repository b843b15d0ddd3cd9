import assert from "node:assert/strict";
import { hash, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { pairOf, signingAlgorithm } from "../testing/pairs.ts";
import { modulusBytes, recoverEncoded, signEncoded } from "./rsa-raw.ts";

const row = signingAlgorithm("RSASSA_PSS_SHA_256");
const message = Buffer.from("message");
const digest = hash("sha256", message, "buffer");
const hashBytes = 32;

/** The encoded message of some signature, small enough that it is below the modulus with its top bit set as well. */
async function encodedMessage(privateKey: KeyObject, publicKey: KeyObject): Promise<Buffer> {
  for (;;) {
    const encoded = recoverEncoded(publicKey, await row.sign(privateKey, digest, "DIGEST"));
    assert.ok(encoded !== undefined);
    if (encoded[0] === 0) return encoded;
  }
}

test("EMSA-PSS: the trailer, the bit above the room, the zeros and the one before the salt all have to be right", async () => {
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  const encoded = await encodedMessage(privateKey, publicKey);
  const separator = modulusBytes(publicKey) - 2 * hashBytes - 2;
  const changes: readonly (readonly [byte: number, bits: number, isValid: boolean])[] = [
    [0, 0, true],
    [encoded.length - 1, 0x01, false],
    [0, 0x80, false],
    [1, 0x10, false],
    [separator - 1, 0x01, false],
    [separator, 0x02, false],
    [separator, 0x01, false],
    [separator + 1, 0x01, false],
    [encoded.length - 2, 0x01, false],
  ];
  for (const [byte, bits, isValid] of changes) {
    const changed = Buffer.from(encoded);
    changed[byte] = (changed[byte] ?? 0) ^ bits;
    const signature = signEncoded(privateKey, changed);
    assert.equal(await row.verify(publicKey, digest, "DIGEST", signature), isValid, `byte ${byte}`);
    // OpenSSL is of the same opinion.
    assert.equal(await row.verify(publicKey, message, "RAW", signature), isValid, `byte ${byte}`);
  }
});

test("a signature that begins with a zero byte is none without it", async () => {
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  for (const name of ["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"]) {
    const algorithm = signingAlgorithm(name);
    let signed = message;
    let signature: Buffer;
    do {
      signed = Buffer.concat([signed, Buffer.of(0)]);
      signature = await algorithm.sign(privateKey, signed, "RAW");
    } while (signature[0] !== 0);
    assert.equal(await algorithm.verify(publicKey, signed, "RAW", signature), true);
    assert.equal(await algorithm.verify(publicKey, signed, "RAW", signature.subarray(1)), false, name);
    const signedDigest = hash("sha256", signed, "buffer");
    assert.equal(await algorithm.verify(publicKey, signedDigest, "DIGEST", signature.subarray(1)), false, name);
  }
});
