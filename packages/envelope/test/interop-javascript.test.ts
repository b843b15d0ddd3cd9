import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  MultiKeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";
import { decrypt, encrypt, multiKeyring, rawAesKeyring, suites } from "../src/index.ts";
import { interopContexts, interopPlaintexts } from "./interop-cases.ts";

const strict = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const old = buildClient(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);

const wrappingSuites = [
  RawAesWrappingSuiteIdentifier.AES128_GCM_IV12_TAG16_NO_PADDING,
  RawAesWrappingSuiteIdentifier.AES192_GCM_IV12_TAG16_NO_PADDING,
  RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
];
const pairs = [16, 24, 32].map((length, index) => {
  const wrappingKey = new Uint8Array(length).fill(length);
  const name = `schlüssel ${index}`;
  return {
    ours: rawAesKeyring({ namespace: "interop", name, wrappingKey }),
    theirs: new RawAesKeyringNode({
      keyNamespace: "interop",
      keyName: name,
      unencryptedMasterKey: wrappingKey.slice(),
      wrappingSuite: wrappingSuites[index]!,
      // Without it, it binds data keys to contexts in the order of a locale, which no other language's SDK reads.
      utf8Sorting: true,
    }),
  };
});
const all = multiKeyring(pairs.map(({ ours }) => ours));

/** `AlgorithmSuiteIdentifier` has numbers and names, both ways. */
const suiteIds = new Map([...suites.keys()].map((id) => [id, id as AlgorithmSuiteIdentifier]));

describe("AWS Encryption SDK for JavaScript", () => {
  it("knows the suites that we know", () => {
    const theirs = Object.values(AlgorithmSuiteIdentifier).filter((id) => typeof id === "number");
    assert.deepEqual(
      theirs.filter((id) => !suites.has(id)),
      [],
    );
  });

  it("what it writes we read: each suite, frames of any length, each wrapping key", async () => {
    for (const [row, suite] of [...suites.values()].entries()) {
      const client = suite.commits ? strict : old;
      for (const [column, frameLength] of [1, 100, 4096].entries()) {
        const { ours, theirs } = pairs[(row + column) % 3]!;
        const context = interopContexts[(row + column) % interopContexts.length]!;
        const plaintext = interopPlaintexts[(row + column) % interopPlaintexts.length]!.subarray(0, frameLength * 40);
        const suiteId = suiteIds.get(suite.id)!;
        const { result } = await client.encrypt(theirs, plaintext, {
          suiteId,
          frameLength,
          encryptionContext: context,
        });
        const decrypted = await decrypt(result, { keyring: ours, context, commitment: "optional" });
        assert.deepEqual(decrypted.plaintext, Uint8Array.from(plaintext));
        assert.deepEqual({ ...decrypted.context }, { ...context });
        assert.equal(decrypted.suite, suite.name);
      }
    }
  });

  it("what we write it reads: both suites, frames of any length, contexts, several keys", async () => {
    for (const [column, context] of interopContexts.entries()) {
      for (const [row, frameBytes] of [1, 100, 65_536].entries()) {
        const plaintext = interopPlaintexts[(row + column) % interopPlaintexts.length]!.subarray(0, frameBytes * 40);
        const message = await encrypt(plaintext, { keyring: all, context, frameBytes, sign: row % 2 === 0 });
        const { theirs } = pairs[(row + column) % 3]!;
        const decrypted = await strict.decrypt(theirs, message);
        assert.deepEqual(Uint8Array.from(decrypted.plaintext), Uint8Array.from(plaintext));
        const { "aws-crypto-public-key": _, ...stored } = decrypted.messageHeader.encryptionContext;
        assert.deepEqual(stored, { ...context });
      }
    }
  });

  it("several of its keys wrap, each of ours unwraps", async () => {
    const [generator, ...children] = pairs.map(({ theirs }) => theirs);
    const { result } = await strict.encrypt(new MultiKeyringNode({ generator: generator!, children }), "for three");
    for (const { ours } of pairs) {
      assert.equal(Buffer.from((await decrypt(result, { keyring: ours })).plaintext).toString(), "for three");
    }
  });
});
