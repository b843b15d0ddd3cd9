import { type DeviceEntry, type DeviceList, parseDeviceList, type SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import type { KeyUpload } from "../key-bundle.ts";
import type { RelayApi } from "../relay-client/relay-api.ts";
import { RelayProblem } from "../relay-client/relay-problem.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import type { Directory, ListWitness } from "./directory.ts";
import { type OwnDevice, ownEntry, signOwnList } from "./own-device.ts";
import { peers } from "./peers.ts";
import { nextNumber, recordKind, sortableName } from "./records.ts";

/** Keys that were made and that the relay may not have yet: made once, and sent until it took them. */
const uploads = recordKind<KeyUpload>("upload");
/** Whether the relay took the device's first keys. */
const published = recordKind<boolean>("published");

/** When keys that are used repeatedly were made; they are made anew when a device is opened after that long. */
const rotatedAtMs = recordKind<number>("rotated");
const rotationMs = 7 * 24 * 60 * 60_000;

/** Other devices in place of those in the list; undefined when nothing is to change. */
type ListChange = (devices: readonly DeviceEntry[]) => readonly DeviceEntry[] | undefined;

const maxListTries = 4;

/** Makes the device known at its relay: its place in the user's list, and its keys. */
export class Registration {
  readonly #context: DeviceContext;
  readonly #directory: Directory;
  readonly #own: OwnDevice;
  readonly #versionAtOpen: number;
  readonly #registrationToken: string | undefined;
  readonly #inTurn = oneAtATime();
  readonly #onChanged: () => Promise<void>;
  readonly #witness: ListWitness;
  #isDone = false;

  constructor(
    context: DeviceContext,
    directory: Directory,
    own: OwnDevice,
    options: {
      readonly versionAtOpen: number;
      readonly registrationToken: string | undefined;
      /** Called when this device changed its user's list. */
      readonly onChanged: () => Promise<void>;
      readonly witness: ListWitness;
    },
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#own = own;
    this.#versionAtOpen = options.versionAtOpen;
    this.#registrationToken = options.registrationToken;
    this.#onChanged = options.onChanged;
    this.#witness = options.witness;
  }

  /**
   * Does what is left to do. Nothing is sent before it succeeded once.
   *
   * @throws MessagingError RelayUnavailable, VaultRolledBack, IdentityChanged
   */
  ensure(): Promise<void> {
    return this.#inTurn(async () => {
      const { api } = this.#context;
      if (this.#isDone) return;
      const isListed = await this.#joinList();
      if (api === undefined) {
        this.#isDone = true;
        return;
      }
      if (isListed) await this.#refuseOldVault(api);
      await this.#publish(api);
      this.#isDone = true;
    });
  }

  /** Publishes what runs low, and what was not taken yet. */
  replenish(): Promise<void> {
    return this.#inTurn(async () => {
      const { api } = this.#context;
      if (api !== undefined) await this.#publish(api);
    });
  }

  /** Makes the keys that are used repeatedly anew, and publishes them. */
  async rotate(): Promise<void> {
    await this.#rotateKeys();
    await this.#inTurn(async () => this.#context.api && this.#sendUploads(this.#context.api));
  }

  /** Publishes another list of the user's devices. */
  async changeList(change: ListChange): Promise<void> {
    await this.#changeList(change, async () => undefined);
  }

  async #changeList(change: ListChange, beforeChange: () => Promise<void>): Promise<void> {
    const { api, self } = this.#context;
    for (let tries = 0; tries < maxListTries; tries++) {
      const current = await this.#currentList();
      const isOthers = current !== undefined && (await this.#isOfLostAccount(current));
      if (current !== undefined && !isOthers) await this.#adoptOwn(current);
      const before = current === undefined ? undefined : parseDeviceList(current);
      const devices = change(isOthers ? [] : (before?.devices ?? []));
      if (devices === undefined) return;
      await beforeChange();
      const signed = signOwnList(this.#own, { version: (before?.version ?? 0) + 1, devices });
      if (api === undefined || (await this.#putList(api, signed))) {
        await this.#adoptOwn(signed);
        // It has to be in the log for all to see.
        if (api !== undefined) await this.#directory.refresh(self.userId);
        await this.#onChanged();
        return;
      }
    }
    throw new MessagingError("RelayUnavailable", "Other devices of yours keep changing the list: try again.");
  }

  /**
   * Whether a list is of an account that this user lost, and this device is the first of another: a relay takes that one
   * when its operator reset the account.
   */
  async #isOfLostAccount(current: SignedDeviceList): Promise<boolean> {
    const known = await this.#context.transact((state) => peers.get(state, this.#context.self.userId));
    return known === undefined && parseDeviceList(current).accountKey !== this.#own.accountKey;
  }

  /** @returns false when the version is not the next one any more */
  async #putList(api: RelayApi, signed: SignedDeviceList): Promise<boolean> {
    try {
      return await api.putDeviceList(this.#context.self.userId, signed, this.#registrationToken);
    } catch (cause) {
      if (!(cause instanceof RelayProblem) || cause.problem !== "AccountKeyChanged") throw cause;
      throw otherAccount(this.#context.self.userId);
    }
  }

  /** Without a relay the list is what this device knows of it. */
  async #currentList(): Promise<SignedDeviceList | undefined> {
    const { api, self } = this.#context;
    if (api !== undefined) {
      const found = await api.ownDeviceList(self.userId);
      if (found !== undefined) await this.#witness(self.userId, found.signed, found.answer);
      return found?.signed;
    }
    return (await this.#context.transact((state) => peers.get(state, self.userId)))?.list;
  }

  /** @returns whether the device was in the list before */
  async #joinList(): Promise<boolean> {
    const entry = ownEntry(this.#own, this.#context.device.identityKey);
    let wasListed = false;
    const join: ListChange = (devices) => {
      const listed = devices.find(({ deviceId }) => deviceId === entry.deviceId);
      wasListed = listed !== undefined && isSameEntry(listed, entry);
      return wasListed ? undefined : [...devices.filter((device) => device !== listed), entry];
    };
    // A relay that sees the device for the first time has none of its keys.
    await this.#changeList(join, () => this.#context.transact(async (state) => published.delete(state)));
    return wasListed;
  }

  /** The own list is trusted when it is signed by the account that this device holds, never otherwise. */
  async #adoptOwn(signed: SignedDeviceList): Promise<DeviceList> {
    const { userId } = this.#context.self;
    if (parseDeviceList(signed).accountKey !== this.#own.accountKey) {
      throw otherAccount(userId);
    }
    return this.#directory.adopt(userId, signed);
  }

  /** A vault that was copied back would use keys twice. */
  async #refuseOldVault(api: RelayApi): Promise<void> {
    const seen = await api.seenVaultVersion();
    if (seen <= this.#versionAtOpen) return;
    throw new MessagingError(
      "VaultRolledBack",
      `The relay has seen state ${seen} of this device and the vault has ${this.#versionAtOpen}: it was set back. Set the device up anew, with an empty vault.`,
    );
  }

  async #publish(api: RelayApi): Promise<void> {
    await this.#sendUploads(api);
    await this.#rotateWhenOld();
    const isFirst = await this.#context.transact(async (state) => (await published.get(state)) === undefined);
    const counts = isFirst ? undefined : await api.keyCounts();
    await this.#context.transact(async (state) => {
      await keepUpload(state, await this.#context.device.publish(state, counts));
      if (!isFirst) return;
      published.put(state, true);
      rotatedAtMs.put(state, this.#context.nowMs());
    });
    await this.#sendUploads(api);
  }

  async #rotateWhenOld(): Promise<void> {
    const atMs = await this.#context.transact((state) => rotatedAtMs.get(state));
    if (atMs !== undefined && this.#context.nowMs() - atMs > rotationMs) await this.#rotateKeys();
  }

  #rotateKeys(): Promise<void> {
    return this.#context.transact(async (state) => {
      await keepUpload(state, await this.#context.device.rotateKeys(state));
      rotatedAtMs.put(state, this.#context.nowMs());
    });
  }

  async #sendUploads(api: RelayApi): Promise<void> {
    for (const name of await this.#context.transact((state) => uploads.names(state))) {
      const upload = await this.#context.transact((state) => uploads.get(state, name));
      if (upload !== undefined) await api.putKeys(upload);
      await this.#context.transact(async (state) => uploads.delete(state, name));
    }
  }
}

function otherAccount(userId: string): MessagingError {
  return new MessagingError(
    "IdentityChanged",
    `${userId} has an account with another key. Link this device from one that is in it, or have the operator reset the account.`,
  );
}

async function keepUpload(state: StateTransaction, upload: KeyUpload | undefined): Promise<void> {
  if (upload !== undefined) uploads.put(state, upload, sortableName(await nextNumber(state, "upload")));
}

function isSameEntry(a: DeviceEntry, b: DeviceEntry): boolean {
  return (
    a.identityKey === b.identityKey &&
    a.signingKey === b.signingKey &&
    a.protocol === b.protocol &&
    a.registrationId === b.registrationId
  );
}
