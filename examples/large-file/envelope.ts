import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CofferRest } from "../shared/coffer-rest.ts";

/*
 * Envelope encryption: the server makes a data key; the file is encrypted here with it; beside the file lies the data key,
 * encrypted under the server's key. Only the data key ever travels.
 *
 * A file is: u32be length of the header | header (JSON: encrypted data key, nonce) | ciphertext | 16-byte tag. The header is
 * authenticated. One file is one AES-256-GCM message under a key of its own: at most 64 GiB (NIST SP 800-38D, 5.2.1.1).
 */

const tagBytes = 16;
const nonceBytes = 12;
const lengthBytes = 4;
const maxHeaderBytes = 16_384;

interface Header {
  readonly keyId: string;
  readonly dataKey: string;
  readonly nonce: string;
}

export async function encryptFile(coffer: CofferRest, keyId: string, from: string, to: string): Promise<void> {
  const { plaintext: key, ciphertext: dataKey } = await coffer.dataKey(keyId);
  const nonce = randomBytes(nonceBytes);
  const header = Buffer.from(JSON.stringify({ keyId, dataKey, nonce: nonce.toString("base64") } satisfies Header));
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(header);
  key.fill(0);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(header.length);
  const output = createWriteStream(to, { mode: 0o600 });
  output.write(Buffer.concat([length, header]));
  await pipeline(
    createReadStream(from),
    cipher,
    async function* (parts: AsyncIterable<Buffer>) {
      yield* parts;
      yield cipher.getAuthTag();
    },
    output,
  );
}

/** Decrypts to a file beside `to` first: nothing unauthenticated is left behind. */
export async function decryptFile(coffer: CofferRest, from: string, to: string): Promise<void> {
  const { header, bodyAt, bodyEnd, tag } = await readFrame(from);
  const { keyId, dataKey, nonce } = JSON.parse(header.toString()) as Header;
  const key = await coffer.openDataKey(keyId, dataKey);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), { authTagLength: tagBytes });
  key.fill(0);
  decipher.setAAD(header).setAuthTag(tag);
  const partial = `${to}.partial`;
  try {
    await pipeline(
      bodyEnd > bodyAt ? createReadStream(from, { start: bodyAt, end: bodyEnd - 1 }) : Readable.from([]),
      decipher,
      createWriteStream(partial, { mode: 0o600 }),
    );
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { force: true });
    throw new Error(`${from} was changed, cut off, or is not of this key`, { cause: error });
  }
}

async function readFrame(path: string) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Buffer.alloc(lengthBytes);
    await file.read(length, 0, lengthBytes, 0);
    const headerBytes = length.readUInt32BE();
    const bodyAt = lengthBytes + headerBytes;
    if (headerBytes > maxHeaderBytes || size < bodyAt + tagBytes) throw new Error(`${path} is not an encrypted file`);
    const header = Buffer.alloc(headerBytes);
    await file.read(header, 0, headerBytes, lengthBytes);
    const tag = Buffer.alloc(tagBytes);
    await file.read(tag, 0, tagBytes, size - tagBytes);
    return { header, bodyAt, bodyEnd: size - tagBytes, tag };
  } finally {
    await file.close();
  }
}
