import type { DeviceAddress, StateTransaction } from "@coffer/messaging";
import {
  IdentityChange,
  IdentityKeyStore,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyRecord,
  PreKeyStore,
  type PrivateKey,
  type ProtocolAddress,
  PublicKey,
  SessionRecord,
  SessionStore,
  SignedPreKeyRecord,
  SignedPreKeyStore,
} from "@signalapp/libsignal-client";
import type { OwnDevice } from "./own-device.ts";
import { stateKeys } from "./state-keys.ts";

/** How many sessions may begin by one last-resort key: each is remembered, so that none begins twice. */
export const maxLastResortUses = 10_000;

/** libsignal's stores over a transaction, for one exchange with one peer. */
export interface PeerStores {
  readonly sessions: SessionStore;
  readonly identities: IdentityKeyStore;
  readonly preKeys: PreKeyStore;
  readonly signedPreKeys: SignedPreKeyStore;
  readonly kyberPreKeys: KyberPreKeyStore;
}

/** @param trusted the only identity key that the peer may have: 33 octets */
export function peerStores(
  own: OwnDevice,
  state: StateTransaction,
  peer: DeviceAddress,
  trusted: Uint8Array,
): PeerStores {
  return {
    sessions: new Sessions(state, peer),
    identities: new Identities(own, state, peer, trusted),
    preKeys: new PreKeys(state),
    signedPreKeys: new SignedPreKeys(state),
    kyberPreKeys: new KyberPreKeys(state),
  };
}

/** A peer's session; undefined when there is none. */
export async function readSession(state: StateTransaction, peer: DeviceAddress): Promise<SessionRecord | undefined> {
  const bytes = await state.get(stateKeys.session(peer));
  return bytes && SessionRecord.deserialize(new Uint8Array(bytes));
}

class Sessions extends SessionStore {
  readonly #state: StateTransaction;
  readonly #peer: DeviceAddress;

  constructor(state: StateTransaction, peer: DeviceAddress) {
    super();
    this.#state = state;
    this.#peer = peer;
  }

  async saveSession(_name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.#state.put(stateKeys.session(this.#peer), record.serialize());
  }

  async getSession(): Promise<SessionRecord | null> {
    return (await readSession(this.#state, this.#peer)) ?? null;
  }

  async getExistingSessions(): Promise<SessionRecord[]> {
    throw new Error("not used: it is for sealed senders");
  }
}

class Identities extends IdentityKeyStore {
  readonly #own: OwnDevice;
  readonly #state: StateTransaction;
  readonly #peer: DeviceAddress;
  readonly #trusted: Uint8Array;

  constructor(own: OwnDevice, state: StateTransaction, peer: DeviceAddress, trusted: Uint8Array) {
    super();
    this.#own = own;
    this.#state = state;
    this.#peer = peer;
    this.#trusted = trusted;
  }

  async getIdentityKey(): Promise<PrivateKey> {
    return this.#own.identity.privateKey;
  }

  async getLocalRegistrationId(): Promise<number> {
    return this.#own.registrationId;
  }

  async saveIdentity(_name: ProtocolAddress, key: PublicKey): Promise<IdentityChange> {
    const before = await this.#state.get(stateKeys.identity(this.#peer));
    const octets = key.serialize();
    if (before !== undefined && isEqual(before, octets)) return IdentityChange.NewOrUnchanged;
    this.#state.put(stateKeys.identity(this.#peer), octets);
    return before === undefined ? IdentityChange.NewOrUnchanged : IdentityChange.ReplacedExisting;
  }

  // Never trust on first use: the device list, which the account signed, says which key it is.
  async isTrustedIdentity(_name: ProtocolAddress, key: PublicKey): Promise<boolean> {
    return isEqual(this.#trusted, key.serialize());
  }

  async getIdentity(): Promise<PublicKey | null> {
    const octets = await this.#state.get(stateKeys.identity(this.#peer));
    return octets === undefined ? null : PublicKey.deserialize(new Uint8Array(octets));
  }
}

class PreKeys extends PreKeyStore {
  readonly #state: StateTransaction;

  constructor(state: StateTransaction) {
    super();
    this.#state = state;
  }

  async savePreKey(id: number, record: PreKeyRecord): Promise<void> {
    this.#state.put(stateKeys.preKey.of(id), record.serialize());
  }

  async getPreKey(id: number): Promise<PreKeyRecord> {
    return PreKeyRecord.deserialize(await readKey(this.#state, stateKeys.preKey.of(id)));
  }

  async removePreKey(id: number): Promise<void> {
    this.#state.delete(stateKeys.preKey.of(id));
  }
}

class SignedPreKeys extends SignedPreKeyStore {
  readonly #state: StateTransaction;

  constructor(state: StateTransaction) {
    super();
    this.#state = state;
  }

  async saveSignedPreKey(id: number, record: SignedPreKeyRecord): Promise<void> {
    this.#state.put(stateKeys.signedPreKey.of(id), record.serialize());
  }

  async getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return SignedPreKeyRecord.deserialize(await readKey(this.#state, stateKeys.signedPreKey.of(id)));
  }
}

class KyberPreKeys extends KyberPreKeyStore {
  readonly #state: StateTransaction;

  constructor(state: StateTransaction) {
    super();
    this.#state = state;
  }

  async saveKyberPreKey(id: number, record: KyberPreKeyRecord): Promise<void> {
    this.#state.put(stateKeys.kyberPreKey.of(id), record.serialize());
  }

  async getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    const oneTime = await this.#state.get(stateKeys.kyberPreKey.of(id));
    const bytes = oneTime ?? (await readKey(this.#state, stateKeys.kyberLastResort.of(id)));
    return KyberPreKeyRecord.deserialize(new Uint8Array(bytes));
  }

  // A one-time key goes; of a last-resort key each use is kept, so that no first message opens a second time.
  async markKyberPreKeyUsed(id: number, signedPreKeyId: number, baseKey: PublicKey): Promise<void> {
    const oneTime = stateKeys.kyberPreKey.of(id);
    if ((await this.#state.get(oneTime)) !== undefined) return this.#state.delete(oneTime);
    const uses = stateKeys.kyberUses(id);
    const use = `${uses}${signedPreKeyId}/${baseKey.serialize().toHex()}`;
    const known = await this.#state.list(uses);
    if (known.includes(use)) throw new Error("this session began before");
    if (known.length >= maxLastResortUses) throw new Error("the last-resort key is used up: rotate it");
    this.#state.put(use, new Uint8Array([1]));
  }
}

/** Of public keys: it takes no care of time. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, n) => octet === b[n]);
}

async function readKey(state: StateTransaction, key: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await state.get(key);
  if (bytes === undefined) throw new Error("there is no such key any more");
  return new Uint8Array(bytes);
}
