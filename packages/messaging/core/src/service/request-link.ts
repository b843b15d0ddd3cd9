import { ed25519 } from "@noble/curves/ed25519.js";
import { checkId } from "../addresses.ts";
import { base64OfBytes } from "../base64.ts";
import type { E2EProtocol } from "../e2e-protocol.ts";
import { MessagingError } from "../errors.ts";
import { LinkRequest } from "../linking/link-request.ts";
import type { ProtocolId } from "../protocols.ts";
import { findProtocol } from "../registry.ts";
import type { Vault } from "../vault/vault.ts";
import { deviceKeys, hasOwnDevice, keepOwnDevice, ownEntry } from "./own-device.ts";

/** A new device that waits for one of its user's others. */
export interface PendingLink {
  /** For a QR code, or to be pasted into the other device, which gives it to `linkDevice`. */
  readonly offer: string;
  /** What the user compares on both devices. */
  readonly code: string;
  /**
   * Takes what `linkDevice` gave. Afterwards `E2EMessagingService.open` with this vault is a device of the account; it puts
   * itself into the user's list.
   *
   * @throws MessagingError LinkingRefused
   */
  finish(grant: string): Promise<void>;
}

/**
 * Sets up a new device of a user who has others, in an empty vault. The offer is in memory alone: after a restart, ask anew.
 * For devices at a relay; those whose envelopes are carried by hand exchange `publicBundle`s.
 *
 * @throws MessagingError InvalidInput when the vault has a device; ProtocolNotRegistered
 */
export async function requestLink(options: {
  readonly user: string;
  readonly deviceId: string;
  readonly protocol: ProtocolId | E2EProtocol;
  readonly vault: Vault;
}): Promise<PendingLink> {
  const { user: userId, deviceId, vault } = options;
  checkId(userId, "user's id");
  checkId(deviceId, "device's id");
  const protocol = typeof options.protocol === "string" ? findProtocol(options.protocol) : options.protocol;
  const self = { userId, deviceId };
  const identityKey = await vault.transact(async (state) => {
    if (await hasOwnDevice(state)) {
      throw new MessagingError("InvalidInput", "The vault has a device already: give the new one a vault of its own.");
    }
    const device = await protocol.open(self, state);
    device.close?.();
    return device.identityKey;
  });
  const keys = deviceKeys(self, protocol.facts.id);
  const request = await LinkRequest.begin(userId, ownEntry(keys, identityKey));
  return {
    offer: request.offer,
    code: request.code,
    async finish(grant) {
      const { accountPrivateKey } = await request.open(grant);
      const accountKey = base64OfBytes(ed25519.getPublicKey(accountPrivateKey));
      const own = { ...keys, accountKey, accountPrivateKey: base64OfBytes(accountPrivateKey) };
      accountPrivateKey.fill(0);
      await vault.transact((state) => keepOwnDevice(state, own));
    },
  };
}
