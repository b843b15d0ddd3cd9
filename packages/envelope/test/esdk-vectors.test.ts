import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { platform } from "#platform";
import { ByteQueue } from "../src/byte-queue.ts";
import { publicKeyOf } from "../src/encryption-context.ts";
import { decrypt, decryptChunks, EnvelopeError, suites } from "../src/index.ts";
import { finishMessage, takeFrames, takeHeader } from "../src/message/read-message.ts";
import { type EsdkCase, readEsdkCases } from "./esdk-vectors.ts";

/** A folder with AWS's test vectors unpacked, each archive in a folder of its own. */
const fullSet = process.env["ESDK_VECTORS"];
const onNode = import.meta.resolve("#platform").endsWith("/node.ts");

async function run({ message, plaintext, keyring }: EsdkCase): Promise<void> {
  assert.ok(keyring);
  const options = { keyring, commitment: "optional" } as const;
  const halves = () => {
    const bytes = message();
    return [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
  };
  if (plaintext === undefined) {
    await assert.rejects(decrypt(message(), options), EnvelopeError);
    await assert.rejects(Array.fromAsync(decryptChunks(halves(), options)), EnvelopeError);
    return;
  }
  assert.deepEqual(Buffer.from((await decrypt(message(), options)).plaintext), Buffer.from(plaintext()));
  const pieces = await Array.fromAsync(decryptChunks(halves(), options));
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(plaintext()));
}

describe("messages that the AWS Encryption SDK for Python made", () => {
  const cases = readEsdkCases(join(import.meta.dirname, "../../../vectors/esdk/messages.json"));

  it("are of each suite", () => {
    const ids = cases
      .filter(({ plaintext }) => plaintext !== undefined)
      .map(({ message }) => Buffer.from(message()))
      .map((bytes) => bytes.readUInt16BE(bytes[0] === 2 ? 1 : 2));
    assert.deepEqual(new Set(ids), new Set(suites.keys()));
  });

  for (const one of cases) {
    const skip = one.name.includes("pkcs1") && !onNode ? "The Web Cryptography API has no PKCS #1 v1.5." : false;
    it(`${one.plaintext === undefined ? "refuses" : "reads"}: ${one.name}`, { skip }, () => run(one));
  }
});

/** What shows without a key: the header, the order and lengths of the parts, the signature. @returns whether it is signed */
async function checkStructure(message: Uint8Array): Promise<boolean> {
  const queue = new ByteQueue([message]);
  const header = await takeHeader(queue, 65_535);
  const { signature } = header.suite;
  const publicKey = publicKeyOf(header.context);
  assert.equal(publicKey !== undefined, signature !== undefined);
  const verifier = signature && (await platform.messageVerifier(signature.curve, signature.hash, publicKey!));
  verifier?.update(message.subarray(0, header.byteLength));
  for await (const _ of takeFrames({ header, verifier }, queue, { maxBufferedBytes: 2 ** 30 }));
  await finishMessage({ verifier }, queue);
  return verifier !== undefined;
}

describe("AWS's published test vectors", {
  skip: fullSet === undefined ? "ESDK_VECTORS names no folder." : false,
}, () => {
  const manifests = fullSet === undefined ? [] : globSync("**/{decrypt_message,manifest}.json", { cwd: fullSet });
  for (const path of manifests) {
    it(path, async (t) => {
      const cases = readEsdkCases(join(fullSet!, path));
      const counts = { read: 0, refused: 0, "in AWS KMS alone, structure only": 0, "of these, signatures verified": 0 };
      for (const one of cases) {
        if (one.keyring !== undefined) {
          await run(one);
          counts[one.plaintext === undefined ? "refused" : "read"]++;
        } else if (one.plaintext !== undefined) {
          if (await checkStructure(one.message())) counts["of these, signatures verified"]++;
          counts["in AWS KMS alone, structure only"]++;
        }
      }
      t.diagnostic(`${cases.length} cases: ${JSON.stringify(counts)}`);
    });
  }
});
