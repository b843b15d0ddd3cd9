import {
  addressName,
  base64OfBytes,
  type Ciphertext,
  type DeviceAddress,
  isSameAddress,
  type ReceivedCiphertext,
  randomBytes,
  type StateTransaction,
} from "@coffer/messaging";
import type { PublicKey } from "openpgp";
import { type Content, contentOf, contentTypes, notationsOf } from "./content.ts";
import { decodeIntroduction, encodeIntroduction, kinds } from "./envelope.ts";
import { type OwnKey, ownKeyReader } from "./own-key.ts";
import { Peers } from "./peers.ts";
import { takeMessage } from "./seen-messages.ts";
import type { OpenPgpSettings } from "./settings.ts";
import { openAndVerify, signAndEncrypt } from "./signed-message.ts";

/** What a message turned out to be. */
export type Opened =
  | { readonly kind: "opened"; readonly content: Content }
  | { readonly kind: "duplicate" }
  | { readonly kind: "undecryptable" };

/** Writes and reads messages of one device. */
export class Exchange {
  readonly self: DeviceAddress;
  readonly peers: Peers;
  readonly settings: OpenPgpSettings;
  readonly readOwnKey: (state: StateTransaction) => Promise<OwnKey>;

  constructor(settings: OpenPgpSettings, self: DeviceAddress) {
    this.settings = settings;
    this.self = self;
    this.peers = new Peers(settings);
    this.readOwnKey = ownKeyReader(settings.config);
  }

  /** Encrypts once for all of `to`, as one message that names them all. */
  async write(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    content: Omit<Content, "sender">,
  ): Promise<{ readonly kind: string; readonly body: Uint8Array }> {
    const own = await this.readOwnKey(state);
    const certificates: PublicKey[] = [];
    let introduces = false;
    for (const address of to) {
      const peer = await this.peers.get(state, address);
      certificates.push(peer.certificate);
      if (peer.knownVersion === own.certificateVersion) continue;
      introduces = true;
      this.peers.sent(state, address, peer, own.certificateVersion);
    }
    // A group of one still has its text encrypted.
    const recipients = certificates.length > 0 ? certificates : [own.privateKey.toPublic()];
    const notations = notationsOf({ ...content, sender: addressName(this.self) });
    const message = await signAndEncrypt(this.settings, own.privateKey, recipients, content.bytes, notations);
    if (!introduces) return { kind: kinds.message, body: message };
    return { kind: kinds.introduction, body: encodeIntroduction(own.privateKey.toPublic().write(), message) };
  }

  /** Sends each of `to` a message of the protocol's own. */
  async tell(state: StateTransaction, to: readonly DeviceAddress[], bytes: Uint8Array): Promise<Ciphertext[]> {
    const messages: Ciphertext[] = [];
    for (const address of to.filter((other) => !isSameAddress(other, this.self))) {
      const messageId = base64OfBytes(randomBytes(16)).replaceAll(/[^A-Za-z0-9]/g, "-");
      const written = await this.write(state, [address], { type: contentTypes.group, messageId, bytes });
      messages.push({ to: address, ...written });
    }
    return messages;
  }

  /** Opens a message of a device whose certificate has the fingerprint `identityKey`. Changes nothing when it is refused. */
  async read(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
    isWanted: (content: Content) => Promise<boolean>,
  ): Promise<Opened> {
    const own = await this.readOwnKey(state);
    const known = await this.peers.find(state, from);
    const opened = await this.#open(own, from, known?.certificate, message, identityKey);
    if (opened === undefined || !(await isWanted(opened.content))) return { kind: "undecryptable" };
    const { content, signedAtMs, certificate } = opened;
    const taken = await takeMessage(state, from, content.messageId, signedAtMs, this.settings.nowMs());
    if (taken === "duplicate") return { kind: "duplicate" };
    if (taken === "refused") return { kind: "undecryptable" };
    this.peers.heard(state, from, known, certificate);
    return { kind: "opened", content };
  }

  async #open(
    own: OwnKey,
    from: DeviceAddress,
    known: PublicKey | undefined,
    { kind, body }: ReceivedCiphertext,
    identityKey: string,
  ) {
    try {
      const introduction = kind === kinds.introduction ? decodeIntroduction(body) : undefined;
      if (introduction === undefined && kind !== kinds.message) return undefined;
      const certificate = await this.#certificateOf(introduction?.certificate, known, identityKey);
      const encrypted = introduction?.message ?? body;
      const opened = await openAndVerify(this.settings, own.privateKey, certificate, encrypted);
      // Signed for somebody else, and encrypted anew for this device (RFC 9580, section 13.12).
      if (opened.isIntended !== true) return undefined;
      const content = contentOf(opened);
      if (content.sender !== addressName(from)) return undefined;
      return { content, signedAtMs: opened.signedAtMs, certificate };
    } catch {
      return undefined;
    }
  }

  async #certificateOf(
    introduced: Uint8Array | undefined,
    known: PublicKey | undefined,
    identityKey: string,
  ): Promise<PublicKey> {
    if (introduced !== undefined) return this.peers.introduced(introduced, identityKey);
    const fingerprint = known?.keyPacket.getFingerprintBytes();
    if (!known || !fingerprint || base64OfBytes(fingerprint) !== identityKey) throw new Error("unknown sender");
    return known;
  }
}
