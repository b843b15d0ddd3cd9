import type { DeviceEntry, DeviceList, SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import type { KeyBundle } from "../key-bundle.ts";
import type { JsonRecord } from "../relay-client/relay-api.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import { acceptOffer, identityChanged, type Judgement, judgeList, type Peer, peers, trustedList } from "./peers.ts";
import { recordKind } from "./records.ts";

/** Bundles that came by hand and were not used yet, by `USER/DEVICE`. */
export const carriedBundles = recordKind<KeyBundle>("bundle");

/** Checks what the relay says with a list: that it is in the log that everybody sees. Throws when it is not. */
export type ListWitness = (userId: string, signed: SignedDeviceList, answer: JsonRecord) => Promise<void>;

/** Who has which devices, and their keys: from the relay, or from what was carried by hand. */
export class Directory {
  readonly #context: DeviceContext;
  readonly #witness: ListWitness;
  /** Called when a user whose account key was in doubt is trusted again: what was held can be opened. */
  onTrusted: ((userId: string) => Promise<void>) | undefined;

  constructor(context: DeviceContext, witness: ListWitness) {
    this.#context = context;
    this.#witness = witness;
  }

  /**
   * The verified list of a user: the one that is known, or else the relay's.
   *
   * @throws MessagingError UnknownRecipient, IdentityChanged, RelayUnavailable, DeviceListRefused, RelayDishonest
   */
  async list(userId: string): Promise<DeviceList> {
    const known = await this.#context.transact((state) => peers.get(state, userId));
    return known === undefined ? this.refresh(userId) : checkedList(userId, known);
  }

  /** Likewise, but asks the relay. Without one it is what is known. */
  async refresh(userId: string): Promise<DeviceList> {
    const { api } = this.#context;
    if (api === undefined) {
      const known = await this.#context.transact((state) => peers.get(state, userId));
      if (known === undefined) throw unknownUser(userId, "Take what their publicBundle gives, and call addPeer.");
      return checkedList(userId, known);
    }
    const found = await api.deviceList(userId);
    if (found === undefined) throw unknownUser(userId, "The relay knows no such user.");
    await this.#witness(userId, found.signed, found.answer);
    return this.adopt(userId, found.signed);
  }

  /** Takes a list that came for a user, when it is to be trusted. Sessions with devices that went end. */
  async adopt(userId: string, signed: SignedDeviceList): Promise<DeviceList> {
    const { judgement, hadOffer } = await this.#context.transact(async (state) => {
      const known = await peers.get(state, userId);
      const judged = judgeList(known, userId, signed);
      if (judged.changed) await this.#keep(state, userId, judged);
      return { judgement: judged, hadOffer: known?.offered !== undefined };
    });
    this.#tell(userId, judgement);
    if (hadOffer && judgement.peer.offered === undefined) await this.onTrusted?.(userId);
    return checkedList(userId, judgement.peer);
  }

  /**
   * Trusts the account key that a user has now. It is not verified thereby.
   *
   * @returns false when none was offered
   */
  async acceptNewIdentity(userId: string): Promise<boolean> {
    const judgement = await this.#context.transact(async (state) => {
      const known = await peers.get(state, userId);
      const accepted = known && acceptOffer(known, userId);
      if (accepted !== undefined) await this.#keep(state, userId, accepted);
      return accepted;
    });
    if (judgement === undefined) return false;
    this.#tell(userId, judgement);
    await this.onTrusted?.(userId);
    return true;
  }

  /** Tells the program what a judgement means, once it is kept. */
  #tell(userId: string, { changed, peer, added, gone }: Judgement): void {
    if (!changed) return;
    if (peer.offered !== undefined) this.#context.emit({ kind: "identityChanged", userId });
    else if (added.length + gone.length > 0) {
      this.#context.emit({ kind: "devicesChanged", userId, added: added.map(idOf), gone: gone.map(idOf) });
    }
  }

  /**
   * Keys of devices with which there is no session yet, each checked against the verified list.
   *
   * @throws MessagingError BundleRefused, UnknownRecipient
   */
  async claim(userId: string, devices: readonly DeviceEntry[]): Promise<Map<string, KeyBundle>> {
    if (devices.length === 0) return new Map();
    const bundles = await this.#findBundles(userId, devices);
    for (const { deviceId, identityKey } of devices) {
      const bundle = bundles.get(deviceId);
      if (bundle === undefined) {
        throw unknownUser(`${userId}/${deviceId}`, "The device has published no keys yet: try again later.");
      }
      if (bundle.identityKey !== identityKey) {
        throw new MessagingError(
          "BundleRefused",
          `The keys that came for ${userId}/${deviceId} are not of the identity that its account vouches for; nothing was sent.`,
        );
      }
    }
    return bundles;
  }

  async #findBundles(userId: string, devices: readonly DeviceEntry[]): Promise<Map<string, KeyBundle>> {
    const { api, protocol } = this.#context;
    const bundles = await this.#takeCarried(userId, devices);
    const missing = devices.map(idOf).filter((deviceId) => !bundles.has(deviceId));
    if (api === undefined || missing.length === 0) return bundles;
    const listed = new Map(devices.map((device) => [device.deviceId, device]));
    for (const { deviceId, registrationId, bundle } of await api.claim(userId, protocol, missing)) {
      const entry = listed.get(deviceId);
      if (entry?.registrationId === registrationId) bundles.set(deviceId, bundle);
    }
    return bundles;
  }

  /** Those that came by hand. They stay until a session that uses them is kept. */
  #takeCarried(userId: string, devices: readonly DeviceEntry[]): Promise<Map<string, KeyBundle>> {
    return this.#context.transact(async (state) => {
      const found = new Map<string, KeyBundle>();
      for (const { deviceId, identityKey } of devices) {
        const bundle = await carriedBundles.get(state, `${userId}/${deviceId}`);
        if (bundle?.identityKey === identityKey) found.set(deviceId, bundle);
      }
      return found;
    });
  }

  async #keep(state: StateTransaction, userId: string, { peer, gone }: Judgement): Promise<void> {
    peers.put(state, peer, userId);
    for (const { deviceId, protocol } of gone) {
      if (protocol !== this.#context.protocol) continue;
      carriedBundles.delete(state, `${userId}/${deviceId}`);
      const isSelf = userId === this.#context.self.userId && deviceId === this.#context.self.deviceId;
      if (!isSelf) await this.#context.device.forget(state, { userId, deviceId });
    }
  }
}

function checkedList(userId: string, peer: Peer): DeviceList {
  if (peer.offered !== undefined) throw identityChanged(userId);
  return trustedList(peer);
}

function idOf({ deviceId }: DeviceEntry): string {
  return deviceId;
}

function unknownUser(name: string, advice: string): MessagingError {
  return new MessagingError("UnknownRecipient", `${name} is unknown. ${advice}`);
}
