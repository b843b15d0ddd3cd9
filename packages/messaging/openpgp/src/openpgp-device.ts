import type {
  Ciphertext,
  DeviceAddress,
  E2EDevice,
  GroupDevice,
  KeyBundle,
  KeyCounts,
  KeyUpload,
  Received,
  ReceivedCiphertext,
  SessionStart,
  StateTransaction,
} from "@coffer/messaging";
import { identityKeyOf } from "./certificates.ts";
import { type Content, contentTypes } from "./content.ts";
import { Exchange } from "./exchange.ts";
import { OpenPgpGroups } from "./groups.ts";
import { type OpenedMail, openMail, sealMail } from "./mail.ts";
import { ensureOwnKey, rotateSubkey } from "./own-key.ts";
import type { OpenPgpSettings } from "./settings.ts";
import { stateKeys } from "./state-keys.ts";

/** A device with an OpenPGP key. It keeps parsed keys in memory, which follow from the state, and nothing else. */
export class OpenPgpDevice implements E2EDevice {
  readonly identityKey: string;
  readonly groups: GroupDevice;
  readonly #exchange: Exchange;
  readonly #groups: OpenPgpGroups;

  private constructor(exchange: Exchange, identityKey: string) {
    this.identityKey = identityKey;
    this.#exchange = exchange;
    this.#groups = new OpenPgpGroups(exchange);
    this.groups = this.#groups;
  }

  /** @param imported an armored private key, taken when the state has none */
  static async open(
    settings: OpenPgpSettings,
    self: DeviceAddress,
    state: StateTransaction,
    imported: string | undefined,
  ): Promise<OpenPgpDevice> {
    await ensureOwnKey(settings, self, state, imported);
    const exchange = new Exchange(settings, self);
    return new OpenPgpDevice(exchange, identityKeyOf((await exchange.readOwnKey(state)).privateKey));
  }

  /** The certificate, armored (RFC 9580, section 6.2): for a key server, a Web Key Directory, or `gpg --import`. */
  async certificate(state: StateTransaction): Promise<string> {
    return (await this.#exchange.readOwnKey(state)).privateKey.toPublic().armor();
  }

  /** The private key, armored and without a passphrase: for `gpg --import` on another machine of the user's. */
  async exportPrivateKey(state: StateTransaction): Promise<string> {
    return (await this.#exchange.readOwnKey(state)).privateKey.armor();
  }

  /** The text of a mail, signed and encrypted for certificates (armored), as gpg and mail programs read it. */
  async sealMail(state: StateTransaction, recipients: readonly string[], text: string): Promise<string> {
    const { privateKey } = await this.#exchange.readOwnKey(state);
    return sealMail(this.#exchange.settings, privateKey, recipients, text);
  }

  /**
   * Opens the text of a mail that `sender` (an armored certificate) signed. It is the mail program's to show a mail once.
   *
   * @throws MessagingError InvalidInput for whatever does not open
   */
  async openMail(state: StateTransaction, sender: string, armored: string): Promise<OpenedMail> {
    const { privateKey } = await this.#exchange.readOwnKey(state);
    return openMail(this.#exchange.settings, privateKey, sender, armored);
  }

  async publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    return counts === undefined ? this.#upload(state) : undefined;
  }

  async rotateKeys(state: StateTransaction): Promise<KeyUpload> {
    await rotateSubkey(this.#exchange.settings, state, await this.#exchange.readOwnKey(state));
    return this.#upload(state);
  }

  async hasSession(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    return (await state.get(stateKeys.peer(peer))) !== undefined;
  }

  async initializeSession(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart> {
    await this.#exchange.peers.take(state, peer, bundle);
    return { messages: [] };
  }

  async encrypt(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<Ciphertext[]> {
    const content = { type: contentTypes.message, messageId, bytes: plaintext };
    const messages: Ciphertext[] = [];
    for (const peer of to) messages.push({ to: peer, ...(await this.#exchange.write(state, [peer], content)) });
    return messages;
  }

  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const isWanted = (content: Content) => this.#isWanted(state, from, message, content);
    const opened = await this.#exchange.read(state, from, message, identityKey, isWanted);
    if (opened.kind !== "opened") return opened;
    const { type, bytes, groupId } = opened.content;
    if (type === contentTypes.message) return { kind: "message", plaintext: bytes, groupId, identityKey };
    await this.#groups.takeChange(state, from, bytes);
    return { kind: "control", replies: [] };
  }

  async forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    state.delete(stateKeys.peer(peer));
  }

  /** A message is for the group that the envelope tells of, and from a member of it. */
  async #isWanted(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    content: Content,
  ): Promise<boolean> {
    if (content.type === contentTypes.group) return true;
    if (content.type !== contentTypes.message || content.groupId !== message.groupId) return false;
    return content.groupId === undefined || this.#groups.isMember(state, content.groupId, from);
  }

  async #upload(state: StateTransaction): Promise<KeyUpload> {
    return { identityKey: this.identityKey, details: await this.certificate(state), sets: {} };
  }
}
