import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KeyBundle, MessagingError } from "@coffer/messaging";
import { Party, type Sent, textOf } from "@coffer/messaging/testing";
import {
  type AnyPacket,
  createMessage,
  config as defaultConfig,
  encrypt,
  encryptKey,
  enums,
  generateKey,
  LiteralDataPacket,
  Message,
  PacketList,
  type PrivateKey,
  type PublicKey,
  readKey,
  readMessage,
  readPrivateKey,
  revokeKey,
  SymmetricallyEncryptedDataPacket,
} from "openpgp";
import { maxCertificateBytes } from "../src/certificates.ts";
import { decodeIntroduction, encodeIntroduction } from "../src/envelope.ts";
import { openpgp } from "../src/index.ts";
import { settingsOf } from "../src/settings.ts";
import { signAndEncrypt } from "../src/signed-message.ts";
import { Mailbox } from "./programs.ts";

const protocol = () => openpgp({ format: "v6" });
const settings = settingsOf("v6", Date.now);

async function pair(): Promise<[Party, Party]> {
  const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
  await alice.start(bob);
  await bob.start(alice);
  return [alice, bob];
}

const one = async (sent: Promise<Sent[]>) => (await sent)[0]!;
const kindOf = async (party: Party, sent: Sent) => (await party.receive(sent)).kind;
const hasCode = (code: string) => (error: unknown) => error instanceof MessagingError && error.code === code;

function privateKeyOf(party: Party): Promise<PrivateKey> {
  return party.transact(async (state) => {
    const record = JSON.parse(new TextDecoder().decode(await state.get("protocol/openpgp/device"))) as {
      privateKey: string;
    };
    return readPrivateKey({ binaryKey: Uint8Array.fromBase64(record.privateKey), config: settings.config });
  });
}

/** A message as a dishonest sender, who has the key of `from`, may write it. */
async function craft(
  from: Party,
  to: Party,
  notations: Readonly<Record<string, string>>,
  named: readonly Party[] = [to],
): Promise<Sent> {
  const signer = await privateKeyOf(from);
  const recipients = await Promise.all(named.map(async (party) => (await privateKeyOf(party)).toPublic()));
  const all = { "message-id": "m1", sender: "alice/one", content: "message", ...notations };
  const entries = Object.entries(all).map(([name, value]) => [`${name}@coffer.invalid`, value] as const);
  const body = await signAndEncrypt(
    settings,
    signer,
    recipients,
    new TextEncoder().encode("crafted"),
    new Map(entries),
  );
  const introduced = encodeIntroduction(signer.toPublic().write(), body);
  return { ...from.sent({ to: to.address, kind: "introduction", body: introduced }), messageId: "m1" };
}

/** What a recipient can do with what was signed for it: encrypt the signed part for somebody else. */
async function reencrypt(
  sealed: Message<Uint8Array | string>,
  own: PrivateKey,
  to: PublicKey,
  format: "armored" | "binary",
): Promise<string | Uint8Array> {
  const whole = { ...defaultConfig, ...settings.config };
  const signed = (await sealed.decrypt([own], undefined, undefined, undefined, whole)) as Message<Uint8Array>;
  // The signature comes after the text, and is read when it is asked for.
  const [checked] = await signed.verify([], undefined, whole);
  const packets = new PacketList<AnyPacket>();
  packets.push(...signed.packets.slice(0, 2), ...(await checked!.signature).packets);
  const options = { message: new Message<Uint8Array>(packets), encryptionKeys: to, config: settings.config };
  return format === "armored" ? encrypt({ ...options, format }) : encrypt({ ...options, format });
}

describe("openpgp: attacks", () => {
  it("a message that its recipient encrypts anew for another is refused", async () => {
    const [alice, bob] = await pair();
    const carol = await Party.open(protocol(), "carol");
    const sent = await one(alice.encrypt("I owe you 10", bob));
    assert.equal(textOf(await bob.receive(sent)), "I owe you 10");
    // Bob opens it, and encrypts what Alice signed for Carol.
    const { certificate, message } = decodeIntroduction(sent.body);
    const [bobs, carols] = [await privateKeyOf(bob), await privateKeyOf(carol)];
    const sealed = await readMessage({ binaryMessage: message, config: settings.config });
    const again = await reencrypt(sealed, bobs, carols.toPublic(), "binary");
    const forwarded = { ...sent, to: carol.address, body: encodeIntroduction(certificate, again as Uint8Array) };
    assert.equal(await kindOf(carol, forwarded), "undecryptable");
  });

  it("a signature that names no recipient is refused", async () => {
    const [alice, bob] = await pair();
    const carol = await Party.open(protocol(), "carol");
    assert.equal(textOf(await bob.receive(await craft(alice, bob, {}, [carol, bob]))), "crafted");
    const signer = await privateKeyOf(alice);
    const text = await createMessage({ binary: new TextEncoder().encode("for whom?") });
    const notations = [
      ["message-id", "m2"],
      ["sender", "alice/one"],
      ["content", "message"],
    ].map(([name, value]) => ({
      name: `${name}@coffer.invalid`,
      value: new TextEncoder().encode(value),
      humanReadable: true,
      critical: false,
    }));
    const body = await encrypt({
      message: text,
      signingKeys: signer,
      encryptionKeys: (await privateKeyOf(bob)).toPublic(),
      signatureNotations: notations,
      format: "binary",
      config: settings.config,
    });
    const introduced = encodeIntroduction(signer.toPublic().write(), body as Uint8Array);
    const sent = alice.sent({ to: bob.address, kind: "introduction", body: introduced });
    assert.equal(await kindOf(bob, sent), "undecryptable");
  });

  it("a message that says it is another's, or does not say what it is, is refused", async () => {
    const [alice, bob] = await pair();
    for (const notations of [
      { sender: "carol/one" },
      { content: "other" },
      { "message-id": "../x" },
      { "message-id": "" },
    ]) {
      assert.equal(await kindOf(bob, await craft(alice, bob, notations)), "undecryptable", JSON.stringify(notations));
    }
  });

  it("a message for a group comes from a member of it", async () => {
    const [alice, bob] = await pair();
    const group = { ...(await craft(alice, bob, { group: "the-group" })), groupId: "the-group" };
    assert.equal(await kindOf(bob, group), "undecryptable");
    await bob.transact((state) => bob.device.groups!.create(state, "the-group"));
    assert.equal(await kindOf(bob, group), "undecryptable");
    assert.equal(await kindOf(bob, { ...group, groupId: undefined }), "undecryptable");
  });

  it("a message with two signatures is refused, though one is the sender's", async () => {
    const [alice, bob] = await pair();
    const mallory = await Party.open(protocol(), "mallory");
    const [mail, sender] = [await privateKeyOf(alice), await privateKeyOf(mallory)];
    const body = await encrypt({
      message: await createMessage({ text: "by both" }),
      signingKeys: [mail, sender],
      encryptionKeys: (await privateKeyOf(bob)).toPublic(),
      config: settings.config,
    });
    const bobs = await Mailbox.open("bob", "v6", (await privateKeyOf(bob)).armor());
    await assert.rejects(bobs.open(mail.toPublic().armor(), body as string), hasCode("InvalidInput"));
  });

  it("a certificate that comes with a message is the one that the device list names", async () => {
    const [alice, bob] = await pair();
    const mallory = await Party.open(protocol(), "mallory");
    const forged = await craft(mallory, bob, {});
    const asAlice = { ...forged, from: alice.address, identityKey: alice.device.identityKey };
    assert.equal(await kindOf(bob, asAlice), "undecryptable");
    const cut = { ...forged, body: new Uint8Array([0xff, 0xff, 0xff, 0xff, 1]) };
    assert.equal(await kindOf(bob, cut), "undecryptable");
  });

  it("a message without authentication of its octets is refused", async () => {
    const bob = await Mailbox.open("bob", "v4");
    const alice = await Mailbox.open("alice", "v4");
    const recipient = await readKey({ armoredKey: await bob.certificate() });
    const sealed = await readMessage({ armoredMessage: await alice.seal(await bob.certificate(), "old ways") });
    const literal = new LiteralDataPacket();
    const session = { data: new Uint8Array(32).fill(7), algorithm: "aes256" as const };
    const packets = new PacketList<LiteralDataPacket>();
    packets.push(literal);
    (literal as unknown as { setText(text: string): void }).setText("old ways");
    const old = new SymmetricallyEncryptedDataPacket() as unknown as {
      packets: unknown;
      encrypt(algorithm: number, key: Uint8Array, config: object): Promise<void>;
    };
    old.packets = packets;
    await old.encrypt(enums.symmetric.aes256, session.data, defaultConfig);
    const keys = await new Message<Uint8Array>(new PacketList()).encrypt(
      [recipient as PublicKey],
      undefined,
      session as never,
      false,
      [],
      new Date(),
      [],
      { ...defaultConfig, ...settings.config },
    );
    const list = new PacketList<never>();
    list.push(keys.packets[0] as never, old as never);
    const armored = new Message<Uint8Array>(list).armor();
    await assert.rejects(bob.open(await alice.certificate(), armored), (error: MessagingError) => {
      assert.match(String((error.cause as Error).message), /not authenticated/);
      return true;
    });
    assert.ok(sealed.packets.length > 0);
  });

  it("a bundle with a private, weak, revoked or other certificate is refused", async () => {
    const [alice, bob] = await pair();
    const bundle = bob.claim();
    const secret = await privateKeyOf(bob);
    const revoked = await revokeKey({ key: secret, format: "object", config: settings.config });
    const weak = await generateKey({
      type: "rsa",
      rsaBits: 1024,
      userIDs: [{ name: "weak" }],
      config: { minRSABits: 1024 },
    });
    const weakKey = await readKey({ armoredKey: weak.publicKey });
    const identityOf = (key: PublicKey) => key.keyPacket.getFingerprintBytes()?.toBase64() ?? "";
    const refused: KeyBundle[] = [
      { ...bundle, details: secret.armor() },
      { ...bundle, details: revoked.publicKey.armor() },
      { ...bundle, details: weakKey.armor(), identityKey: identityOf(weakKey) },
      { ...bundle, details: alice.claim().details },
      { ...bundle, details: undefined },
    ];
    for (const [n, other] of refused.entries()) {
      await assert.rejects(alice.start(bob, other), hasCode("BundleRefused"), String(n));
    }
  });

  it("a certificate that is too long is not parsed", async () => {
    const [alice, bob] = await pair();
    const bundle = bob.claim();
    const long = `${bundle.details}${"\n".repeat(maxCertificateBytes)}`;
    await assert.rejects(alice.start(bob, { ...bundle, details: long }), hasCode("BundleRefused"));
  });

  it("a message of a known peer is refused once its device list names another key", async () => {
    const [alice, bob] = await pair();
    assert.equal(await kindOf(bob, await one(alice.encrypt("x", bob))), "message");
    assert.equal(await kindOf(alice, await one(bob.encrypt("x", alice))), "message");
    const sent = await one(alice.encrypt("x", bob));
    assert.equal(sent.kind, "message");
    assert.equal((await bob.receive(sent, bob.device.identityKey)).kind, "undecryptable");
    assert.equal(await kindOf(bob, sent), "message");
  });

  it("a mail that its recipient encrypts anew for another is refused", async () => {
    const [alice, bob, carol] = await Promise.all(["alice", "bob", "carol"].map((name) => Mailbox.open(name, "v4")));
    const mail = await alice!.seal(await bob!.certificate(), "for Bob");
    const bobs = await readPrivateKey({ armoredKey: await bob!.privateKey() });
    const carols = await readKey({ armoredKey: await carol!.certificate() });
    const again = await reencrypt(await readMessage({ armoredMessage: mail }), bobs, carols, "armored");
    await assert.rejects(carol!.open(await alice!.certificate(), again as string), (error: MessagingError) => {
      assert.match(String((error.cause as Error).message), /signed for others/);
      return hasCode("InvalidInput")(error);
    });
    assert.equal((await bob!.open(await alice!.certificate(), mail)).text, "for Bob");
  });

  it("a private key with a passphrase is not taken", async () => {
    const { privateKey } = await generateKey({ userIDs: [{ name: "x" }], format: "object" });
    const locked = await encryptKey({ privateKey, passphrase: "secret" });
    await assert.rejects(Mailbox.open("x", "v4", locked.armor()), hasCode("InvalidInput"));
    await assert.rejects(Mailbox.open("x", "v4", privateKey.toPublic().armor()), hasCode("InvalidInput"));
  });
});

describe("openpgp: keys over time", () => {
  it("sends the certificate until the peer has it, and again when it changed", async () => {
    const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
    await alice.start(bob);
    const kinds: string[] = [];
    const send = async (from: Party, to: Party) => {
      const sent = await one(from.encrypt("x", to));
      kinds.push(sent.kind);
      assert.equal(await kindOf(to, sent), "message");
    };
    for (const [from, to] of [
      [alice, bob],
      [alice, bob],
      [bob, alice],
      [alice, bob],
      [bob, alice],
    ] as const) {
      await send(from, to);
    }
    assert.deepEqual(kinds.splice(0), ["introduction", "introduction", "introduction", "message", "message"]);
    bob.take(await bob.transact((state) => bob.device.rotateKeys(state)));
    for (const [from, to] of [
      [bob, alice],
      [alice, bob],
      [bob, alice],
    ] as const)
      await send(from, to);
    assert.deepEqual(kinds, ["introduction", "message", "message"]);
  });

  it("sends the certificate again to a device that was set up anew", async () => {
    const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
    await alice.start(bob);
    assert.equal(await kindOf(bob, await one(alice.encrypt("x", bob))), "message");
    assert.equal(await kindOf(alice, await one(bob.encrypt("x", alice))), "message");
    const anew = await Party.open(protocol(), "bob");
    await alice.start(anew);
    assert.equal(await kindOf(anew, await one(alice.encrypt("x", anew))), "message");
    const again = await Party.open(protocol(), "bob");
    // Ids are random but in these tests: this one was used.
    again.nextMessageId();
    await again.start(alice);
    assert.equal(await kindOf(alice, await one(again.encrypt("x", alice))), "message");
    assert.equal(await kindOf(again, await one(alice.encrypt("x", again))), "message");
  });

  it("keeps 8 encryption subkeys: what was encrypted for an older one opens no more", async () => {
    let now = Date.now() - 24 * 3600_000;
    const clocked = () => openpgp({ nowMs: () => now });
    const [alice, bob] = [await Party.open(clocked(), "alice"), await Party.open(clocked(), "bob")];
    await alice.start(bob);
    const early = [await one(alice.encrypt("early", bob)), await one(alice.encrypt("too early", bob))] as const;
    const rotate = async () => {
      now += 60_000;
      await bob.transact((state) => bob.device.rotateKeys(state));
    };
    for (let n = 0; n < 7; n++) await rotate();
    assert.equal(textOf(await bob.receive(early[0])), "early");
    await rotate();
    assert.equal(await kindOf(bob, early[1]), "undecryptable");
  });

  it("refuses what was signed ahead of its clock by more than 5 minutes, or 90 days ago", async () => {
    let [alicesClock, bobsClock] = [Date.now(), Date.now()];
    const alice = await Party.open(openpgp({ nowMs: () => alicesClock }), "alice");
    const bob = await Party.open(openpgp({ nowMs: () => bobsClock }), "bob");
    await alice.start(bob);
    alicesClock += 4 * 60_000;
    assert.equal(await kindOf(bob, await one(alice.encrypt("a little ahead", bob))), "message");
    alicesClock += 4 * 60_000;
    const early = await one(alice.encrypt("far ahead", bob));
    assert.equal(await kindOf(bob, early), "undecryptable");
    bobsClock = alicesClock;
    assert.equal(await kindOf(bob, early), "message");
    const old = await one(alice.encrypt("slow", bob));
    bobsClock += 92 * 24 * 3600_000;
    assert.equal(await kindOf(bob, old), "undecryptable");
  });
});
