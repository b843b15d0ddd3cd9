import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  constants,
  createDecipheriv,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { encryptToRecipient } from "./enveloped-data.ts";

/** An element of BER: its tag, whether its length was told ahead, and its content or children. */
interface Element {
  readonly tag: number;
  readonly isIndefinite: boolean;
  readonly content: Buffer;
  readonly children: readonly Element[];
}

/** Parses one element of BER, with lengths told ahead or not (ITU-T X.690). @returns it and the offset after it */
function parseBer(bytes: Buffer, start = 0): [Element, number] {
  const tag = bytes[start]!;
  let at = start + 2;
  let length = bytes[start + 1]!;
  if (length === 0x80) {
    const children: Element[] = [];
    while (bytes.readUInt16BE(at) !== 0) {
      const [child, next] = parseBer(bytes, at);
      children.push(child);
      at = next;
    }
    return [{ tag, isIndefinite: true, content: bytes.subarray(start + 2, at), children }, at + 2];
  }
  if (length > 0x80) {
    const lengthBytes = length & 0x7f;
    length = bytes.readUIntBE(at, lengthBytes);
    at += lengthBytes;
  }
  const end = at + length;
  assert.ok(end <= bytes.length, "an element is whole");
  const content = bytes.subarray(at, end);
  const children: Element[] = [];
  if ((tag & 0x20) !== 0) {
    for (let offset = at; offset < end; ) {
      const [child, next] = parseBer(bytes, offset);
      children.push(child);
      offset = next;
    }
  }
  return [{ tag, isIndefinite: false, content, children }, end];
}

/** The fields of EnvelopedData, by their places (RFC 5652 section 6.1). */
function parseEnvelopedData(bytes: Buffer) {
  const [outer, end] = parseBer(bytes);
  assert.equal(end, bytes.length);
  const envelope = outer.children[1]!.children[0]!;
  const [, recipients, encryptedContent] = envelope.children;
  const recipient = recipients!.children[0]!;
  const [, keyIdentifier, , wrappedKey] = recipient.children;
  const [, algorithm, content] = encryptedContent!.children;
  return {
    outer,
    keyIdentifier: keyIdentifier!.content,
    wrappedKey: wrappedKey!.content,
    iv: algorithm!.children[1]!.content,
    content: Buffer.concat(content!.children.map((part) => part.content)),
  };
}

/** Everything but what is random or depends on the plaintext: tags, kinds of length, and all short contents. */
function shapeOf(element: Element): unknown {
  const { tag, isIndefinite, content, children } = element;
  if (children.length > 0) return [tag, isIndefinite, children.map(shapeOf)];
  return [tag, isIndefinite, content.length < 16 ? content.toString("hex") : "long"];
}

function decrypt(bytes: Buffer, privateKey: KeyObject): Buffer {
  const { wrappedKey, iv, content } = parseEnvelopedData(bytes);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const key = privateDecrypt({ key: privateKey, padding, oaepHash: "sha256" }, wrappedKey);
  const decipher = createDecipheriv("aes-256-cbc", key, iv);
  return Buffer.concat([decipher.update(content), decipher.final()]);
}

describe("CMS enveloped data", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

  it("opens with the private key, whatever the length", () => {
    for (const length of [0, 1, 15, 16, 17, 32, 1024, 4096]) {
      const plaintext = randomBytes(length);
      assert.deepEqual(decrypt(encryptToRecipient(plaintext, publicKey, randomBytes), privateKey), plaintext);
    }
    const large = generateKeyPairSync("rsa", { modulusLength: 4096 });
    assert.deepEqual(
      decrypt(encryptToRecipient(Buffer.of(1), large.publicKey, randomBytes), large.privateKey),
      Buffer.of(1),
    );
  });

  it("has the shape of an answer of AWS KMS, and names the key as it does", () => {
    const file = new URL("../../../vectors/nitro/ciphertext-for-recipient.json", import.meta.url);
    const recorded = JSON.parse(readFileSync(file, "utf8")) as { publicKey: string; ciphertext: string };
    const theirs = parseEnvelopedData(Buffer.from(recorded.ciphertext, "base64"));
    const key = createPublicKey({ key: Buffer.from(recorded.publicKey, "base64"), format: "der", type: "spki" });
    const ours = parseEnvelopedData(encryptToRecipient(randomBytes(150), key, randomBytes));
    assert.deepEqual(shapeOf(ours.outer), shapeOf(theirs.outer));
    assert.deepEqual(ours.keyIdentifier, theirs.keyIdentifier);
    assert.equal(ours.content.length, theirs.content.length);
    assert.equal(ours.wrappedKey.length, theirs.wrappedKey.length);
  });

  it("takes a new content key and IV each time, and wipes the key", () => {
    const drawn: Buffer[] = [];
    const random = (byteLength: number) => {
      const bytes = randomBytes(byteLength);
      drawn.push(bytes);
      return bytes;
    };
    const [first, second] = [1, 2].map(() => parseEnvelopedData(encryptToRecipient(Buffer.of(1), publicKey, random)));
    assert.notDeepEqual(first!.iv, second!.iv);
    assert.notDeepEqual(first!.wrappedKey, second!.wrappedKey);
    assert.deepEqual(
      drawn.map(({ length }) => length),
      [32, 16, 32, 16],
    );
    assert.ok(drawn[0]!.equals(Buffer.alloc(32)));
  });

  const openssl = component("openssl");
  it("opens with openssl cms", { skip: openssl.available ? false : openssl.reason }, () => {
    const directory = mkdtempSync(join(tmpdir(), "coffer-cms-"));
    try {
      const plaintext = randomBytes(32);
      const [message, key] = [join(directory, "message"), join(directory, "key.pem")];
      writeFileSync(message, encryptToRecipient(plaintext, publicKey, randomBytes));
      writeFileSync(key, String(privateKey.export({ type: "pkcs8", format: "pem" })), { mode: 0o600 });
      const options = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", message, "-inkey", key];
      const { status, stdout, stderr } = spawnSync(openssl.available ? openssl.path : "", options);
      assert.equal(status, 0, stderr.toString());
      assert.deepEqual(stdout, plaintext);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
