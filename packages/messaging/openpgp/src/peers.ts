import {
  addressName,
  base64OfBytes,
  type DeviceAddress,
  type KeyBundle,
  MessagingError,
  type StateTransaction,
} from "@coffer/messaging";
import type { PublicKey } from "openpgp";
import { identityKeyOf, parseCertificate } from "./certificates.ts";
import type { OpenPgpSettings } from "./settings.ts";
import { readJson, stateKeys, writeJson } from "./state-keys.ts";

interface PeerRecord {
  /** Base64. */
  readonly certificate: string;
  /** The version of this device's certificate that was sent last. */
  readonly sentVersion: number;
  /** The one that the peer has: it wrote since it was sent. */
  readonly knownVersion: number;
}

/** A device that can be written to. */
export interface Peer extends Omit<PeerRecord, "certificate"> {
  readonly certificate: PublicKey;
}

/** How many parsed certificates are kept; parsing again gives the same. */
const maxParsed = 256;

/** The certificates of other devices, as the state has them. */
export class Peers {
  readonly #settings: OpenPgpSettings;
  readonly #parsed = new Map<string, PublicKey>();

  constructor(settings: OpenPgpSettings) {
    this.#settings = settings;
  }

  /** Keeps the certificate of a bundle whose fingerprint is the identity key. @throws MessagingError BundleRefused */
  async take(state: StateTransaction, peer: DeviceAddress, { identityKey, details }: KeyBundle): Promise<void> {
    try {
      const certificate = await this.#parse(details ?? "", identityKey);
      // Set up anew, perhaps: whether it has this device's certificate is not known any more.
      this.#write(state, peer, { sentVersion: 0, knownVersion: 0, certificate });
    } catch (cause) {
      const why = "is not the one that its device list names, or cannot be used";
      throw new MessagingError("BundleRefused", `The certificate of ${addressName(peer)} ${why}. Nothing was sent.`, {
        cause,
      });
    }
  }

  /** Undefined when nothing is known of the device. */
  async find(state: StateTransaction, peer: DeviceAddress): Promise<Peer | undefined> {
    const record = readJson<PeerRecord>(await state.get(stateKeys.peer(peer)));
    if (record === undefined) return undefined;
    return { ...record, certificate: await this.#remembered(record.certificate) };
  }

  /** @throws MessagingError UnknownRecipient */
  async get(state: StateTransaction, peer: DeviceAddress): Promise<Peer> {
    const found = await this.find(state, peer);
    if (found !== undefined) return found;
    throw new MessagingError(
      "UnknownRecipient",
      `There is no certificate of ${addressName(peer)}: begin a session before.`,
    );
  }

  /** A certificate that came with a message. @throws Error when it is not the one that is meant, or cannot be used */
  introduced(certificate: Uint8Array, identityKey: string): Promise<PublicKey> {
    return this.#parse(certificate, identityKey);
  }

  /** Notes that this device's certificate goes to a peer. */
  sent(state: StateTransaction, peer: DeviceAddress, known: Peer, version: number): void {
    if (known.sentVersion !== version) this.#write(state, peer, { ...known, sentVersion: version });
  }

  /** Notes that a peer wrote, by this certificate: it has what was sent to it. */
  heard(state: StateTransaction, peer: DeviceAddress, known: Peer | undefined, certificate: PublicKey): void {
    const isSame = known !== undefined && identityKeyOf(known.certificate) === identityKeyOf(certificate);
    const sentVersion = isSame ? known.sentVersion : 0;
    if (known?.certificate === certificate && known.knownVersion === sentVersion) return;
    this.#write(state, peer, { sentVersion, knownVersion: sentVersion, certificate });
  }

  #write(state: StateTransaction, peer: DeviceAddress, { certificate, sentVersion, knownVersion }: Peer): void {
    const record: PeerRecord = { certificate: base64OfBytes(certificate.write()), sentVersion, knownVersion };
    state.put(stateKeys.peer(peer), writeJson(record));
  }

  async #parse(certificate: string | Uint8Array, identityKey: string): Promise<PublicKey> {
    const key =
      typeof certificate === "string"
        ? await parseCertificate(this.#settings, certificate)
        : await this.#remembered(base64OfBytes(certificate));
    if (identityKeyOf(key) !== identityKey) throw new Error("the certificate is another's");
    return key;
  }

  async #remembered(certificate: string): Promise<PublicKey> {
    const known = this.#parsed.get(certificate);
    const key = known ?? (await parseCertificate(this.#settings, Uint8Array.fromBase64(certificate)));
    if (this.#parsed.size >= maxParsed) this.#parsed.clear();
    this.#parsed.set(certificate, key);
    return key;
  }
}
