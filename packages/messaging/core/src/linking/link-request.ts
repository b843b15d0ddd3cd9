import type { RecipientContextParams } from "@hpke/core";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { type DeviceEntry, maxDeviceListCharacters, parseDeviceList, type SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { nowMs, randomBytes } from "../platform.ts";
import { grantPrefix } from "./grant-link.ts";
import { linkingSuite } from "./hpke-suite.ts";
import { type LinkOffer, linkingCode, parseLinkOffer, writeLinkOffer } from "./link-offer.ts";
import { linkTranscript } from "./link-transcript.ts";

/** What a new device was given. */
export interface LinkedAccount {
  /** 32 bytes, Ed25519: the account's. The caller keeps it in its vault alone. */
  readonly accountPrivateKey: Uint8Array;
  /** Signed by the account, with this device in it. Compare it with what the relay gives. */
  readonly list: SignedDeviceList;
}

/** How long an offer may be answered. */
export const linkOfferLifetimeMs = 10 * 60 * 1000;
const maxGrantCharacters = 3 * maxDeviceListCharacters;

type RecipientKey = RecipientContextParams["recipientKey"];

/** A new device's wish to be taken in. It is in memory alone, is answered once, and ends after ten minutes. */
export class LinkRequest {
  readonly #offer: LinkOffer;
  readonly #madeAtMs: number;
  #recipientKey: RecipientKey | undefined;

  private constructor(offer: LinkOffer, recipientKey: RecipientKey) {
    this.#offer = offer;
    this.#recipientKey = recipientKey;
    this.#madeAtMs = nowMs();
  }

  /**
   * Begins it, with a key pair and a secret of its own.
   *
   * @param userId whose device it is to be
   * @param device as the list is to name it
   * @throws MessagingError LinkingRefused when they cannot stand in a list
   */
  static async begin(userId: string, device: DeviceEntry): Promise<LinkRequest> {
    const { kem } = linkingSuite();
    const pair = await kem.generateKeyPair();
    const linkKey = base64OfBytes(new Uint8Array(await kem.serializePublicKey(pair.publicKey)));
    const offer = { userId, device, linkKey, secret: base64OfBytes(randomBytes(32)) };
    return new LinkRequest(parseLinkOffer(writeLinkOffer(offer)), pair);
  }

  /** For a QR code, or to be pasted. */
  get offer(): string {
    return writeLinkOffer(this.#offer);
  }

  /** What the user compares on both devices. */
  get code(): string {
    return linkingCode(this.offer);
  }

  /**
   * Opens what an existing device granted, and checks that the account's list has this device as it is. Afterwards the
   * request is spent; what does not open leaves it as it is.
   *
   * @throws MessagingError LinkingRefused
   */
  async open(grant: string): Promise<LinkedAccount> {
    const recipientKey = this.#recipientKey;
    if (recipientKey === undefined) throw refused("The offer was answered before: begin anew.");
    if (nowMs() - this.#madeAtMs > linkOfferLifetimeMs) {
      this.#recipientKey = undefined;
      throw refused("The offer is older than ten minutes: begin anew.");
    }
    const account = this.#check(await openGrant(grant, this.#offer, recipientKey));
    this.#recipientKey = undefined;
    return account;
  }

  #check({ accountPrivateKey, list }: LinkedAccount): LinkedAccount {
    const { userId, device } = this.#offer;
    const { accountKey, userId: listed, devices } = parseList(list);
    if (base64OfBytes(ed25519.getPublicKey(accountPrivateKey)) !== accountKey) throw notOurs();
    const entry = devices.find(({ deviceId }) => deviceId === device.deviceId);
    if (listed !== userId || entry === undefined || !isSameEntry(entry, device)) throw notOurs();
    return { accountPrivateKey, list };
  }
}

async function openGrant(grant: string, offer: LinkOffer, recipientKey: RecipientKey): Promise<LinkedAccount> {
  if (typeof grant !== "string" || grant.length > maxGrantCharacters || !grant.startsWith(grantPrefix)) throw notOurs();
  const suite = linkingSuite();
  try {
    const sealed = Uint8Array.fromBase64(grant.slice(grantPrefix.length), { alphabet: "base64url" });
    const { encSize } = suite.kem;
    const { info, psk } = linkTranscript(offer);
    const enc = sealed.slice(0, encSize);
    const plaintext = new Uint8Array(await suite.open({ recipientKey, enc, info, psk }, sealed.slice(encSize)));
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plaintext)) as LinkGrantContent;
    plaintext.fill(0);
    const accountPrivateKey = bytesOfBase64(value.accountPrivateKey);
    if (accountPrivateKey?.length !== 32) throw notOurs();
    const { text, signature } = value.list;
    return { accountPrivateKey, list: { text, signature } };
  } catch (cause) {
    throw notOurs(cause);
  }
}

/** Of somebody who knows the offer: to be checked all the same. */
interface LinkGrantContent {
  readonly accountPrivateKey: unknown;
  readonly list: SignedDeviceList;
}

function parseList(list: SignedDeviceList): ReturnType<typeof parseDeviceList> {
  try {
    return parseDeviceList(list);
  } catch (cause) {
    throw notOurs(cause);
  }
}

function isSameEntry(a: DeviceEntry, b: DeviceEntry): boolean {
  return (
    a.protocol === b.protocol &&
    a.identityKey === b.identityKey &&
    a.signingKey === b.signingKey &&
    a.registrationId === b.registrationId
  );
}

function notOurs(cause?: unknown): MessagingError {
  return refused("The answer is not for this device's offer, or was changed: compare the codes, and try again.", cause);
}

function refused(message: string, cause?: unknown): MessagingError {
  return new MessagingError("LinkingRefused", message, { cause });
}
