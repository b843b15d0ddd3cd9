import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { encrypt, kmsKeyring, rawAesKeyring } from "@coffer/envelope";
import { ageRecipient } from "@coffer/envelope/age";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { FilesUnderTest } from "./cli-files-under-test.ts";
import { temporaryFolder } from "./run-program.ts";

const content = randomBytes(700_000);

describe("coffer rewrap", () => {
  let files: FilesUnderTest;

  before(async () => {
    files = await FilesUnderTest.start(temporaryFolder("cli-rewrap"));
  });
  after(() => files?.server.kill());

  const succeed = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await files.run(args);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  const inspect = async (name: string) => JSON.parse(await succeed("inspect", "--json", name)).message;
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(files.path(name), bytes);
    return name;
  };
  const bytesOf = (name: string) => readFileSync(files.path(name));
  const keyring = () => kmsKeyring({ keyId: "alias/files", client: files.kms });

  it("puts files under another key; context, signature, frames and mode stay", async () => {
    const arn = await files.makeKey("alias/next");
    for (const sign of [false, true]) {
      const name = `to-next.${sign}`;
      write(name, await encrypt(content, { keyring: keyring(), context: { a: "b" }, sign, frameBytes: 5000 }));
      chmodSync(files.path(name), 0o640);
      const message = bytesOf(name);
      const before = await inspect(name);
      assert.match(
        await succeed("rewrap", "--key", "alias/next", name),
        /^1 file rewrapped \(68\d\.\d KiB\), 1 encrypted anew/,
      );
      const then = await inspect(name);
      assert.deepEqual([then.keys.length, then.keys[0].key], [1, arn]);
      assert.deepEqual(
        [then.context, then.signed, then.frameBytes, then.plaintextBytes],
        [before.context, sign, 5000, content.length],
      );
      assert.equal(statSync(files.path(name)).mode & 0o777, 0o640);
      assert.notDeepEqual(bytesOf(name).subarray(-5000), message.subarray(-5000), "the data key is another one");
      await succeed("decrypt", "--key", arn, "--context", "a=b", name, "-o", `${name}.out`);
      assert.deepEqual(bytesOf(`${name}.out`), content);
    }
  });

  it("without a key, under the newest version of the keys that it has", async () => {
    write("rotated", content);
    const arn = await files.makeKey("alias/rotates");
    await succeed("encrypt", "--key", arn, "--key", "alias/files", "rotated");
    const versions = async () => (await inspect("rotated.enc")).keys.map(({ version }: { version: number }) => version);
    assert.deepEqual(await versions(), [1, 1]);
    await files.kms.call("RotateKeyOnDemand", { KeyId: arn.split("/")[1] });
    await succeed("rewrap", "rotated.enc");
    assert.deepEqual(await versions(), [2, 1]);
    await succeed("decrypt", "rotated.enc", "-o", "rotated.out");
    assert.deepEqual(bytesOf("rotated.out"), content);
  });

  it("what a message does not store of its context, it does not store afterwards", async () => {
    const context = { tenant: "7", kind: "x" };
    write("required", await encrypt("p", { keyring: keyring(), context, requiredContextNames: ["tenant"] }));
    const { status, stderr } = await files.run(["rewrap", "required"]);
    assert.equal(status, 1);
    assert.match(stderr, /^coffer: required: No key decrypts the message/);
    await succeed("rewrap", "--context", "tenant=7", "required");
    assert.deepEqual((await inspect("required")).context, { kind: "x" });
    await succeed("decrypt", "--context", "tenant=7", "required", "-o", "required.out");
    assert.equal(bytesOf("required.out").toString(), "p");
  });

  it("gives an age file another header and leaves its body; encrypts a JWE anew", async () => {
    await files.makeKey("alias/other");
    write("plain", content);
    for (const [format, anew] of [
      ["age", 0],
      ["jwe", 1],
    ] as const) {
      const name = `plain.${format}`;
      await succeed("encrypt", "--format", format, "--key", "alias/files", "--context", "a=b", "plain");
      const before = bytesOf(name);
      const told = JSON.parse(await succeed("rewrap", "--json", "--key", "alias/other", name));
      assert.deepEqual([told.done, told.encryptedAnew], [[name], anew]);
      assert.equal(bytesOf(name).subarray(-100_000).equals(before.subarray(-100_000)), anew === 0);
      await succeed("decrypt", "--key", "alias/other", "--context", "a=b", name, "-o", `${name}.out`);
      assert.deepEqual(bytesOf(`${name}.out`), content);
      const old = await files.run(["decrypt", "--key", "alias/files", name, "-o", "never"]);
      assert.equal(old.status, 1);
      assert.match(old.stderr, new RegExp(`^coffer: ${name.replace(".", "\\.")}: `));
      const nameless = await files.run(["rewrap", name]);
      assert.match(nameless.stderr, /: name the keys afterwards with --key or --vault-key\.\n$/);
    }
  });

  it("keeps an age file's other recipients", async () => {
    const identity = await generateX25519Identity();
    const encrypter = new Encrypter();
    encrypter.addRecipient(ageRecipient({ keyring: keyring(), context: { a: "b" } }));
    encrypter.addRecipient(await identityToRecipient(identity));
    write("mixed.age", await encrypter.encrypt(content));
    await files.makeKey("alias/mixed");
    await succeed("rewrap", "--key", "alias/mixed", "mixed.age");
    await succeed("decrypt", "--key", "alias/mixed", "--context", "a=b", "mixed.age", "-o", "mixed.out");
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    assert.deepEqual(Buffer.from(await decrypter.decrypt(bytesOf("mixed.age"))), content);
  });

  it("follows a link to the file that it leads to", async () => {
    write("linked", await encrypt("p", { keyring: keyring() }));
    symlinkSync("linked", files.path("link"));
    const before = bytesOf("linked");
    await succeed("rewrap", "link");
    assert.ok(lstatSync(files.path("link")).isSymbolicLink());
    assert.notDeepEqual(bytesOf("linked"), before);
  });

  it("leaves what it cannot read as it was, names it, and does the others", async () => {
    const good = await encrypt(content, { keyring: keyring(), frameBytes: 100_000 });
    const damaged = Uint8Array.from(good);
    damaged[damaged.length - 1]! ^= 1;
    const raw = rawAesKeyring({ namespace: "n", name: "k", wrappingKey: new Uint8Array(32) });
    const names = [
      write("damaged", damaged),
      write("good", good),
      write("text", "no message"),
      write("raw", await encrypt("x", { keyring: raw })),
      "missing",
    ];
    const entries = readdirSync(files.folder);
    const { status, stdout, stderr } = await files.run(["rewrap", "--json", ...names]);
    const told = JSON.parse(stdout);
    assert.deepEqual([status, told.done, told.failed.length], [1, ["good"], 4]);
    const lines = stderr.trimEnd().split("\n");
    for (const says of [
      /^coffer: damaged: .*cannot be decrypted.*\(at byte \d+\)/,
      /^coffer: text: its format is unknown/,
      /^coffer: raw: its keys are neither KMS nor Transit keys: name others with --key\.$/,
      /^coffer: missing: there is no such file or directory\.$/,
    ]) {
      assert.ok(
        lines.some((line) => says.test(line)),
        `${says} in ${stderr}`,
      );
    }
    assert.deepEqual(bytesOf("damaged"), Buffer.from(damaged));
    assert.deepEqual(readdirSync(files.folder), entries);
    assert.equal((await files.run(["rewrap"])).status, 2);
  });
});
