import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { type DeviceEntry, type DeviceList, type SignedDeviceList, signDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { linkingSuite } from "./hpke-suite.ts";
import { linkingCode, parseLinkOffer } from "./link-offer.ts";
import { linkTranscript } from "./link-transcript.ts";

/** What an existing device needs to take a new one in. */
export interface LinkGrantOptions {
  /** The new device's offer, as it was scanned or pasted. */
  readonly offer: string;
  /** The code as the new device shows it, from its screen: spaces do not count. Ask the user; never take it from the offer. */
  readonly confirmedCode: string;
  /** The user's current list, as it was verified. */
  readonly list: DeviceList;
  /** 32 bytes, Ed25519: the account's. */
  readonly accountPrivateKey: Uint8Array;
}

/**
 * What comes of it. The grant goes by any way. The list need not be published: `E2EMessagingService` lets the new device put
 * itself into the list together with its keys, so that nobody writes to a device that has none.
 */
export interface LinkGrant {
  readonly list: SignedDeviceList;
  /** Text for the new device alone: it opens with the key that the offer named. */
  readonly grant: string;
}

/** What a grant's text begins with. */
export const grantPrefix = "coffer-link-grant:1:";

/**
 * Takes a new device into the account: signs the next list with it, and seals the account's key for it (HPKE, RFC 9180,
 * mode PSK, bound to the whole offer).
 *
 * @throws MessagingError LinkingRefused: the code is not the offer's, so somebody changed it on its way; or the offer is
 *   another user's; or its device's id is taken. Nothing was sealed
 */
export async function grantLink({
  offer: text,
  confirmedCode,
  list,
  accountPrivateKey,
}: LinkGrantOptions): Promise<LinkGrant> {
  const offer = parseLinkOffer(text);
  if (digitsOf(confirmedCode) !== digitsOf(linkingCode(text))) {
    throw refused("its code is not the one that the new device shows. Somebody may have changed it: scan it anew.");
  }
  if (offer.userId !== list.userId) throw refused("it is for another user.");
  if (base64OfBytes(ed25519.getPublicKey(accountPrivateKey)) !== list.accountKey) {
    throw new MessagingError("InvalidInput", "The private key is not that of the list's account.");
  }
  const next = signDeviceList(
    { ...list, version: list.version + 1, devices: withDevice(list.devices, offer.device) },
    accountPrivateKey,
  );
  const suite = linkingSuite();
  const { info, psk } = linkTranscript(offer);
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytesOfBase64(offer.linkKey)!);
  const plaintext = new TextEncoder().encode(
    JSON.stringify({ accountPrivateKey: base64OfBytes(accountPrivateKey), list: next }),
  );
  const { enc, ct } = await suite.seal({ recipientPublicKey, info, psk }, plaintext).catch((cause: unknown) => {
    throw refused("its key cannot be used.", cause);
  });
  plaintext.fill(0);
  const sealed = new Uint8Array(enc.byteLength + ct.byteLength);
  sealed.set(new Uint8Array(enc));
  sealed.set(new Uint8Array(ct), enc.byteLength);
  return { list: next, grant: grantPrefix + sealed.toBase64({ alphabet: "base64url", omitPadding: true }) };
}

function withDevice(devices: readonly DeviceEntry[], added: DeviceEntry): readonly DeviceEntry[] {
  if (devices.some(({ deviceId }) => deviceId === added.deviceId)) {
    throw refused("a device of that id is in the account already: remove it first, or give the new one another id.");
  }
  if (devices.some(({ signingKey }) => signingKey === added.signingKey)) {
    throw refused("another device of the account has its signing key.");
  }
  return [...devices, added];
}

function digitsOf(code: string): string {
  return code.replace(/\s+/g, "");
}

function refused(why: string, cause?: unknown): MessagingError {
  return new MessagingError("LinkingRefused", `The new device's offer is refused: ${why}`, { cause });
}
