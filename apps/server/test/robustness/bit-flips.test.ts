import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BadInputServer } from "./bad-input-fixture.ts";
import type { HttpRequest } from "./http-client.ts";
import { assertRefusal } from "./refusals.ts";
import type { WireName } from "./wires.ts";

/** How many requests are under way at a time. */
const parallel = 8;

/** Every copy of `bytes` with one bit flipped. */
function* flips(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = copy[bit >> 3]! ^ (1 << (bit & 7));
    yield copy;
  }
}

/** Every shorter copy of `bytes`. */
function* cuts(bytes: Buffer): Generator<Buffer> {
  for (let length = 1; length < bytes.length; length += 1) yield bytes.subarray(0, length);
}

describe("a ciphertext that was changed anywhere", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start();
  });
  after(async () => {
    await bad.assertUnharmed();
    await bad.stop();
  });

  async function refuseAll(
    wire: WireName,
    changed: Iterator<Buffer>,
    make: (bytes: Buffer) => HttpRequest,
    words: string | RegExp,
  ): Promise<number> {
    let refused = 0;
    const worker = async () => {
      for (let next = changed.next(); next.done !== true; next = changed.next()) {
        assertRefusal(wire, await bad.wires.client.send(make(next.value)), 400, words);
        refused += 1;
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    return refused;
  }

  const kms = () => Buffer.from(bad.canary.kms, "base64");
  // A flip in the key's id names a key that is not there, or another one: the same answer, as AWS gives it.
  const awsWords = /^(?:InvalidCiphertext|IncorrectKey)Exception$/;
  const restWords = /^(?:CiphertextInvalid|IncorrectKey)$/;

  const decryptAws = (key: string | undefined) => (bytes: Buffer) =>
    bad.wires.awsRequest("Decrypt", {
      CiphertextBlob: bytes.toString("base64"),
      EncryptionContext: bad.canary.context,
      KeyId: key,
    });

  it("aws: every bit, with the key named", async () => {
    assert.equal(await refuseAll("aws", flips(kms()), decryptAws("alias/canary"), awsWords), kms().length * 8);
  });

  it("aws: every bit, with no key named", async () => {
    const words = /^(?:InvalidCiphertext|AccessDenied)Exception$/;
    assert.equal(await refuseAll("aws", flips(kms()), decryptAws(undefined), words), kms().length * 8);
  });

  it("aws: every length", async () => {
    assert.equal(await refuseAll("aws", cuts(kms()), decryptAws("alias/canary"), awsWords), kms().length - 1);
  });

  const decryptRest = (bytes: Buffer) =>
    bad.wires.restRequest("POST", "/decrypt", {
      key_id: "canary",
      ciphertext: bytes.toString("base64"),
      context: bad.canary.context,
    });

  it("rest: every bit and every length", async () => {
    assert.equal(await refuseAll("rest", flips(kms()), decryptRest, restWords), kms().length * 8);
    assert.equal(await refuseAll("rest", cuts(kms()), decryptRest, restWords), kms().length - 1);
  });

  const decryptVault = (ciphertext: string) =>
    bad.wires.vaultRequest("POST", "transit/decrypt/canary", {
      ciphertext,
      associated_data: bad.canary.associatedData,
    });

  it("vault: every bit and every length behind the prefix", async () => {
    const bytes = Buffer.from(bad.canary.transit.slice("vault:v1:".length), "base64");
    const make = (changed: Buffer) => decryptVault(`vault:v1:${changed.toString("base64")}`);
    const words = "cipher: message authentication failed";
    assert.equal(await refuseAll("vault", flips(bytes), make, words), bytes.length * 8);
    assert.equal(await refuseAll("vault", cuts(bytes), make, words), bytes.length - 1);
  });

  it("vault: every bit of the prefix", async () => {
    const { transit } = bad.canary;
    const prefix = Buffer.from("vault:v1:");
    const make = (changed: Buffer) => decryptVault(changed.toString("latin1") + transit.slice(prefix.length));
    const words = /^invalid ciphertext: |^ciphertext or signature version|^cipher: message authentication failed$/;
    assert.equal(await refuseAll("vault", flips(prefix), make, words), prefix.length * 8);
  });
});
