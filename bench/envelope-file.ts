import { createCipheriv, createDecipheriv } from "node:crypto";
import { fstatSync, openSync, readSync, writeSync } from "node:fs";
import { rawAesKeyring } from "@coffer/envelope";
import { decryptFile, encryptFile } from "@coffer/envelope/node";

/*
 * One file into another, in a process of its own: `bare` is AES-256-GCM of node:crypto over the whole file and nothing
 * else, the least that a Node program can do; `threads N` is the library without the command around it.
 */
const [how = "", direction = "", source = "", target = ""] = process.argv.slice(2);
const key = new Uint8Array(32).fill(7);
const tagBytes = 16;

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

function bare(): void {
  const [from, to] = [openSync(source, "r"), openSync(target, "wx", 0o600)];
  const iv = new Uint8Array(12);
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  let rest = fstatSync(from).size;
  const copy = (update: (bytes: Buffer) => Uint8Array) => {
    while (rest > 0) {
      const bytes = readSync(from, buffer, 0, Math.min(rest, buffer.length), null);
      rest -= bytes;
      writeAll(to, update(buffer.subarray(0, bytes)));
    }
  };
  if (direction === "encrypt") {
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    copy((bytes) => cipher.update(bytes));
    cipher.final();
    writeAll(to, cipher.getAuthTag());
    return;
  }
  const tag = Buffer.alloc(tagBytes);
  rest -= tagBytes;
  readSync(from, tag, 0, tagBytes, rest);
  const decipher = createDecipheriv("aes-256-gcm", key, iv);
  decipher.setAuthTag(tag);
  copy((bytes) => decipher.update(bytes));
  decipher.final();
}

if (how === "bare") bare();
else {
  const keyring = rawAesKeyring({ namespace: "bench", name: "one", wrappingKey: key });
  const run = direction === "encrypt" ? encryptFile : decryptFile;
  await run(source, target, { keyring, threads: Number(how) });
}
