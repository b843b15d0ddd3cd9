import { checkId, type DeviceAddress } from "../addresses.ts";
import { type DeviceList, parseDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import type { KeyBundle, KeyUpload, PublicPreKey } from "../key-bundle.ts";
import { parseKeyBundle } from "../parse-key-bundle.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import { carriedBundles, type Directory } from "./directory.ts";
import { peers } from "./peers.ts";
import { isRecord, recordKind } from "./records.ts";

/** Keys that this device gives out itself, where no directory does. */
const ownKeys = recordKind<KeyUpload>("carried");
const maxBundleCharacters = 512 * 1024;

/** Keys that people carry by hand: as a text, a file or a QR code. */
export class CarriedKeys {
  readonly #context: DeviceContext;
  readonly #directory: Directory;

  constructor(context: DeviceContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
  }

  /** `{ "v": 1, "list": { "text", "signature" }, "deviceId", "bundle"? }`. With a relay there are no keys in it. */
  publicBundle(): Promise<string> {
    const { self, api } = this.#context;
    return this.#context.transact(async (state) => {
      const list = (await peers.get(state, self.userId))?.list;
      if (list === undefined) throw new MessagingError("RelayUnavailable", "The device is not registered yet.");
      const bundle = api === undefined ? await this.#takeKeys(state) : undefined;
      return JSON.stringify({ v: 1, list, deviceId: self.deviceId, bundle });
    });
  }

  /** Makes the keys that are given out again and again anew, for the bundles to come. */
  async rotate(): Promise<void> {
    await this.#context.transact(async (state) => {
      const upload = merged(await ownKeys.get(state), await this.#context.device.rotateKeys(state));
      if (upload !== undefined) ownKeys.put(state, upload);
    });
  }

  /** @throws MessagingError BundleRefused, DeviceListRefused, RelayDishonest, IdentityChanged */
  async addPeer(text: string): Promise<DeviceAddress> {
    const { signed, list, deviceId, bundle } = readBundleText(text);
    const entry = list.devices.find((device) => device.deviceId === deviceId);
    if (entry === undefined) throw refused("its device is not in its list");
    if (bundle !== undefined && bundle.identityKey !== entry.identityKey) {
      throw refused("its keys are not of the device that its list names");
    }
    const { userId } = list;
    // A newer list may be known already; what it says of the device counts.
    const known = await this.#context.transact((state) => peers.get(state, userId));
    const isOlder = known?.accountKey === list.accountKey && parseDeviceList(known.list).version > list.version;
    const current = isOlder ? await this.#directory.list(userId) : await this.#directory.adopt(userId, signed);
    if (!current.devices.some((device) => device.deviceId === deviceId && device.identityKey === entry.identityKey)) {
      throw refused("its device is not in the list any more");
    }
    if (bundle !== undefined) {
      await this.#context.transact(async (state) => carriedBundles.put(state, bundle, `${userId}/${deviceId}`));
    }
    return { userId, deviceId };
  }

  /** One key of each set; new ones are made when they run low. */
  async #takeKeys(state: StateTransaction): Promise<KeyBundle> {
    const kept = await ownKeys.get(state);
    const counts =
      kept && Object.fromEntries(Object.entries(kept.sets).map(([name, set]) => [name, set.oneTime.length]));
    const made = await this.#context.device.publish(state, counts);
    const upload = merged(kept, made);
    if (upload === undefined) throw new MessagingError("InvalidInput", "The protocol publishes no keys.");
    const sets: Record<string, PublicPreKey & { readonly lastResort: boolean }> = {};
    const rest: Record<string, KeyUpload["sets"][string]> = {};
    for (const [name, set] of Object.entries(upload.sets)) {
      const [first, ...others] = set.oneTime;
      if (first !== undefined) sets[name] = { ...first, lastResort: false };
      else if (set.lastResort !== undefined) sets[name] = { ...set.lastResort, lastResort: true };
      rest[name] = { ...set, oneTime: others };
    }
    ownKeys.put(state, { ...upload, sets: rest });
    const { identityKey, details } = upload;
    return { identityKey, ...(details !== undefined && { details }), sets };
  }
}

function merged(kept: KeyUpload | undefined, made: KeyUpload | undefined): KeyUpload | undefined {
  if (kept === undefined || made === undefined) return made ?? kept;
  const sets: Record<string, KeyUpload["sets"][string]> = { ...kept.sets };
  for (const [name, { lastResort, oneTime }] of Object.entries(made.sets)) {
    const before = kept.sets[name];
    sets[name] = {
      lastResort: lastResort ?? before?.lastResort,
      oneTime: [...(before?.oneTime ?? []), ...oneTime],
    };
  }
  return { ...kept, ...made, sets };
}

function readBundleText(text: string) {
  if (typeof text !== "string" || text.length > maxBundleCharacters) throw refused("it is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused("it is no JSON");
  }
  if (!isRecord(value) || value["v"] !== 1 || !isRecord(value["list"])) throw refused("it is of no known version");
  const { text: listText, signature } = value["list"];
  if (typeof listText !== "string" || typeof signature !== "string") throw refused("it has no device list");
  const { deviceId } = value;
  checkId(deviceId, "device's id");
  const signed = { text: listText, signature };
  const list: DeviceList = parseDeviceList(signed);
  const bundle = value["bundle"] === undefined ? undefined : parseKeyBundle(value["bundle"]);
  return { signed, list, deviceId: deviceId as string, bundle };
}

function refused(why: string): MessagingError {
  return new MessagingError("BundleRefused", `The peer's bundle is refused: ${why}.`);
}
