import { type DeviceAddress, MessagingError, type StateTransaction } from "@coffer/messaging";
import {
  CollectStrategy,
  DecryptionSettings,
  type Device,
  DeviceId,
  DeviceLists,
  initAsync,
  OlmMachine,
  ProcessedToDeviceEventType,
  RequestType,
  StoreHandle,
  TrustRequirement,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { type DeviceKeys, type IdentityKeys, identityKeyOf, isRecord, parseDeviceKeys } from "./identity-keys.ts";
import { lendIndexedDb } from "./lend-indexed-db.ts";
import { matrixDevice, matrixUserOf } from "./matrix-ids.ts";
import { RecordDatabase, stateKey } from "./record-database.ts";

/** The set in which one-time and fallback keys are published; Matrix's own name of it. */
export const oneTimeKeySet = "signed_curve25519";

/** What Matrix calls the key of a session of a group. The library takes it, and shows all of it but the key. */
export const groupKeyEvent = "m.room_key";

/** A message of Olm as Matrix carries it: 0 begins a session, 1 goes on. */
export interface OlmMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/**
 * What an Olm message had inside. The library opens it by a session of the identity's alone, and has checked that it says
 * itself that it is of that identity's device, and for this one.
 */
export interface OlmEvent {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** The sender's published keys, which Matrix puts into each message (MSC4147). */
  readonly deviceKeys: DeviceKeys | undefined;
}

/** Keys to publish, as Matrix's `/keys/upload` has them. */
export interface MatrixKeyUpload {
  readonly oneTimeKeys: Readonly<Record<string, unknown>>;
  readonly fallbackKeys: Readonly<Record<string, unknown>>;
}

const databaseName = "coffer";
const libraryDatabase = `${databaseName}::matrix-sdk-crypto`;
const accountKey = stateKey("core", "account");
/** The library's stores whose keys begin with a room's id. */
const inboundSessions = "inbound_group_sessions3";
const roomStores = [inboundSessions, "outbound_group_sessions", "withheld_sessions"];
const ownKeysKey = "protocol/olm/device-keys";

/**
 * Matrix's `OlmMachine` with its store in a device's state, and with us as its homeserver: it learns of no device and no
 * key but those it is given here.
 */
export class CryptoMachine {
  readonly user: string;
  /** This device's published keys. */
  readonly deviceKeys: string;
  readonly identity: IdentityKeys;
  #loaded: Loaded | undefined;

  private constructor(user: string, deviceKeys: string, identity: IdentityKeys, loaded: Loaded) {
    this.user = user;
    this.deviceKeys = deviceKeys;
    this.identity = identity;
    this.#loaded = loaded;
  }

  /** Opens what the state has, or makes a device's keys. */
  static async open(self: DeviceAddress, state: StateTransaction): Promise<CryptoMachine> {
    await initAsync();
    const user = await matrixUserOf(self);
    const loaded = await load(user, state);
    const { ed25519, curve25519 } = loaded.machine.identityKeys;
    const identity = { ed25519: ed25519.toBase64(), curve25519: curve25519.toBase64() };
    const kept = await state.get(ownKeysKey);
    const deviceKeys = kept === undefined ? await readOwnKeys(loaded.machine) : new TextDecoder().decode(kept);
    const machine = new CryptoMachine(user, deviceKeys, identity, loaded);
    if (kept === undefined) {
      state.put(ownKeysKey, new TextEncoder().encode(deviceKeys));
      await machine.setDevice(user, parseDeviceKeys(deviceKeys));
    }
    await loaded.database.saveAllIfNew(state);
    return machine;
  }

  get identityKey(): string {
    return identityKeyOf(this.identity);
  }

  /**
   * Runs one step, and puts what it changed into the state. When it fails, or `keep` refuses its result, all that it
   * changed is dropped.
   */
  async run<T>(state: StateTransaction, step: () => Promise<T>, keep: (result: T) => boolean = () => true): Promise<T> {
    try {
      this.#loaded ??= await load(this.user, state);
      const { database } = this.#loaded;
      const result = await step();
      if (keep(result)) await database.save(state);
      else if (database.hasChanged) this.discard();
      return result;
    } catch (cause) {
      this.discard();
      throw cause;
    }
  }

  /** Drops what is in memory; the next step reads it from the state again. */
  discard(): void {
    this.#loaded?.machine.close();
    this.#loaded = undefined;
  }

  /** The library's machine, within `run`. */
  get machine(): OlmMachine {
    return this.#inUse.machine;
  }

  /** Tells the library the only device of a user; undefined when it has none any more. */
  async setDevice(user: string, deviceKeys: DeviceKeys | undefined): Promise<void> {
    const { id } = this.machine.queryKeysForUsers([new UserId(user)]);
    const devices = deviceKeys === undefined ? {} : { [matrixDevice]: deviceKeys };
    const answer = { device_keys: { [user]: devices }, failures: {} };
    await this.machine.markRequestAsSent(id, RequestType.KeysQuery, JSON.stringify(answer));
  }

  /** The device of a user as the library knows it. */
  findDevice(user: string): Promise<Device | undefined> {
    return this.machine.getDevice(new UserId(user), new DeviceId(matrixDevice));
  }

  /**
   * Makes a device known by its published keys, in place of another that its user had. The library takes none that are of
   * another user or not signed by themselves.
   *
   * @returns whether the device that is known now has that identity; when not, the step is to be dropped
   */
  async learnDevice(user: string, deviceKeys: DeviceKeys, identity: IdentityKeys): Promise<boolean> {
    const isKnown = async () => {
      const device = await this.findDevice(user);
      return (
        device?.ed25519Key?.toBase64() === identity.ed25519 && device.curve25519Key?.toBase64() === identity.curve25519
      );
    };
    if (await isKnown()) return true;
    // The library takes no other keys for a device that it knows.
    await this.setDevice(user, undefined);
    await this.setDevice(user, deviceKeys);
    return isKnown();
  }

  /**
   * Begins a session by a key that a device published.
   *
   * @param key as published; the library checks its signature
   * @returns whether there is a new session
   */
  async claimKey(user: string, keyId: string, key: object, identity: IdentityKeys): Promise<boolean> {
    const devices = { [matrixDevice]: { [`${oneTimeKeySet}:${keyId}`]: key } };
    const answer = { one_time_keys: { [user]: devices }, failures: {} };
    const { database, machine } = this.#inUse;
    await machine.markRequestAsSent("claim", RequestType.KeysClaim, JSON.stringify(answer));
    return database.hasWritten("session", identity.curve25519);
  }

  /**
   * Encrypts for one device.
   *
   * @throws MessagingError UnknownRecipient
   */
  async encrypt(user: string, type: string, content: object): Promise<OlmMessage> {
    const device = await this.findDevice(user);
    if (device === undefined) throw unknownRecipient();
    return readOlmMessage(JSON.parse(await device.encryptToDeviceEvent(type, content, CollectStrategy.allDevices())));
  }

  /** Opens an Olm message of a device whose identity is known; undefined when it does not open. */
  async decrypt(user: string, identity: IdentityKeys, { type, body }: OlmMessage): Promise<OlmEvent | undefined> {
    const content = {
      algorithm: "m.olm.v1.curve25519-aes-sha2",
      sender_key: identity.curve25519,
      ciphertext: { [this.identity.curve25519]: { type, body: body.toBase64({ omitPadding: true }) } },
    };
    const event = { type: "m.room.encrypted", sender: user, content };
    const [processed] = await this.machine.receiveSyncChanges(
      JSON.stringify([event]),
      new DeviceLists(),
      new Map(),
      undefined,
      new DecryptionSettings(TrustRequirement.Untrusted),
    );
    if (processed?.type !== ProcessedToDeviceEventType.Decrypted) return undefined;
    const raw: unknown = JSON.parse(processed.rawEvent);
    if (!isRecord(raw) || typeof raw.type !== "string" || !isRecord(raw.content)) return undefined;
    const { sender_device_keys: deviceKeys } = raw;
    return {
      type: raw.type,
      content: raw.content,
      deviceKeys: isRecord(deviceKeys) ? deviceKeys : undefined,
    };
  }

  /**
   * Makes one-time keys up to Matrix's number (50), and a fallback key when there is none or it is a week old.
   *
   * @param count of the one-time keys that the directory has
   */
  async makeKeys(count: number, withFallback: boolean): Promise<MatrixKeyUpload | undefined> {
    await this.machine.receiveSyncChanges(
      "[]",
      new DeviceLists(),
      new Map([[oneTimeKeySet, count]]),
      withFallback ? new Set<string>() : new Set([oneTimeKeySet]),
      new DecryptionSettings(TrustRequirement.Untrusted),
    );
    for (const request of await this.machine.outgoingRequests()) {
      if (request.type !== RequestType.KeysUpload || request.id === undefined) continue;
      const { one_time_keys = {}, fallback_keys = {} } = JSON.parse(request.body) as Record<
        string,
        Record<string, unknown> | undefined
      >;
      const counts = { [oneTimeKeySet]: count + Object.keys(one_time_keys).length };
      const answer = JSON.stringify({ one_time_key_counts: counts });
      await this.machine.markRequestAsSent(request.id, RequestType.KeysUpload, answer);
      return { oneTimeKeys: one_time_keys, fallbackKeys: fallback_keys };
    }
    return undefined;
  }

  /**
   * Makes the fallback key old, so that the next `makeKeys` makes another, for which the library has no call; and ends the
   * sessions by which this device writes to groups.
   */
  async ageKeys(state: StateTransaction): Promise<void> {
    this.discard();
    const record = JSON.parse(new TextDecoder().decode((await state.get(accountKey))!)) as string;
    const account = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(record))) as Record<string, unknown>;
    if (!("fallback_key_creation_timestamp" in account)) throw new Error("Matrix's account has another shape.");
    account.fallback_key_creation_timestamp = 0;
    const changed = new TextEncoder().encode(JSON.stringify(account)).toBase64({ omitPadding: !record.endsWith("=") });
    state.put(accountKey, new TextEncoder().encode(JSON.stringify(changed)));
    for (const key of await state.list(stateKey("outbound_group_sessions", ""))) state.delete(key);
  }

  /** The Curve25519 key of whom a session of a room is from; undefined when there is none. */
  async findSessionSender(room: string, sessionId: string): Promise<string | undefined> {
    const record = await this.#inUse.database.read(inboundSessions, inboundKey(room, sessionId));
    return isRecord(record) && typeof record.sender_key === "string" ? record.sender_key : undefined;
  }

  /** Erases sessions of a room. */
  async removeSessions(room: string, sessionIds: readonly string[]): Promise<void> {
    const keys = sessionIds.map((sessionId) => inboundKey(room, sessionId));
    await this.#inUse.database.remove(inboundSessions, keys);
  }

  /** Erases the keys of a room. */
  async forgetRoom(state: StateTransaction, room: string): Promise<void> {
    this.discard();
    for (const store of roomStores) {
      for (const key of await state.list(stateKey(store, room))) state.delete(key);
    }
  }

  get #inUse(): Loaded {
    if (this.#loaded === undefined) throw new Error("The machine is used outside of a step.");
    return this.#loaded;
  }
}

/** As the library joins the parts of a key. */
function inboundKey(room: string, sessionId: string): string {
  return `${room}\u001D${sessionId}`;
}

interface Loaded {
  readonly machine: OlmMachine;
  readonly database: RecordDatabase;
}

/** Reads the message of the one device that the library encrypted for. */
export function readOlmMessage(content: {
  readonly ciphertext: Record<string, { type: number; body: string }>;
}): OlmMessage {
  const [message] = Object.values(content.ciphertext);
  if (message === undefined) throw unknownRecipient();
  return { type: message.type, body: Uint8Array.fromBase64(message.body) };
}

/** Nobody has begun a session with that device. */
export function unknownRecipient(): MessagingError {
  return new MessagingError(
    "UnknownRecipient",
    "There is no session with that device: begin one by its published keys.",
  );
}

async function load(user: string, state: StateTransaction): Promise<Loaded> {
  const database = new RecordDatabase(libraryDatabase);
  await database.load(state);
  // The state is encrypted by its vault; a second time would only hide what changed.
  const machine = await lendIndexedDb(database.factory, async () =>
    OlmMachine.initFromStore(
      new UserId(user),
      new DeviceId(matrixDevice),
      await StoreHandle.open(databaseName, undefined),
    ),
  );
  machine.roomKeyRequestsEnabled = false;
  machine.roomKeyForwardingEnabled = false;
  return { machine, database };
}

async function readOwnKeys(machine: OlmMachine): Promise<string> {
  for (const request of await machine.outgoingRequests()) {
    if (request.type !== RequestType.KeysUpload) continue;
    const { device_keys: keys } = JSON.parse(request.body) as { device_keys?: unknown };
    if (isRecord(keys) && isRecord(keys.signatures)) return JSON.stringify(keys);
  }
  throw new Error("Matrix's library has no keys of this device to publish.");
}
