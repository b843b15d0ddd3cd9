import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { decrypt, type EnvelopeErrorCode, encrypt } from "../index.ts";
import { decryptFile, encryptFile } from "./index.ts";
import { directoryWith, failing, keyring } from "./testing/files.ts";

test("a file becomes a message under its name, with its mode, and is restored", async () => {
  const { directory, at } = directoryWith("what it holds");
  const [plain, sealed, restored] = ["plain", "sealed", "restored"].map(at) as [string, string, string];
  chmodSync(plain, 0o640);
  const progress: (number | undefined)[][] = [];
  const context = { purpose: "tests" };
  const encrypted = await encryptFile(plain, sealed, {
    keyring,
    context,
    onProgress: ({ bytesDone, bytesTotal }) => progress.push([bytesDone, bytesTotal]),
  });
  assert.deepEqual(encrypted, { sourceBytes: 13, targetBytes: statSync(sealed).size });
  assert.deepEqual(progress.at(-1), [13, 13]);
  assert.equal(Buffer.from((await decrypt(readFileSync(sealed), { keyring })).plaintext).toString(), "what it holds");
  const decrypted = await decryptFile(sealed, restored, { keyring, context });
  assert.deepEqual(decrypted, {
    sourceBytes: encrypted.targetBytes,
    targetBytes: 13,
    context,
    suite: "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
    signed: false,
  });
  assert.equal(readFileSync(restored, "utf8"), "what it holds");
  for (const path of [sealed, restored]) assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(directory).sort(), ["plain", "restored", "sealed"]);
});

test("streams at either end; what comes from one is for its owner alone", async () => {
  const { at } = directoryWith("");
  const [sealed, restored] = [at("sealed"), at("restored")];
  await encryptFile(Readable.from([Buffer.from("some "), Buffer.from("text")]), sealed, { keyring, sign: true });
  const out = new PassThrough();
  const [read, result] = await Promise.all([buffer(out), decryptFile(sealed, out, { keyring })]);
  assert.equal(read.toString(), "some text");
  assert.ok(result.signed);
  await decryptFile(Readable.from([readFileSync(sealed)]), restored, { keyring });
  for (const path of [sealed, restored]) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a file is replaced when that is said, and by itself too", async () => {
  const { directory, at } = directoryWith("in place");
  const plain = at("plain");
  const refused = failing("FileRefused", /plain: it is there already; say overwrite/);
  await assert.rejects(encryptFile(plain, plain, { keyring }), refused);
  const unread = Readable.from(
    (async function* () {
      yield assert.fail("nothing is read for a target that is refused");
    })(),
  );
  await assert.rejects(encryptFile(unread, plain, { keyring }), refused);
  chmodSync(plain, 0o604);
  await encryptFile(plain, plain, { keyring, overwrite: true });
  assert.notEqual(readFileSync(plain, "utf8"), "in place");
  await decryptFile(plain, `${directory}/./plain`, { keyring, overwrite: true });
  assert.equal(readFileSync(plain, "utf8"), "in place");
  assert.equal(statSync(plain).mode & 0o777, 0o604);
  assert.deepEqual(readdirSync(directory), ["plain"]);
});

test("a file that appears in the meantime is not replaced", async () => {
  const { directory, at } = directoryWith("");
  const target = at("target");
  const source = (async function* () {
    yield Buffer.from("new");
    writeFileSync(target, "somebody else's");
  })();
  await assert.rejects(encryptFile(source, target, { keyring }), failing("FileRefused", /target: it is there already/));
  assert.equal(readFileSync(target, "utf8"), "somebody else's");
  assert.deepEqual(readdirSync(directory).sort(), ["plain", "target"]);
});

test("while a file is written, only its owner can read it", async () => {
  const { directory, at } = directoryWith("some text");
  chmodSync(at("plain"), 0o644);
  let modes: number[] = [];
  const onProgress = () => {
    const temporary = readdirSync(directory).filter((name) => name.startsWith(".coffer-"));
    modes = temporary.map((name) => statSync(at(name)).mode & 0o777);
  };
  await encryptFile(at("plain"), at("sealed"), { keyring, onProgress });
  assert.deepEqual(modes, [0o600]);
  assert.equal(statSync(at("sealed")).mode & 0o777, 0o644);
});

test("what is no plain file is refused by name", async () => {
  const { directory, at } = directoryWith("text");
  symlinkSync("plain", at("link"));
  linkSync(at("plain"), at("second"));
  mkdirSync(at("directory"));
  const cases: [string, string, EnvelopeErrorCode, RegExp][] = [
    ["missing", "new", "FileFailed", /missing: there is no such file or directory \(ENOENT\)\.$/],
    ["directory", "new", "FileRefused", /directory: it is a directory/],
    ["/dev/null", "new", "FileRefused", /\/dev\/null: it is no plain file; read it as a stream/],
    ["plain", "directory", "FileRefused", /directory: it is a directory/],
    ["plain", "link", "FileRefused", /link: it is a symbolic link/],
    ["plain", "second", "FileRefused", /second: it is the same file as .*plain, by another name/],
    ["plain", "/dev/null", "FileRefused", /\/dev\/null: it is no plain file; write to it as a stream/],
    ["plain", "missing/new", "FileFailed", /missing\/new: there is no such file or directory/],
    ["plain", "plain/new", "FileFailed", /plain\/new: a part of its path is no directory/],
  ];
  for (const [source, target, code, text] of cases) {
    const [from, to] = [source, target].map((name) => (name.startsWith("/") ? name : at(name))) as [string, string];
    await assert.rejects(
      encryptFile(from, to, { keyring, overwrite: true }),
      failing(code, text),
      `${source} ${target}`,
    );
  }
  assert.deepEqual(readdirSync(directory).sort(), ["directory", "link", "plain", "second"]);
  // A source may be named by a link.
  await encryptFile(at("link"), at("new"), { keyring });
  const decrypted = await decrypt(readFileSync(at("new")), { keyring });
  assert.equal(Buffer.from(decrypted.plaintext).toString(), "text");
});

test("what is wrong with a message is told with the file and the place; nothing is left", async () => {
  const message = await encrypt(new Uint8Array(1000), { keyring, frameBytes: 100, sign: true });
  const damaged = Uint8Array.from(message);
  damaged[message.length - 5]! ^= 1;
  const cases: [Uint8Array, EnvelopeErrorCode, RegExp][] = [
    [message.subarray(0, 300), "MessageMalformed", /plain: The message ends .*\(at byte 300\)\.$/],
    [
      Buffer.concat([message, Buffer.of(1)]),
      "MessageMalformed",
      new RegExp(`plain: .*\\(at byte ${message.length}\\)`),
    ],
    [damaged, "DecryptionFailed", /plain: The message cannot be decrypted: .* \(at byte [0-9]+\)\.$/],
  ];
  for (const [bytes, code, text] of cases) {
    const { directory, at } = directoryWith(bytes);
    const [plain, target] = [at("plain"), at("target")];
    await assert.rejects(decryptFile(plain, target, { keyring }), failing(code, text));
    assert.deepEqual(readdirSync(directory), ["plain"]);
    const written: Buffer[] = [];
    const sink = new Writable({ write: (chunk, _, done) => done(void written.push(chunk)) });
    await assert.rejects(decryptFile(plain, sink, { keyring }), failing(code, text));
    assert.equal(Buffer.concat(written).length, 0, "nothing of a signed message leaves before its signature");
    assert.ok(sink.destroyed);
  }
});

test("a signed message is kept up to a limit, unless it may leave early", async () => {
  const { at } = directoryWith(await encrypt(new Uint8Array(1000), { keyring, frameBytes: 100, sign: true }));
  const plain = at("plain");
  const tooMuch = failing("LimitExceeded", /plain: .*maxBufferedBytes/);
  await assert.rejects(decryptFile(plain, new PassThrough(), { keyring, maxBufferedBytes: 999 }), tooMuch);
  const out = new PassThrough();
  const early = { keyring, maxBufferedBytes: 999, releaseBeforeSignature: true };
  const [read] = await Promise.all([buffer(out), decryptFile(plain, out, early)]);
  assert.equal(read.length, 1000);
  // A file keeps it without memory.
  await decryptFile(plain, at("target"), { keyring, maxBufferedBytes: 999 });
});

test("a signal ends a transfer that waits, and nothing is left", async () => {
  const { directory, at } = directoryWith("");
  const target = at("target");
  const stop = new AbortController();
  const never = (async function* () {
    yield Buffer.alloc(10);
    stop.abort(new Error("stopped"));
    await new Promise(() => undefined);
  })();
  await assert.rejects(encryptFile(never, target, { keyring, signal: stop.signal }), /stopped/);
  const stuck = new Writable({ write: () => undefined });
  const second = new AbortController();
  const read = encryptFile(Readable.from([Buffer.alloc(10)]), stuck, { keyring, signal: second.signal });
  setImmediate(() => second.abort(new Error("stopped too")));
  await assert.rejects(read, /stopped too/);
  assert.ok(stuck.destroyed);
  assert.deepEqual(readdirSync(directory), ["plain"]);
});

test("a source that changes while it is read is noticed", async () => {
  for (const change of ["", "shorter", "x".repeat(200_000)]) {
    const { directory, at } = directoryWith("x".repeat(100_000));
    const [plain, target] = [at("plain"), at("target")];
    const onProgress = () => writeFileSync(plain, change);
    const changed = failing("FileRefused", /plain: it changed while it was read/);
    await assert.rejects(encryptFile(plain, target, { keyring, onProgress }), changed);
    assert.deepEqual(readdirSync(directory), ["plain"]);
  }
});
