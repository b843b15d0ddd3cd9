import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, mock } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { type DeviceEntry, type DeviceList, parseDeviceList, signDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import { grantLink, grantPrefix } from "./grant-link.ts";
import { linkingSuite } from "./hpke-suite.ts";
import { type LinkOffer, linkingCode, parseLinkOffer, writeLinkOffer } from "./link-offer.ts";
import { LinkRequest, linkOfferLifetimeMs } from "./link-request.ts";
import { linkTranscript } from "./link-transcript.ts";

const isRefused = (error: unknown) => error instanceof MessagingError && error.code === "LinkingRefused";

function device(deviceId: string, registrationId = 7): DeviceEntry {
  const signingKey = base64OfBytes(ed25519.keygen().publicKey);
  return { deviceId, protocol: "olm", identityKey: base64OfBytes(randomBytes(32)), signingKey, registrationId };
}

function account(userId = "alice") {
  const { secretKey: accountPrivateKey, publicKey } = ed25519.keygen();
  const accountKey = base64OfBytes(publicKey);
  const list: DeviceList = { userId, version: 4, accountKey, devices: [device("phone")] };
  return { accountPrivateKey, list };
}

/** A grant as whoever knows an offer could make it. */
async function forgeGrant(offer: LinkOffer, content: unknown): Promise<string> {
  const suite = linkingSuite();
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytesOfBase64(offer.linkKey)!);
  const plaintext = new TextEncoder().encode(JSON.stringify(content));
  const { enc, ct } = await suite.seal({ recipientPublicKey, ...linkTranscript(offer) }, plaintext);
  return grantPrefix + Buffer.concat([Buffer.from(enc), Buffer.from(ct)]).toString("base64url");
}

function changed(offerText: string, change: Partial<LinkOffer>): string {
  return writeLinkOffer({ ...parseLinkOffer(offerText), ...change });
}

describe("device linking", () => {
  it("gives a new device the account's key and a list with it, once", async () => {
    const mine = account();
    const laptop = device("laptop");
    const request = await LinkRequest.begin("alice", laptop);
    const { list, grant } = await grantLink({ offer: request.offer, confirmedCode: request.code, ...mine });
    const linked = await request.open(grant);
    assert.deepEqual(linked.accountPrivateKey, mine.accountPrivateKey);
    assert.deepEqual(linked.list, list);
    const { version, devices, accountKey } = parseDeviceList(linked.list);
    assert.equal(version, 5);
    assert.equal(accountKey, mine.list.accountKey);
    assert.deepEqual(devices, [...mine.list.devices, laptop]);
    await assert.rejects(request.open(grant), isRefused);
  });

  it("shows a code that both devices have, and that differs with anything in the offer", async () => {
    const { offer, code } = await LinkRequest.begin("alice", device("laptop"));
    assert.match(code, /^(\d{5} ){7}\d{5}$/);
    assert.equal(linkingCode(offer), code);
    const { device: entry } = parseLinkOffer(offer);
    const others = [
      changed(offer, { userId: "mallory" }),
      changed(offer, { linkKey: base64OfBytes(randomBytes(32)) }),
      changed(offer, { secret: base64OfBytes(randomBytes(32)) }),
      changed(offer, { device: { ...entry, identityKey: base64OfBytes(randomBytes(32)) } }),
      changed(offer, { device: { ...entry, signingKey: base64OfBytes(randomBytes(32)) } }),
      changed(offer, { device: { ...entry, registrationId: 8 } }),
    ];
    assert.equal(new Set([code, ...others.map(linkingCode)]).size, others.length + 1);
  });

  it("refuses a key, or anything else, that a man in the middle put into the offer, and seals nothing for it", async () => {
    const mine = account();
    const request = await LinkRequest.begin("alice", device("laptop"));
    const theirs = await LinkRequest.begin("alice", device("laptop"));
    const swapped = changed(request.offer, { linkKey: parseLinkOffer(theirs.offer).linkKey });
    for (const offer of [swapped, theirs.offer]) {
      await assert.rejects(grantLink({ offer, confirmedCode: request.code, ...mine }), isRefused);
    }
    for (const confirmedCode of [
      "",
      request.code.slice(0, -1),
      request.code.replace(/^\d/, (d) => `${(+d + 1) % 10}`),
    ]) {
      await assert.rejects(grantLink({ offer: request.offer, confirmedCode, ...mine }), isRefused);
    }
    // Spaces are how it is read out.
    const confirmedCode = ` ${request.code.replaceAll(" ", "")}\n`;
    assert.ok((await grantLink({ offer: request.offer, confirmedCode, ...mine })).grant);
  });

  it("opens for the offer that was answered alone: each part of it is bound", async () => {
    const mine = account();
    const request = await LinkRequest.begin("alice", device("laptop"));
    const real = parseLinkOffer(request.offer);
    // Somebody lets the existing device confirm an offer with the new device's key and something of their own.
    for (const change of [
      { secret: base64OfBytes(randomBytes(32)) },
      { device: device("laptop") },
      { device: { ...real.device, deviceId: "laptop2" } },
    ]) {
      const offer = changed(request.offer, change);
      const { grant } = await grantLink({ offer, confirmedCode: linkingCode(offer), ...mine });
      await assert.rejects(request.open(grant), isRefused);
    }
    const { list } = await grantLink({ offer: request.offer, confirmedCode: request.code, ...mine });
    const content = { accountPrivateKey: base64OfBytes(mine.accountPrivateKey), list };
    const ofAnother = await forgeGrant({ ...real, userId: "mallory" }, content);
    await assert.rejects(request.open(ofAnother), isRefused);
    const other = await LinkRequest.begin("alice", device("laptop"));
    const { grant } = await grantLink({ offer: other.offer, confirmedCode: other.code, ...mine });
    await assert.rejects(request.open(grant), isRefused);
    await other.open(grant);
  });

  it("opens nothing of who knows the new device's key and not the offer's secret", async () => {
    const mine = account();
    const request = await LinkRequest.begin("alice", device("laptop"));
    const offer = parseLinkOffer(request.offer);
    const { list } = await grantLink({ offer: request.offer, confirmedCode: request.code, ...mine });
    const content = { accountPrivateKey: base64OfBytes(mine.accountPrivateKey), list };
    const suite = linkingSuite();
    const recipientPublicKey = await suite.kem.deserializePublicKey(bytesOfBase64(offer.linkKey)!);
    const { info, psk } = linkTranscript(offer);
    const plaintext = new TextEncoder().encode(JSON.stringify(content));
    for (const guess of [undefined, { id: psk.id, key: new ArrayBuffer(32) }]) {
      const { enc, ct } = await suite.seal({ recipientPublicKey, info, ...(guess && { psk: guess }) }, plaintext);
      const grant = grantPrefix + Buffer.concat([Buffer.from(enc), Buffer.from(ct)]).toString("base64url");
      await assert.rejects(request.open(grant), isRefused);
    }
    await request.open(await forgeGrant(offer, content));
  });

  it("refuses a grant that was changed anywhere, and stays open for the true one", async () => {
    const mine = account();
    const request = await LinkRequest.begin("alice", device("laptop"));
    const { grant } = await grantLink({ offer: request.offer, confirmedCode: request.code, ...mine });
    const bytes = Buffer.from(grant.slice(grantPrefix.length), "base64url");
    for (const at of [0, 31, 32, 100, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[at]! ^= 0x04;
      await assert.rejects(request.open(grantPrefix + other.toString("base64url")), isRefused, `byte ${at}`);
    }
    for (const text of [
      "",
      "x",
      grantPrefix,
      grant.slice(0, -4),
      `x${grant}`,
      `${grantPrefix}${"A".repeat(400_000)}`,
    ]) {
      await assert.rejects(request.open(text), isRefused);
    }
    assert.ok(await request.open(grant));
  });

  it("checks the list: signed by the key that came with it, the user's, and with this device as it is", async () => {
    const mine = account();
    const laptop = device("laptop");
    const request = await LinkRequest.begin("alice", laptop);
    const offer = parseLinkOffer(request.offer);
    const accountPrivateKey = base64OfBytes(mine.accountPrivateKey);
    const signed = (change: Partial<DeviceList>, key = mine.accountPrivateKey) =>
      signDeviceList({ ...mine.list, devices: [laptop], ...change }, key);
    const other = account();
    const refusedLists = [
      signed({ devices: mine.list.devices }),
      signed({ devices: [{ ...laptop, identityKey: base64OfBytes(randomBytes(32)) }] }),
      signed({ devices: [{ ...laptop, signingKey: device("x").signingKey }] }),
      signed({ devices: [{ ...laptop, registrationId: 8 }] }),
      signed({ devices: [{ ...laptop, protocol: "mls" }] }),
      signed({ userId: "mallory" }),
      signed({ accountKey: other.list.accountKey }, other.accountPrivateKey),
      { ...signed({}), signature: signed({ version: 9 }).signature },
    ];
    for (const list of refusedLists) {
      await assert.rejects(request.open(await forgeGrant(offer, { accountPrivateKey, list })), isRefused);
    }
    for (const content of [
      null,
      {},
      { accountPrivateKey, list: null },
      { accountPrivateKey: "AAAA", list: signed({}) },
    ]) {
      await assert.rejects(request.open(await forgeGrant(offer, content)), isRefused);
    }
    assert.ok(await request.open(await forgeGrant(offer, { accountPrivateKey, list: signed({}) })));
  });

  it("takes in no device of another user, of a taken id, or with another's signing key", async () => {
    const mine = account();
    const [phone] = mine.list.devices;
    const cases: readonly (readonly [string, DeviceEntry])[] = [
      ["mallory", device("laptop")],
      ["alice", device("phone")],
      ["alice", { ...device("laptop"), signingKey: phone!.signingKey }],
    ];
    for (const [userId, entry] of cases) {
      const request = await LinkRequest.begin(userId, entry);
      await assert.rejects(grantLink({ offer: request.offer, confirmedCode: request.code, ...mine }), isRefused);
    }
  });

  it("signs nothing by a key that is not the account's", async () => {
    const request = await LinkRequest.begin("alice", device("laptop"));
    const { list } = account();
    const { accountPrivateKey } = account();
    await assert.rejects(
      grantLink({ offer: request.offer, confirmedCode: request.code, list, accountPrivateKey }),
      (error) => error instanceof MessagingError && error.code === "InvalidInput",
    );
  });

  it("ends after ten minutes", async () => {
    const mine = account();
    mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
    try {
      const request = await LinkRequest.begin("alice", device("laptop"));
      const { grant } = await grantLink({ offer: request.offer, confirmedCode: request.code, ...mine });
      mock.timers.tick(linkOfferLifetimeMs + 1);
      await assert.rejects(request.open(grant), /ten minutes/);
    } finally {
      mock.timers.reset();
    }
  });

  it("refuses texts that are no offer, and a second writing of one that is", async () => {
    const { offer } = await LinkRequest.begin("alice", device("laptop"));
    const json = (value: unknown) => `coffer-link:1:${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
    const parsed = parseLinkOffer(offer);
    const texts = [
      "",
      "coffer-link:1:",
      "coffer-link:1:!",
      offer.slice(1),
      `${offer}=`,
      offer.repeat(9),
      json(null),
      json([]),
    ];
    texts.push(
      json({ ...parsed, more: 1 }),
      json(Object.fromEntries(Object.entries(parsed).reverse())),
      json({ ...parsed, userId: "a/b" }),
    );
    texts.push(json({ ...parsed, linkKey: "AAAA" }), json({ ...parsed, device: { ...parsed.device, more: 1 } }));
    for (const text of texts) assert.throws(() => parseLinkOffer(text), isRefused, text.slice(0, 80));
  });

  it("refuses a key of low order", async () => {
    const { offer } = await LinkRequest.begin("alice", device("laptop"));
    const weak = changed(offer, { linkKey: base64OfBytes(new Uint8Array(32)) });
    await assert.rejects(grantLink({ offer: weak, confirmedCode: linkingCode(weak), ...account() }), isRefused);
  });
});

interface HpkeCase {
  readonly name: string;
  readonly infoHex: string;
  readonly skEmHex: string;
  readonly pkEmHex: string;
  readonly ikmEHex: string;
  readonly ikmRHex: string;
  readonly pkRmHex: string;
  readonly skRmHex: string;
  readonly encHex: string;
  readonly pskHex?: string;
  readonly pskIdHex?: string;
  readonly encryptions: readonly {
    readonly plaintextHex: string;
    readonly aadHex: string;
    readonly ciphertextHex: string;
  }[];
  readonly exports: readonly { readonly contextHex: string; readonly valueHex: string }[];
}

describe("HPKE as linking uses it: RFC 9180, appendix A.1", () => {
  const file = new URL("../../../../../vectors/hpke-rfc9180.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly HpkeCase[] };
  const bytes = (hex: string) => Uint8Array.fromHex(hex);
  const hexOf = (buffer: ArrayBuffer) => new Uint8Array(buffer).toHex();

  for (const vector of cases) {
    it(vector.name, async () => {
      const suite = linkingSuite();
      const psk =
        vector.pskHex === undefined
          ? undefined
          : { key: bytes(vector.pskHex).buffer, id: bytes(vector.pskIdHex!).buffer };
      const common = { info: bytes(vector.infoHex), ...(psk && { psk }) };
      const recipientKey = await suite.kem.deriveKeyPair(bytes(vector.ikmRHex));
      assert.equal(hexOf(await suite.kem.serializePrivateKey(recipientKey.privateKey)), vector.skRmHex);
      assert.equal(hexOf(await suite.kem.serializePublicKey(recipientKey.publicKey)), vector.pkRmHex);
      const recipient = await suite.createRecipientContext({ ...common, recipientKey, enc: bytes(vector.encHex) });
      const ekm = await suite.kem.deriveKeyPair(bytes(vector.ikmEHex));
      const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(vector.pkRmHex));
      const sender = await suite.createSenderContext({ ...common, recipientPublicKey, ekm });
      assert.equal(hexOf(sender.enc), vector.encHex);
      for (const { plaintextHex, aadHex, ciphertextHex } of vector.encryptions) {
        assert.equal(hexOf(await sender.seal(bytes(plaintextHex), bytes(aadHex))), ciphertextHex);
        assert.equal(hexOf(await recipient.open(bytes(ciphertextHex), bytes(aadHex))), plaintextHex);
      }
      for (const { contextHex, valueHex } of vector.exports) {
        assert.equal(hexOf(await recipient.export(bytes(contextHex), 32)), valueHex);
      }
    });
  }
});
