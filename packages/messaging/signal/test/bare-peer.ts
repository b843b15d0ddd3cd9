import type { DeviceAddress, KeyBundle } from "@coffer/messaging";
import {
  type CiphertextMessage,
  CiphertextMessageType,
  IdentityChange,
  IdentityKeyPair,
  IdentityKeyStore,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  type ProtocolAddress,
  PublicKey,
  processPreKeyBundle,
  SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from "@signalapp/libsignal-client";
import { protocolAddress } from "../src/addresses.ts";

/** Records of one kind as serialized octets. */
class Serialized<T extends { serialize(): Uint8Array<ArrayBuffer> }> {
  readonly #octets = new Map<string | number, Uint8Array<ArrayBuffer>>();
  readonly #deserialize: (octets: Uint8Array<ArrayBuffer>) => T;

  constructor(deserialize: (octets: Uint8Array<ArrayBuffer>) => T) {
    this.#deserialize = deserialize;
  }

  put(id: string | number, record: T): void {
    this.#octets.set(id, record.serialize());
  }

  get(id: string | number): T | undefined {
    const octets = this.#octets.get(id);
    return octets && this.#deserialize(octets);
  }

  must(id: string | number): T {
    const record = this.get(id);
    if (record === undefined) throw new Error(`no record ${id}`);
    return record;
  }

  delete(id: string | number): void {
    this.#octets.delete(id);
  }
}

class BareSessions extends SessionStore {
  readonly records = new Serialized((octets) => SessionRecord.deserialize(octets));
  override saveSession = async (name: ProtocolAddress, record: SessionRecord) => this.records.put(`${name}`, record);
  override getSession = async (name: ProtocolAddress) => this.records.get(`${name}`) ?? null;
  override getExistingSessions = async (names: ProtocolAddress[]) => names.map((name) => this.records.must(`${name}`));
}

class BareIdentities extends IdentityKeyStore {
  readonly pair = IdentityKeyPair.generate();
  readonly known = new Map<string, PublicKey>();
  override getIdentityKey = async () => this.pair.privateKey;
  override getLocalRegistrationId = async () => 7;
  override saveIdentity = async (name: ProtocolAddress, key: PublicKey) => {
    this.known.set(name.toString(), key);
    return IdentityChange.NewOrUnchanged;
  };
  override isTrustedIdentity = async () => true;
  override getIdentity = async (name: ProtocolAddress) => this.known.get(name.toString()) ?? null;
}

class BarePreKeys extends PreKeyStore {
  readonly records = new Serialized((octets) => PreKeyRecord.deserialize(octets));
  override savePreKey = async (id: number, record: PreKeyRecord) => this.records.put(id, record);
  override getPreKey = async (id: number) => this.records.must(id);
  override removePreKey = async (id: number) => this.records.delete(id);
}

class BareSignedPreKeys extends SignedPreKeyStore {
  readonly records = new Serialized((octets) => SignedPreKeyRecord.deserialize(octets));
  override saveSignedPreKey = async (id: number, record: SignedPreKeyRecord) => this.records.put(id, record);
  override getSignedPreKey = async (id: number) => this.records.must(id);
}

class BareKyberPreKeys extends KyberPreKeyStore {
  readonly records = new Serialized((octets) => KyberPreKeyRecord.deserialize(octets));
  override saveKyberPreKey = async (id: number, record: KyberPreKeyRecord) => this.records.put(id, record);
  override getKyberPreKey = async (id: number) => this.records.must(id);
  override markKyberPreKeyUsed = async () => undefined;
}

/** A party by libsignal's own interface, with nothing of this package but the form of addresses. */
export class BarePeer {
  readonly address: DeviceAddress;
  readonly local: ProtocolAddress;
  readonly #sessions = new BareSessions();
  readonly #identities = new BareIdentities();
  readonly #preKeys = new BarePreKeys();
  readonly #signedPreKeys = new BareSignedPreKeys();
  readonly #kyberPreKeys = new BareKyberPreKeys();

  constructor(userId: string) {
    this.address = { userId, deviceId: "bare" };
    this.local = protocolAddress(this.address);
  }

  get identityKey(): string {
    return this.#identities.pair.publicKey.serialize().toBase64();
  }

  /** Makes one key of each set, as they are claimed at the directory. */
  async bundle(id = 1): Promise<KeyBundle> {
    const { privateKey } = this.#identities.pair;
    const [oneTime, signed, kyber] = [PrivateKey.generate(), PrivateKey.generate(), KEMKeyPair.generate()];
    const signature = privateKey.sign(signed.getPublicKey().serialize());
    const kyberSignature = privateKey.sign(kyber.getPublicKey().serialize());
    await this.#preKeys.savePreKey(id, PreKeyRecord.new(id, oneTime.getPublicKey(), oneTime));
    const signedRecord = SignedPreKeyRecord.new(id, 0, signed.getPublicKey(), signed, signature);
    await this.#signedPreKeys.saveSignedPreKey(id, signedRecord);
    await this.#kyberPreKeys.saveKyberPreKey(id, KyberPreKeyRecord.new(id, 0, kyber, kyberSignature));
    const key = (octets: Uint8Array, by?: Uint8Array) => ({
      keyId: String(id),
      key: octets.toBase64(),
      signature: by?.toBase64(),
      lastResort: false,
    });
    return {
      identityKey: this.identityKey,
      details: JSON.stringify({ registrationId: 7 }),
      sets: {
        preKey: key(oneTime.getPublicKey().serialize()),
        signedPreKey: key(signed.getPublicKey().serialize(), signature),
        kyberPreKey: key(kyber.getPublicKey().serialize(), kyberSignature),
      },
    };
  }

  async start(peer: DeviceAddress, { identityKey, details, sets }: KeyBundle): Promise<void> {
    const { preKey, signedPreKey, kyberPreKey } = sets;
    const octets = (base64: string | undefined) => Uint8Array.fromBase64(base64 ?? "");
    const bundle = PreKeyBundle.new(
      (JSON.parse(details ?? "") as { registrationId: number }).registrationId,
      1,
      preKey ? Number(preKey.keyId) : null,
      preKey ? PublicKey.deserialize(octets(preKey.key)) : null,
      Number(signedPreKey?.keyId),
      PublicKey.deserialize(octets(signedPreKey?.key)),
      octets(signedPreKey?.signature),
      PublicKey.deserialize(octets(identityKey)),
      Number(kyberPreKey?.keyId),
      KEMPublicKey.deserialize(octets(kyberPreKey?.key)),
      octets(kyberPreKey?.signature),
    );
    await processPreKeyBundle(bundle, protocolAddress(peer), this.local, this.#sessions, this.#identities);
  }

  encrypt(to: DeviceAddress, octets: Uint8Array): Promise<CiphertextMessage> {
    const message = new Uint8Array(octets);
    return signalEncrypt(message, protocolAddress(to), this.local, this.#sessions, this.#identities);
  }

  decrypt(from: DeviceAddress, type: number, octets: Uint8Array): Promise<Uint8Array> {
    const [body, peer] = [new Uint8Array(octets), protocolAddress(from)];
    if (type === CiphertextMessageType.Whisper) {
      return signalDecrypt(SignalMessage.deserialize(body), peer, this.local, this.#sessions, this.#identities);
    }
    return signalDecryptPreKey(
      PreKeySignalMessage.deserialize(body),
      peer,
      this.local,
      this.#sessions,
      this.#identities,
      this.#preKeys,
      this.#signedPreKeys,
      this.#kyberPreKeys,
    );
  }
}
