import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { encrypt, multiKeyring, rawAesKeyring } from "@coffer/envelope";
import { ageRecipient } from "@coffer/envelope/age";
import { encryptJwe } from "@coffer/envelope/jwe";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { runCoffer } from "../testing.ts";

const folder = mkdtempSync(join(tmpdir(), "coffer-inspect-"));
after(() => rmSync(folder, { recursive: true }));

const keyrings = ["one", "two"].map((name) =>
  rawAesKeyring({ namespace: "tests", name, wrappingKey: new Uint8Array(32).fill(7) }),
);
const keyring = multiKeyring(keyrings);

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function inspectJson(path: string) {
  const { stdout, stderr, exitCode } = await runCoffer(["inspect", path, "--json"]);
  assert.equal(stderr, "");
  return { ...JSON.parse(stdout), exitCode };
}

describe("coffer inspect", () => {
  it("shows format, suite, keys, context and sizes without any key", async () => {
    const context = { department: "finance", note: "a\x1b[2Jb" };
    const path = write("plain.enc", await encrypt(Buffer.alloc(150_000), { keyring, context }));
    const { exitCode, stdout, stderr } = await runCoffer(["inspect", path]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^format +AWS Encryption SDK message, version 2$/m);
    assert.match(stdout, /^suite +ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY \(0x0478\)$/m);
    assert.match(stdout, /^key 1 +tests one$/m);
    assert.match(stdout, /^key 2 +tests two$/m);
    assert.match(stdout, /^context +department=finance$/m);
    assert.match(stdout, /^ +note=a\?\[2Jb$/m);
    assert.match(stdout, /^plaintext +150000 bytes \(146\.5 KiB\)$/m);
    assert.match(stdout, /^signed +no$/m);
  });

  for (const sign of [true, false]) {
    for (const plaintextBytes of [0, 1, 99, 100, 101, 200, 231, 232, 233, 1000]) {
      it(`knows how long the plaintext is: ${plaintextBytes} bytes, ${sign ? "signed" : "not signed"}`, async () => {
        const message = await encrypt(Buffer.alloc(plaintextBytes), { keyring, sign, frameBytes: 100 });
        const facts = await inspectJson(write("sized.enc", message));
        assert.deepEqual(
          [facts.message.plaintextBytes, facts.message.signed, facts.message.frameBytes, facts.exitCode],
          [plaintextBytes, sign, 100, 0],
        );
      });
    }
  }

  it("shows the keys and the context of JWEs and age files too", async () => {
    const context = { department: "finance" };
    const jwe = await encryptJwe("a secret", { keyring, context });
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateX25519Identity()));
    encrypter.addRecipient(ageRecipient({ keyring, context }));
    const age = await encrypter.encrypt("a secret");
    for (const [name, file, suite] of [
      ["j", jwe, "A256GCM"],
      ["a", age, "ChaCha20-Poly1305"],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCoffer(["inspect", write(name, file)]);
      assert.deepEqual([exitCode, stderr], [0, ""]);
      assert.match(stdout, new RegExp(`^suite +${suite}$`, "m"));
      assert.match(stdout, /^key \d +tests one$/m);
      assert.match(stdout, /^key \d +tests two$/m);
      assert.match(stdout, /^context +department=finance$/m);
      if (name === "j") assert.match(stdout, /^plaintext +8 bytes$/m);
      else assert.match(stdout, /^key 1 +X25519$/m);
    }
    const facts = await inspectJson(write("json", jwe));
    assert.deepEqual([facts.format, facts.other.context, facts.other.keys.length], ["jwe", context, 2]);
    const cut = await runCoffer(["inspect", write("cut", age.subarray(0, 60))]);
    assert.equal(cut.exitCode, 1);
    assert.match(cut.stderr, /header is cut off/);
  });

  it("sees that a message is cut off or goes on too long", async () => {
    const message = await encrypt(Buffer.alloc(1000), { keyring, frameBytes: 100 });
    for (const bytes of [
      message.subarray(0, -1),
      message.subarray(0, -132),
      Buffer.concat([message, Buffer.alloc(1)]),
    ]) {
      const path = write("damaged.enc", bytes);
      const facts = await inspectJson(path);
      assert.deepEqual([facts.message.plaintextBytes, facts.exitCode], [undefined, 1]);
      assert.match((await runCoffer(["inspect", path])).stdout, /THE FILE IS NO WHOLE MESSAGE/);
    }
    const { stderr, exitCode } = await runCoffer(["inspect", write("short.enc", message.subarray(0, 50))]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /short\.enc: The message ends within its header \(at byte 50\)\.\n$/);
  });

  it("knows other formats by their beginning", async () => {
    const message = Buffer.from(await encrypt("x", { keyring }));
    for (const [content, format] of [
      [message.toString("base64"), "awsBase64"],
      ["-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "ageArmor"],
      // An algorithm that is not read here: the format is all that is told.
      [
        `${Buffer.from('{"alg":"dir","enc":"A128CBC-HS256"}').toString("base64url")}..${"A".repeat(16)}.AA.${"A".repeat(22)}`,
        "jwe",
      ],
      ["password: ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]\nsops:\n", "sops"],
    ] as const) {
      const facts = await inspectJson(write("other", content));
      assert.deepEqual([facts.format, facts.message, facts.exitCode], [format, undefined, 0]);
    }
  });

  it("ends with 1 and one line that names the file for what it cannot read", async () => {
    for (const [path, says] of [
      [write("text", "some text"), /text: its format is unknown: no AWS Encryption SDK message, JWE, age or SOPS file/],
      [write("empty", ""), /empty: its format is unknown/],
      [folder, /: it is no file; name a file that was encrypted\./],
      [join(folder, "missing"), /missing: there is no such file or directory\./],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCoffer(["inspect", path]);
      assert.deepEqual([exitCode, stdout], [1, ""]);
      assert.match(stderr, says);
      assert.match(stderr, /^coffer: [^\n]*\n$/);
    }
    assert.equal((await runCoffer(["inspect"])).exitCode, 2);
  });
});
