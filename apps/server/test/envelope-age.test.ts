import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Keyring, kmsClient, kmsKeyring, multiKeyring, transitClient, transitKeyring } from "@coffer/envelope";
import {
  type AgeIdentity,
  type AgeStanza,
  ageIdentity,
  ageRecipient,
  rewrapAge,
  rewrapAgeChunks,
} from "@coffer/envelope/age";
import { component } from "@coffer/testkit";
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const age = component("age");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

async function encryptFor(plaintext: string, ...recipients: Parameters<Encrypter["addRecipient"]>[0][]) {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(plaintext);
}

function reader(...identities: Parameters<Decrypter["addIdentity"]>[0][]): Decrypter {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return decrypter;
}

const isX25519 = ({ args }: AgeStanza) => args[0] === "X25519";

describe("age files under a server's keys", () => {
  let server: ServerUnderTest;
  let keyring: Keyring;
  let other: Keyring;
  let transit: Keyring;
  const own = { identity: "", recipient: "" };
  const folder = temporaryFolder("age");
  const identityFile = join(folder, "identity.txt");
  const file = join(folder, "file.age");

  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
    const client = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    const newKey = async () => ((await client.call("CreateKey", {}))["KeyMetadata"] as { Arn: string }).Arn;
    keyring = kmsKeyring({ keyId: await newKey(), client });
    other = kmsKeyring({ keyId: await newKey(), client });
    const headers = { "x-vault-token": "root-token" };
    for (const [path, body] of [
      ["sys/mounts/transit", '{"type":"transit"}'],
      ["transit/keys/files", "{}"],
    ]) {
      const answer = await fetch(`${server.vaultUrl}/v1/${path}`, { method: "POST", headers, body: body! });
      assert.ok(answer.ok);
    }
    const vault = transitClient({ address: server.vaultUrl, token: "root-token" });
    transit = transitKeyring({ keys: ["files"], client: vault });
    own.identity = await generateX25519Identity();
    own.recipient = await identityToRecipient(own.identity);
    writeFileSync(identityFile, `${own.identity}\n`);
  });
  after(() => server?.kill());

  it("open with and without a context, and of Transit too", async () => {
    for (const [key, context] of [
      [keyring, {}],
      [keyring, { customer: "42", "a name": "größer" }],
      [transit, { customer: "42" }],
      [multiKeyring([other, keyring]), {}],
    ] as const) {
      const made = await encryptFor("a secret", ageRecipient({ keyring: key, context }), own.recipient);
      assert.equal(await reader(ageIdentity({ keyring: key, context })).decrypt(made, "text"), "a secret");
      assert.equal(await reader(own.identity).decrypt(made, "text"), "a secret");
    }
  });

  it("as streams", async () => {
    const plaintext = Buffer.alloc(300_000, "a secret ");
    const encrypter = new Encrypter();
    encrypter.addRecipient(ageRecipient({ keyring }));
    const stream = await encrypter.encrypt(new Blob([plaintext]).stream());
    const decrypted = await reader(ageIdentity({ keyring })).decrypt(stream);
    assert.deepEqual(Buffer.from(await new Response(decrypted).arrayBuffer()), plaintext);
  });

  it("leave to other identities what is not theirs", async () => {
    const made = await encryptFor("a secret", ageRecipient({ keyring: other }), own.recipient);
    assert.equal(await reader(ageIdentity({ keyring }), own.identity).decrypt(made, "text"), "a secret");
    await assert.rejects(reader(ageIdentity({ keyring })).decrypt(made), /no identity matched/);
  });

  it("are bound to what their stanza says", async () => {
    const made = await encryptFor("a secret", ageRecipient({ keyring, context: { customer: "42" } }));
    await assert.rejects(reader(ageIdentity({ keyring, context: { customer: "43" } })).decrypt(made), {
      code: "ContextMismatch",
    });
    // AAAB... is { customer: "42" } as its stanza has it; the server is told the other one.
    const context = Buffer.from("\0\x01\0\x08customer\0\x0242", "latin1").toString("base64").replace(/=+$/, "");
    const changed = Buffer.from("\0\x01\0\x08customer\0\x0243", "latin1").toString("base64").replace(/=+$/, "");
    const latin1 = Buffer.from(made).toString("latin1");
    assert.ok(latin1.includes(context));
    const forged = Buffer.from(latin1.replace(context, changed), "latin1");
    await assert.rejects(reader(ageIdentity({ keyring })).decrypt(forged), { code: "KeyUnavailable" });
  });

  it("make no more calls than a header may ask for", async () => {
    const identity = ageIdentity({ keyring });
    const [stanza] = await ageRecipient({ keyring }).wrapFileKey(new Uint8Array(16));
    await assert.rejects(identity.unwrapFileKey(Array.from({ length: 33 }, () => stanza!)), { code: "LimitExceeded" });
    const bad = (...args: string[]) =>
      identity.unwrapFileKey([{ args: [stanza!.args[0]!, ...args], body: stanza!.body }]);
    for (const args of [
      [],
      ["aws-kms"],
      ["aws-kms", "a=="],
      ["aws-kms", "AB"],
      ["aws-kms", "AA", "!"],
      ["aws-kms", "AA", "", ""],
    ])
      await assert.rejects(bad(...args), { code: "MessageMalformed" }, args.join());
    await assert.rejects(ageRecipient({ keyring }).wrapFileKey(new Uint8Array(32)), { code: "InvalidInput" });
  });

  it("get other recipients without a change to the body, whoever opens them", async () => {
    const made = await encryptFor("a secret", own.recipient);
    const both = await rewrapAge(made, reader(own.identity), [ageRecipient({ keyring })], { keep: isX25519 });
    for (const identity of [own.identity, ageIdentity({ keyring })])
      assert.equal(await reader(identity).decrypt(both, "text"), "a secret");
    const alone = await rewrapAge(both, ageIdentity({ keyring }), [ageRecipient({ keyring: transit })]);
    assert.equal(await reader(ageIdentity({ keyring: transit })).decrypt(alone, "text"), "a secret");
    for (const identity of [own.identity, ageIdentity({ keyring })])
      await assert.rejects(reader(identity).decrypt(alone));
    const bodyBytes = 16 + "a secret".length + 16;
    assert.deepEqual(alone.subarray(-bodyBytes), made.subarray(-bodyBytes));
    const chunks = async function* () {
      for (let offset = 0; offset < made.length; offset += 7) yield made.subarray(offset, offset + 7);
    };
    const pieces: Uint8Array[] = [];
    for await (const piece of rewrapAgeChunks(chunks(), reader(own.identity), [ageRecipient({ keyring })]))
      pieces.push(piece);
    assert.equal(await reader(ageIdentity({ keyring })).decrypt(Buffer.concat(pieces), "text"), "a secret");
  });

  it("with a passphrase have no other recipients", async () => {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(2);
    encrypter.setPassphrase("correct horse");
    const made = await encrypter.encrypt("a secret");
    const decrypter = new Decrypter();
    decrypter.addPassphrase("correct horse");
    const recipients = [ageRecipient({ keyring })];
    await assert.rejects(rewrapAge(made, decrypter, recipients, { keep: () => true }), { code: "InvalidInput" });
    const rewrapped = await rewrapAge(made, decrypter, recipients);
    assert.equal(await reader(ageIdentity({ keyring })).decrypt(rewrapped, "text"), "a secret");
  });

  it("are not rewrapped when their header is not what its maker wrote", async () => {
    const made = await encryptFor("a secret", own.recipient, ageRecipient({ keyring }));
    const latin1 = Buffer.from(made).toString("latin1");
    // Knows the file key whatever the header says: the MAC alone tells.
    const fileKey = await reader(own.identity).decryptHeader(
      made.subarray(0, latin1.indexOf("\n", latin1.indexOf("\n---") + 1) + 1),
    );
    const knowing: AgeIdentity = { unwrapFileKey: async () => Uint8Array.from(fileKey) };
    const rewrapping = (changed: string, identity: AgeIdentity = knowing) =>
      rewrapAge(Buffer.from(changed, "latin1"), identity, [ageRecipient({ keyring })]);
    await rewrapping(latin1);
    const stanza = latin1.slice(latin1.indexOf("-> X25519"), latin1.indexOf("-> coffer.dev"));
    await assert.rejects(rewrapping(latin1.replace("X25519", "X25518")), { code: "DecryptionFailed" });
    await assert.rejects(rewrapping(latin1.replace(stanza, "")), { code: "DecryptionFailed" });
    await assert.rejects(rewrapping(latin1, { unwrapFileKey: async () => new Uint8Array(16) }), {
      code: "DecryptionFailed",
    });
    await assert.rejects(rewrapping(latin1, { unwrapFileKey: async () => new Uint8Array(17) }), {
      code: "DecryptionFailed",
    });
    const malformed = [
      latin1.replace("-> X25519", "->  X25519"),
      latin1.replace("-> X25519", "-> X25\xe919"),
      latin1.replace("-> X25519", "- X25519"),
      latin1.replace("\n-> coffer", "\n\n-> coffer"),
      latin1.replace("\n---", "=\n---"),
      latin1.replace("\n--- ", "\n---  "),
      latin1.replace("\n--- ", "\n--- A"),
      latin1.replace("-> X25519", `-> a\n${"A".repeat(68)}\n-> X25519`),
      latin1.replace("/v1\n", "/v2\n"),
      latin1.replace("/v1\n", "/v1\r\n"),
      "age-encryption.org/v1\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
      `age-encryption.org/v1\n-> ${"a".repeat(5000)}`,
      "",
    ];
    for (const one of malformed)
      await assert.rejects(rewrapping(one), { code: "MessageMalformed" }, JSON.stringify(one));
    await assert.rejects(rewrapping(`age-encryption.org/v1\n-> ${"a".repeat(1_100_000)}\n\n---`), {
      code: "LimitExceeded",
    });
    await assert.rejects(rewrapping(armor.encode(made)), { code: "InvalidInput" });
  });

  describe("and age itself", { skip: age.available ? false : age.reason }, () => {
    const run = async (...args: string[]) => {
      const { status, stderr } = await runProgram(age.available ? age.path : "", args);
      assert.equal(status, 0, stderr);
    };

    it("opens what stands under its own key and the server's", async () => {
      const out = join(folder, "opened.txt");
      const made = await encryptFor("a secret", ageRecipient({ keyring, context: { a: "b" } }), own.recipient);
      const rewrapped = await rewrapAge(
        await encryptFor("a secret", own.recipient),
        reader(own.identity),
        [ageRecipient({ keyring }), ageRecipient({ keyring: transit })],
        { keep: isX25519 },
      );
      for (const bytes of [made, rewrapped]) {
        writeFileSync(file, bytes);
        writeFileSync(out, "");
        await run("--decrypt", "--identity", identityFile, "--output", out, file);
        assert.equal(readFileSync(out, "utf8"), "a secret");
      }
    });

    it("writes what gets the server's key as a recipient", async () => {
      const plain = join(folder, "plain.txt");
      writeFileSync(plain, Buffer.alloc(200_000, "a secret "));
      await run("--encrypt", "--recipient", own.recipient, "--output", file, plain);
      const rewrapped = await rewrapAge(readFileSync(file), reader(own.identity), [ageRecipient({ keyring })]);
      assert.equal(text(await reader(ageIdentity({ keyring })).decrypt(rewrapped)), readFileSync(plain, "utf8"));
    });
  });
});
