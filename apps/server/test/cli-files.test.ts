import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { decrypt, encrypt, kmsDiscoveryKeyring, kmsKeyring, rawAesKeyring } from "@coffer/envelope";
import { ageIdentity, ageRecipient } from "@coffer/envelope/age";
import { component } from "@coffer/testkit";
import { FilesUnderTest } from "./cli-files-under-test.ts";
import { pythonScript } from "./python-clients.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { cofferPath } from "./server-under-test.ts";

const python = component("python-venv");
const content = randomBytes(1_300_000);

describe("coffer encrypt and decrypt", () => {
  let files: FilesUnderTest;

  const succeed = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await files.run(args);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  const fail = async (status: number, says: RegExp, ...args: string[]): Promise<void> => {
    const before = readdirSync(files.folder);
    const result = await files.run(args);
    assert.equal(result.stdout, "");
    assert.match(result.stderr, says);
    assert.match(result.stderr, /^coffer: [^\n]*\n$/);
    assert.equal(result.status, status);
    assert.deepEqual(readdirSync(files.folder), before);
  };
  const write = (name: string, bytes: Uint8Array | string, mode = 0o644) => {
    writeFileSync(files.path(name), bytes, { mode });
    return name;
  };

  before(async () => {
    files = await FilesUnderTest.start(temporaryFolder("cli-files"));
  });
  after(() => files?.server.kill());

  it("a file and back, with its mode, under the names that they say", async () => {
    write("report", content, 0o640);
    assert.equal(await succeed("encrypt", "--key", "alias/files", "--context", "of=a=b", "report"), "");
    assert.equal(statSync(files.path("report.enc")).mode & 0o777, 0o640);
    const facts = JSON.parse(await succeed("inspect", "--json", "report.enc"));
    assert.equal(facts.message.plaintextBytes, content.length);
    assert.deepEqual(facts.message.context, { of: "a=b" });
    assert.match(facts.message.keys[0].key, /^arn:aws:kms:us-east-1:\d{12}:key\//);
    assert.deepEqual([facts.message.keys[0].provider, facts.message.keys[0].version], ["aws-kms", 1]);
    const told = JSON.parse(
      await succeed("decrypt", "--json", "--context", "of=a=b", "report.enc", "-o", "report.out"),
    );
    assert.deepEqual([told.sourceBytes, told.targetBytes], [statSync(files.path("report.enc")).size, content.length]);
    assert.deepEqual(readFileSync(files.path("report.out")), content);
    assert.equal(statSync(files.path("report.out")).mode & 0o777, 0o640);
  });

  it("refuses to overwrite until it is told, and leaves everything as it is", async () => {
    write("there", "plain");
    await succeed("encrypt", "--key", "alias/files", "there");
    const message = readFileSync(files.path("there.enc"));
    await fail(
      1,
      /: there\.enc: it is there already; --force replaces it\./,
      "encrypt",
      "--key",
      "alias/files",
      "there",
    );
    await fail(1, /: there: it is there already; --force replaces it\./, "decrypt", "there.enc");
    assert.deepEqual(readFileSync(files.path("there.enc")), message);
    await succeed("encrypt", "--force", "--key", "alias/files", "there");
    assert.notDeepEqual(readFileSync(files.path("there.enc")), message);
    write("there", "other");
    await succeed("decrypt", "--force", "there.enc");
    assert.equal(readFileSync(files.path("there"), "utf8"), "plain");
  });

  it("streams: standard input, standard output, pipes and devices", async () => {
    write("streamed", content);
    const { status, stderr } = await files.shell(`
      coffer encrypt --key alias/files --context a=b - <streamed | coffer decrypt --context a=b - | cmp - streamed
      coffer encrypt --key alias/files streamed -o - | coffer decrypt - -o streamed.out
      cmp streamed streamed.out
      coffer encrypt --key alias/files streamed -o /dev/null
      mkfifo fifo; cat streamed >fifo & coffer encrypt --key alias/files fifo -o fifo.enc; coffer decrypt fifo.enc -o - | cmp - streamed
      test -c /dev/null
    `);
    assert.deepEqual([status, stderr], [0, ""]);
    const full = await files.shell("coffer encrypt --key alias/files streamed -o - >/dev/full");
    assert.deepEqual(
      [full.status, full.stderr],
      [1, "coffer: standard output: no space is left where it goes (ENOSPC).\n"],
    );
    assert.equal(statSync(files.path("streamed.out")).mode & 0o777, 0o600);
  });

  it("does not write ciphertext to a terminal", { skip: !existsSync("/usr/bin/script") }, async () => {
    const command = `echo secret | '${cofferPath}' encrypt --key alias/files -; echo exit $?`;
    const { stdout } = await runProgram("/usr/bin/script", ["-qec", command, "/dev/null"], {
      environment: files.environment,
    });
    assert.match(stdout, /the ciphertext is binary, which a terminal cannot show: give -o FILE, or a pipe/);
    assert.match(stdout, /exit 2/);
  });

  it("says no to another context, a key that is gone, and a message that was changed", async () => {
    write("bound", content);
    await succeed("encrypt", "--key", "alias/files", "--context", "tenant=1", "bound", "-o", "bound.msg");
    const out = ["-o", "bound.out"];
    await fail(
      1,
      /: bound\.msg: .*another value for "tenant"/,
      "decrypt",
      "--context",
      "tenant=2",
      "bound.msg",
      ...out,
    );
    await fail(1, /: bound\.msg: No key decrypts the message/, "decrypt", "--context", "other=2", "bound.msg", ...out);
    await files.makeKey("alias/unrelated");
    await fail(1, /: bound\.msg: No key decrypts/, "decrypt", "--key", "alias/unrelated", "bound.msg", ...out);
    await succeed("decrypt", "--key", "alias/files", "bound.msg", ...out, "--force");
    const message = readFileSync(files.path("bound.msg"));
    const { headerBytes } = JSON.parse(await succeed("inspect", "--json", "bound.msg")).message;
    const frameBytes = 16 + 512 * 1024 + 16;
    const third = headerBytes + 2 * frameBytes;
    message[third + 1000]! ^= 1;
    write("damaged.msg", message);
    const damaged = ["damaged.msg", "-o", "damaged.out"];
    await fail(1, new RegExp(`: damaged\\.msg: .*cannot be decrypted.*\\(at byte ${third}\\)`), "decrypt", ...damaged);
    write("cut.msg", message.subarray(0, third + 50));
    await fail(1, /: cut\.msg: .*ends.*\(at byte \d+\)/, "decrypt", "cut.msg", "-o", "cut.out");
    const piped = await files.run(["decrypt", "damaged.msg", "-o", "-"]);
    assert.equal(piped.status, 1);
    assert.match(piped.stderr, /what was written before that is not the whole, throw it away\.\n$/);
    const { KeyMetadata } = await files.kms.call("DescribeKey", { KeyId: "alias/unrelated" });
    await succeed("encrypt", "--key", "alias/unrelated", "bound", "-o", "gone.msg");
    await files.kms.call("DisableKey", { KeyId: (KeyMetadata as { KeyId: string }).KeyId });
    await fail(1, /: gone\.msg: No key decrypts.*disabled/i, "decrypt", "gone.msg", "-o", "gone.out");
  });

  it("several keys, of which any one decrypts", async () => {
    write("several", "for many");
    const first = await files.makeKey("alias/first");
    const second = await files.makeKey("alias/second");
    await succeed("encrypt", "--key", first, "--key", "alias/second", "several");
    for (const key of [first, second]) {
      await succeed("decrypt", "--key", key, "several.enc", "-o", `several.${key.slice(-6)}`);
      assert.equal(readFileSync(files.path(`several.${key.slice(-6)}`), "utf8"), "for many");
    }
    await files.kms.call("DisableKey", { KeyId: first });
    await succeed("decrypt", "several.enc", "-o", "several.any");
  });

  it("Transit keys, alone and beside a KMS key", async () => {
    const environment = { VAULT_ADDR: files.server.url, VAULT_TOKEN: files.server.credentials.token };
    const vault = async (path: string, body: object) => {
      const headers = { "X-Vault-Token": environment.VAULT_TOKEN, "Content-Type": "application/json" };
      const answer = await fetch(`${files.server.url}/v1/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
    };
    await vault("sys/mounts/transit", { type: "transit" });
    await vault("sys/mounts/deep/er", { type: "transit" });
    await vault("transit/keys/docs", {});
    await vault("deep/er/keys/docs", {});
    write("vaulted", "by Vault's API");
    const run = (...args: string[]) => files.run(args, { environment });
    for (const key of ["docs", "deep/er/docs"]) {
      const name = `vaulted.${key.length}`;
      const keys = ["--vault-key", key, "--key", "alias/files"];
      assert.equal((await run("encrypt", ...keys, "--context", "a=b", "vaulted", "-o", name)).stderr, "");
      assert.match(await succeed("inspect", name), new RegExp(`vault-transit .*${key} \\(version 1\\)`));
      assert.equal((await run("decrypt", "--vault-key", key, name, "-o", `${name}.v`)).stderr, "");
      assert.equal((await files.run(["decrypt", "--key", "alias/files", name, "-o", `${name}.k`])).stderr, "");
    }
    assert.equal((await run("encrypt", "--vault-key", "docs", "vaulted", "-o", "alone")).stderr, "");
    assert.equal((await run("decrypt", "alone", "-o", "alone.out")).stderr, "");
    assert.equal(readFileSync(files.path("alone.out"), "utf8"), "by Vault's API");
    await fail(1, /alone: No key decrypts the message.*set VAULT_ADDR/, "decrypt", "alone", "-o", "alone.2");
    for (const key of ["../sys", "a/../b", "", "/x", "a//b", "a?b"]) {
      const refused = await run("encrypt", "--vault-key", key, "vaulted", "-o", "never");
      assert.deepEqual([refused.status, existsSync(files.path("never"))], [2, false], key);
    }
  });

  it("reads what the library wrote, and the reverse, signed messages too", async () => {
    const key = { keyId: "alias/files", client: files.kms };
    for (const sign of [false, true]) {
      write("library.msg", await encrypt(content, { keyring: kmsKeyring(key), context: { a: "b" }, sign }));
      const told = JSON.parse(await succeed("decrypt", "--json", "library.msg", "-o", `library.${sign}`));
      assert.deepEqual([told.signed, told.context], [sign, { a: "b" }]);
      assert.deepEqual(readFileSync(files.path(`library.${sign}`)), content);
      const signed = sign ? ["--sign"] : [];
      await succeed("encrypt", ...signed, "--key", "alias/files", `library.${sign}`);
      const message = readFileSync(files.path(`library.${sign}.enc`));
      const read = await decrypt(message, { keyring: kmsDiscoveryKeyring({ client: files.kms }) });
      assert.deepEqual([Buffer.from(read.plaintext), read.signed], [content, sign]);
    }
  });

  it("the AWS Encryption SDK for Python reads it, and the reverse", {
    skip: python.available ? false : python.reason,
  }, async () => {
    write("shared", content);
    const py = async (...args: string[]) => {
      assert.ok(python.available);
      const script = [pythonScript("encrypt_file.py"), ...args];
      const result = await runProgram(python.path, script, {
        environment: files.environment,
        workingDirectory: files.folder,
      });
      assert.equal(result.stderr, "");
    };
    const { KeyMetadata } = await files.kms.call("DescribeKey", { KeyId: "alias/files" });
    for (const sign of [false, true]) {
      const signed = sign ? ["--sign"] : [];
      await succeed("encrypt", ...signed, "--key", "alias/files", "--context", "a=b", "shared", "-o", `ours.${sign}`);
      await py("decrypt", `ours.${sign}`, `ours.${sign}.out`);
      assert.deepEqual(readFileSync(files.path(`ours.${sign}.out`)), content);
    }
    await py("encrypt", "shared", "theirs", (KeyMetadata as { Arn: string }).Arn);
    await succeed("decrypt", "--context", "a=b", "theirs", "-o", "theirs.out");
    assert.deepEqual(readFileSync(files.path("theirs.out")), content);
    await py("encrypt-old", "shared", "old", (KeyMetadata as { Arn: string }).Arn);
    await fail(1, /: old: .*does not commit to its key.*--commitment optional/, "decrypt", "old", "-o", "old.out");
    await succeed("decrypt", "--commitment", "optional", "old", "-o", "old.out");
    assert.deepEqual(readFileSync(files.path("old.out")), content);
  });

  it("JWE and age: found out when decrypting, under names of their own, in pipes and directories", async () => {
    write("other", content);
    for (const format of ["jwe", "age"]) {
      const name = `other.${format}`;
      await succeed("encrypt", "--format", format, "--key", "alias/files", "--context", "a=b", "other");
      await fail(1, /: other is there already; --force replaces it\./, "decrypt", name, "-o", "other");
      await succeed("decrypt", "--context", "a=b", name, "-o", `${name}.out`);
      assert.deepEqual(readFileSync(files.path(`${name}.out`)), content);
      assert.equal(JSON.parse(await succeed("inspect", "--json", name)).format, format);
      await fail(
        1,
        new RegExp(`: other\\.${format}: .*(has not the given|another value)`),
        "decrypt",
        "--context",
        "a=c",
        name,
        "-o",
        "no",
      );
      const damaged = readFileSync(files.path(name));
      damaged[damaged.length - 30]! ^= 1;
      write(`damaged.${format}`, damaged);
      await fail(1, new RegExp(`: damaged\\.${format}: `), "decrypt", `damaged.${format}`);
      const piped = await files.shell(
        `coffer encrypt --format ${format} --key alias/files - <other | coffer decrypt - | cmp - other
         mkdir dir.${format}; cp other dir.${format}/x
         coffer encrypt --format ${format} --key alias/files dir.${format} -o made.${format}
         coffer encrypt --format ${format} --key alias/files dir.${format} -o made.${format}
         coffer decrypt made.${format} -o back.${format}; cmp back.${format}/x other`,
      );
      assert.deepEqual([piped.status, piped.stderr], [0, ""]);
      assert.match(piped.stdout, /^1 file encrypted .*\n0 files encrypted .*, 1 done before\n1 file decrypted/);
    }
    const { Decrypter, Encrypter, generateX25519Identity, identityToRecipient, armor } = await import("age-encryption");
    const foreign = new Encrypter();
    foreign.addRecipient(await identityToRecipient(await generateX25519Identity()));
    const file = await foreign.encrypt("x");
    write("foreign.age", file);
    await fail(1, /: foreign\.age: .*(identity|recipient|No key)/i, "decrypt", "foreign.age");
    const ours = new Encrypter();
    ours.addRecipient(ageRecipient({ keyring: kmsKeyring({ keyId: "alias/files", client: files.kms }) }));
    write("armored.age", armor.encode(await ours.encrypt("armored")));
    await succeed("decrypt", "armored.age");
    assert.equal(readFileSync(files.path("armored"), "utf8"), "armored");
    const reader = new Decrypter();
    reader.addIdentity(ageIdentity({ keyring: kmsDiscoveryKeyring({ client: files.kms }) }));
    assert.deepEqual(Buffer.from(await reader.decrypt(readFileSync(files.path("other.age")))), content);
    await fail(2, /--format is aws, jwe or age/, "encrypt", "--format", "pgp", "--key", "a", "other");
    await fail(2, /--sign is of the format aws alone/, "encrypt", "--sign", "--format", "age", "--key", "a", "other");
  });

  it("says what a file is that is no message", async () => {
    const keyring = rawAesKeyring({ namespace: "n", name: "k", wrappingKey: new Uint8Array(32) });
    const message = Buffer.from(await encrypt("x", { keyring }));
    for (const [name, bytes, says] of [
      ["base64", message.toString("base64"), /base64: it is a message in base64; decode it first/],
      [
        "sops.yaml",
        "a: ENC[AES256_GCM,data:x]\nsops:\n",
        /sops\.yaml: it is a SOPS file; coffer config decrypt reads it/,
      ],
      ["text", "nothing at all", /text: its format is unknown/],
      ["empty", "", /empty: it is empty/],
      ["raw", message, /raw: No key decrypts the message/],
    ] as const) {
      write(name, bytes);
      await fail(1, says, "decrypt", name, "-o", "no");
    }
    const input = await files.run(["decrypt", "-"], { input: "nothing at all" });
    assert.match(input.stderr, /^coffer: standard input: its format is unknown/);
    assert.equal(input.status, 1);
  });

  it("ends with 2 when it is called wrongly", async () => {
    write("call", "x");
    for (const [says, ...args] of [
      [/name what to encrypt/, "encrypt", "--key", "a"],
      [/name a key/, "encrypt", "call"],
      [/--context "x" is not NAME=VALUE/, "encrypt", "--key", "a", "--context", "x", "call"],
      [/--context has "a" twice/, "decrypt", "--context", "a=1", "--context", "a=2", "call.enc"],
      [/call ends in none of \.enc, \.jwe, \.age: say with -o OUT/, "decrypt", "call"],
      [/say with -o OUT where what becomes of \. goes/, "encrypt", "--key", "a", "."],
      [/--commitment is optional or required/, "decrypt", "--commitment", "no", "call.enc"],
      [/unexpected argument "b"/, "encrypt", "--key", "a", "call", "b"],
      [/--json needs -o FILE/, "encrypt", "--key", "a", "-", "--json"],
      [/is reserved/, "encrypt", "--key", "alias/files", "--context", "aws-crypto-x=1", "call"],
    ] as const) {
      await fail(2, says, ...args);
    }
    await fail(1, /: missing: there is no such file or directory\./, "encrypt", "--key", "alias/files", "missing");
  });

  it("names the server that does not answer", async () => {
    write("alone.txt", "x");
    const { status, stderr } = await files.run(["encrypt", "--key", "alias/files", "alone.txt"], {
      environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
    });
    assert.equal(status, 1);
    assert.match(stderr, /^coffer: alone\.txt: .*http:\/\/127\.0\.0\.1:9 does not answer.*\n$/);
    assert.ok(!existsSync(files.path("alone.txt.enc")));
  });
});
