import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encrypt } from "@coffer/envelope";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import { attachmentContext, attachmentKeyring } from "./attachment-cipher.ts";
import { type AttachmentPointer, maxAttachmentBytes, parseAttachmentPointer } from "./attachment-pointer.ts";
import { decryptAttachment, maxCiphertextBytes } from "./decrypt-attachment.ts";
import { type AttachmentDescription, encryptAttachment } from "./encrypt-attachment.ts";
import { paddedSize } from "./padded-size.ts";

async function seal(content: Parameters<typeof encryptAttachment>[0], about?: AttachmentDescription) {
  const { blobId, ciphertext, pointer } = encryptAttachment(content, about);
  const chunks: Uint8Array[] = [];
  for await (const chunk of ciphertext) chunks.push(chunk);
  return {
    blobId,
    ciphertext: new Uint8Array(Buffer.concat(chunks)),
    pointer: await pointer,
  };
}

async function* inPieces(bytes: Uint8Array, pieceBytes: number) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const isRefused = (error: unknown) => error instanceof MessagingError && error.code === "AttachmentRefused";
const isInvalid = (error: unknown) => error instanceof MessagingError && error.code === "InvalidInput";

/** A ciphertext of a plaintext as it is, and the pointer that a sender with the key could write for it. */
async function forge(pointer: AttachmentPointer, plaintext: Uint8Array, blobId = pointer.blobId) {
  const keyring = attachmentKeyring(bytesOfBase64(pointer.key)!);
  const ciphertext = await encrypt(plaintext, { keyring, ...attachmentContext(blobId) });
  return { ciphertext, pointer: { ...pointer, digest: base64OfBytes(sha256(ciphertext)) } };
}

describe("attachments", () => {
  it("open as they were, whatever their size, whole and in pieces", async () => {
    for (const bytes of [0, 1, 1024, 1025, 65_536, 65_537, 200_000]) {
      const content = bytes === 0 ? new Uint8Array() : randomBytes(Math.min(bytes, 65_536)).slice();
      const all = new Uint8Array(bytes);
      for (let at = 0; at < bytes; at += content.length) all.set(content.subarray(0, bytes - at), at);
      const sealed = await seal(inPieces(all, 10_007), { name: "a b.png", mediaType: "image/png" });
      assert.equal(sealed.pointer.bytes, bytes);
      assert.equal(sealed.pointer.blobId, sealed.blobId);
      assert.deepEqual([sealed.pointer.name, sealed.pointer.mediaType], ["a b.png", "image/png"]);
      assert.ok(sealed.ciphertext.length <= maxCiphertextBytes(bytes), String(bytes));
      const pointer = parseAttachmentPointer(JSON.parse(JSON.stringify(sealed.pointer)));
      assert.deepEqual(await decryptAttachment(sealed.ciphertext, pointer), all);
      assert.deepEqual(await decryptAttachment(inPieces(sealed.ciphertext, 999), pointer), all);
    }
  });

  it("have a key and a blob's id each, and show neither name nor content", async () => {
    const content = new TextEncoder().encode("a planted plaintext");
    const [one, two] = [await seal(content, { name: "planted-name.txt" }), await seal(content)];
    assert.notEqual(one.pointer.key, two.pointer.key);
    assert.notEqual(one.blobId, two.blobId);
    const text = Buffer.from(one.ciphertext).toString("latin1");
    for (const hidden of ["planted", one.blobId, one.pointer.key]) assert.ok(!text.includes(hidden));
  });

  it("are refused with any bit changed, cut off, longer, or another's", async () => {
    const { ciphertext, pointer } = await seal(new TextEncoder().encode("as it is"));
    await fc.assert(
      fc.asyncProperty(fc.nat(ciphertext.length - 1), fc.nat(7), async (at, bit) => {
        const changed = ciphertext.slice();
        changed[at]! ^= 1 << bit;
        await assert.rejects(decryptAttachment(changed, pointer), isRefused);
        await assert.rejects(decryptAttachment(ciphertext.subarray(0, at), pointer), isRefused);
        // Whoever changes the digest with it still has no key.
        const digest = base64OfBytes(sha256(changed));
        await assert.rejects(decryptAttachment(changed, { ...pointer, digest }), isRefused);
      }),
      { numRuns: 60 },
    );
    const longer = new Uint8Array([...ciphertext, 0]);
    await assert.rejects(decryptAttachment(longer, pointer), isRefused);
    const other = await seal(new TextEncoder().encode("another"));
    await assert.rejects(decryptAttachment(other.ciphertext, pointer), isRefused);
    await assert.rejects(decryptAttachment(ciphertext, { ...pointer, key: other.pointer.key }), isRefused);
    await assert.rejects(decryptAttachment(ciphertext, { ...pointer, blobId: other.blobId }), isRefused);
  });

  it("are refused when a frame at their end is missing", async () => {
    const { ciphertext, pointer } = await seal(new Uint8Array(200_000).fill(7));
    const cut = ciphertext.slice(0, ciphertext.length - 4096);
    await assert.rejects(decryptAttachment(cut, { ...pointer, digest: base64OfBytes(sha256(cut)) }), isRefused);
  });

  it("are one content: a sender with the key makes no second for the same pointer", async () => {
    const { pointer } = await seal(new TextEncoder().encode("one"));
    const second = await forge(pointer, new Uint8Array(paddedSize(3)).fill(9, 0, 3));
    await assert.rejects(decryptAttachment(second.ciphertext, pointer), isRefused);
    assert.deepEqual(await decryptAttachment(second.ciphertext, second.pointer), Uint8Array.of(9, 9, 9));
  });

  it("have zeros as padding, of the size that theirs has", async () => {
    const { pointer } = await seal(new TextEncoder().encode("one"));
    for (const plaintext of [new Uint8Array(1024).fill(1, 1000), new Uint8Array(1023), new Uint8Array(2)]) {
      const forged = await forge(pointer, plaintext);
      await assert.rejects(decryptAttachment(forged.ciphertext, forged.pointer), isRefused);
    }
  });

  it("are not read further than they can be long", async () => {
    const { pointer } = await seal(new Uint8Array(10));
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1000;
        yield new Uint8Array(1000);
      }
    }
    await assert.rejects(decryptAttachment(endless(), pointer), isRefused);
    assert.ok(given <= maxCiphertextBytes(10) + 1000);
  });

  it("have a pointer only when they were read to their end", async () => {
    const given = encryptAttachment(new Uint8Array(200_000));
    for await (const _ of given.ciphertext) break;
    await assert.rejects(given.pointer, isInvalid);
    const broken = encryptAttachment(
      (async function* () {
        yield new Uint8Array(10);
        throw new Error("the disk is gone");
      })(),
    );
    await assert.rejects(async () => {
      for await (const _ of broken.ciphertext);
    }, /the disk is gone/);
    await assert.rejects(broken.pointer, /the disk is gone/);
  });

  it("have a limit, in chunks too", async () => {
    let chunks = 0;
    const { ciphertext } = encryptAttachment(
      (async function* () {
        const chunk = new Uint8Array(32 * 1024 * 1024);
        for (;;) {
          chunks++;
          yield chunk;
        }
      })(),
    );
    await assert.rejects(async () => {
      for await (const _ of ciphertext);
    }, isInvalid);
    assert.equal(chunks, 4);
    assert.throws(() =>
      encryptAttachment({ length: maxAttachmentBytes + 1, __proto__: Uint8Array.prototype } as never),
    );
  });

  it("have names that no reader is tricked by", async () => {
    const { pointer } = await seal(new Uint8Array(1));
    for (const name of ["", ".", "..", "a/b", "..\\a", "a\0b", "\n", "gpj.\u202eexe", "x".repeat(256)]) {
      assert.throws(() => encryptAttachment(new Uint8Array(), { name }), isInvalid, JSON.stringify(name));
      assert.throws(() => parseAttachmentPointer({ ...pointer, name }), isRefused, JSON.stringify(name));
    }
    for (const mediaType of ["", "image", "image/", "a/b; c=d", "text/html\n"]) {
      assert.throws(() => encryptAttachment(new Uint8Array(), { mediaType }), isInvalid, mediaType);
      assert.throws(() => parseAttachmentPointer({ ...pointer, mediaType }), isRefused, mediaType);
    }
    for (const name of ["Übersicht (1).pdf", ".profile", "年报.xlsx"]) {
      assert.equal(parseAttachmentPointer({ ...pointer, name }).name, name);
    }
  });

  it("have pointers that are refused when anything of them is not as it must be", async () => {
    const { pointer } = await seal(new Uint8Array(1));
    const wrong: unknown[] = [null, 1, "x", [], {}, { ...pointer, blobId: "../../etc" }, { ...pointer, bytes: -1 }];
    wrong.push({ ...pointer, bytes: maxAttachmentBytes + 1 }, { ...pointer, bytes: 1.5 }, { ...pointer, bytes: "1" });
    wrong.push(
      { ...pointer, key: "AAAA" },
      { ...pointer, digest: undefined },
      { ...pointer, blobId: `${pointer.blobId}A` },
    );
    for (const value of wrong) assert.throws(() => parseAttachmentPointer(value), isRefused, JSON.stringify(value));
  });
});

describe("paddedSize", () => {
  it("is Padmé's, and at least 1,024", () => {
    // By the paper: 2^n has itself; above it steps of 2^(E-S).
    const cases: readonly (readonly [number, number])[] = [
      [0, 1024],
      [1024, 1024],
      [1025, 1088],
      [1_000_000, 1_015_808],
      [2 ** 20, 2 ** 20],
      [2 ** 20 + 1, 2 ** 20 + 2 ** 15],
      [maxAttachmentBytes, maxAttachmentBytes],
    ];
    for (const [bytes, padded] of cases) assert.equal(paddedSize(bytes), padded, String(bytes));
  });

  it("is not less, under 12% more, and its own padded size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: maxAttachmentBytes }), (bytes) => {
        const padded = paddedSize(bytes);
        assert.ok(padded >= bytes && padded < bytes * 1.12);
        assert.equal(paddedSize(padded), padded);
      }),
    );
  });
});
