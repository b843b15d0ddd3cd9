import { checkId, type DeviceAddress } from "../addresses.ts";
import type { AttachmentPointer } from "../attachments/attachment-pointer.ts";
import type { AttachmentDescription } from "../attachments/encrypt-attachment.ts";
import type { DeviceEntry } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { grantLink } from "../linking/grant-link.ts";
import { findProtocol } from "../registry.ts";
import { httpRelay } from "../relay-client/http-relay.ts";
import { drainMailbox, MailboxStream } from "../relay-client/mailbox-stream.ts";
import { type MailboxMessage, RelayApi } from "../relay-client/relay-api.ts";
import { RelaySession } from "../relay-client/relay-session.ts";
import { type SafetyNumber, safetyNumber } from "../safety-number/safety-number.ts";
import { memoryVault } from "../vault/memory-vault.ts";
import { CarriedKeys } from "./carried-keys.ts";
import { DeviceContext } from "./device-context.ts";
import { Directory, type ListWitness } from "./directory.ts";
import { Encrypter } from "./encrypter.ts";
import { parseEnvelope } from "./envelope.ts";
import { Groups } from "./groups.ts";
import { Inbox, type ReceivedMessage } from "./inbox.ts";
import { LogMonitor } from "./log-monitor.ts";
import { Outbox } from "./outbox.ts";
import { accountPrivateKeyOf, openOwnDevice, signByDevice } from "./own-device.ts";
import { type Content, readContent, type SeenHead } from "./payload.ts";
import { peers } from "./peers.ts";
import { Receiver } from "./receiver.ts";
import { Registration } from "./registration.ts";
import { downloadAttachment, uploadAttachment } from "./relay-attachments.ts";
import { Sender } from "./sender.ts";
import type { PeerTrust, ReceivedEnvelope, SentMessage, ServiceOptions } from "./service-types.ts";

interface Parts {
  readonly context: DeviceContext;
  readonly monitor: LogMonitor;
  readonly directory: Directory;
  readonly registration: Registration;
  readonly encrypter: Encrypter;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly carried: CarriedKeys;
}

/**
 * End-to-end encrypted messages between the devices of users, over any of the protocols. Everything that counts is in
 * the vault before anything is on its way: after a crash the same bytes are sent again, and nothing is shown twice.
 * Calls may be made side by side.
 */
export class E2EMessagingService {
  readonly #parts: Parts;
  readonly #groups: Groups;
  readonly #ownsVault: boolean;
  #stream: MailboxStream | undefined;

  private constructor(parts: Parts, ownsVault: boolean) {
    this.#parts = parts;
    this.#ownsVault = ownsVault;
    const { context, directory, encrypter, outbox, sender, receiver } = parts;
    this.#groups = new Groups(context, directory, encrypter, outbox, sender, () => this.#drain());
    receiver.groups = this.#groups;
    receiver.onHead = (head, from) => this.#compareHeads(head, from);
    directory.onTrusted = (userId) => receiver.receiveHeld(userId);
    sender.groupSender = (number, entry) => this.#groups.send(number, entry);
  }

  /**
   * Opens a device, or sets it up when its vault is empty. While the relay is out of reach it opens all the same, and
   * what is sent waits.
   *
   * @throws MessagingError InvalidInput, ProtocolNotRegistered, VaultUnreadable, KeyUnavailable, VaultRolledBack;
   *   IdentityChanged when the user has an account that this device is not in
   */
  static async open(options: ServiceOptions): Promise<E2EMessagingService> {
    checkId(options.user, "user's id");
    checkId(options.deviceId, "device's id");
    const self = { userId: options.user, deviceId: options.deviceId };
    const protocol = typeof options.protocol === "string" ? findProtocol(options.protocol) : options.protocol;
    const client = typeof options.relay === "string" ? httpRelay(options.relay) : options.relay;
    const vault = options.vault ?? memoryVault();
    const versionAtOpen = await vault.version();
    const { own, device } = await openOwnDevice(vault, protocol, self, options.accountPrivateKey);
    const session = client && new RelaySession(client, self, (message) => signByDevice(own, message));
    const api = session && new RelayApi(session, () => vault.version());
    const { onEvent } = options;
    const context = new DeviceContext({ self, protocol: protocol.facts.id, device, vault, api, onEvent });
    const monitor = new LogMonitor(context, own.accountKey);
    const witness: ListWitness = (userId, signed, answer) => monitor.witness(userId, signed, answer);
    const directory = new Directory(context, witness);
    const { registrationToken } = options;
    const [inbox, outbox] = [await Inbox.open(context), await Outbox.open(context)];
    const encrypter = new Encrypter(context, directory, outbox);
    const sender = new Sender(context, directory, encrypter, outbox);
    const onChanged = () => sender.queueDevicesChanged();
    const registering = { versionAtOpen, registrationToken, onChanged, witness };
    const registration = new Registration(context, directory, own, registering);
    const receiver = new Receiver(context, directory, inbox, outbox, sender);
    const carried = new CarriedKeys(context, directory);
    const parts = { context, monitor, directory, registration, encrypter, inbox, outbox, sender, receiver, carried };
    const service = new E2EMessagingService(parts, options.vault === undefined);
    try {
      await registration.ensure();
      if (api !== undefined) await sender.flush();
      await service.#watchLog();
    } catch (cause) {
      if (!(cause instanceof MessagingError) || cause.code !== "RelayUnavailable") {
        await service.close();
        throw cause;
      }
      context.emit({ kind: "trouble", error: cause });
    }
    return service;
  }

  /** This device. */
  get address(): DeviceAddress {
    return this.#parts.context.self;
  }

  /**
   * Begins a session with a device, or with all of a user's. Sending does it by itself.
   *
   * @returns without a relay, what is to be carried: OTR's handshake
   * @throws MessagingError UnknownRecipient, IdentityChanged, BundleRefused, RelayUnavailable
   */
  async initializeSession(recipientId: string, deviceId?: string): Promise<readonly string[]> {
    checkId(recipientId, "user's id");
    await this.#ready();
    await this.#parts.encrypter.startSessions(recipientId, deviceId === undefined ? undefined : [deviceId]);
    return this.flush();
  }

  /**
   * Encrypts a message for all devices of a user and for this user's others, and sends it.
   *
   * @throws MessagingError UnknownRecipient, IdentityChanged, BundleRefused: nothing was sent. RelayUnavailable, or
   *   RelayRefused with status 429 or 507: the message waits in the outbox; do not send it again
   */
  async sendEncryptedMessage(recipientId: string, message: string | Uint8Array | Content): Promise<SentMessage> {
    checkId(recipientId, "user's id");
    const { context, outbox, sender } = this.#parts;
    const content = readContent(message);
    const messageId = context.newMessageId();
    await sender.forgetHandedOver();
    const common = { messageId, sentAtMs: context.nowMs(), to: recipientId, head: context.head };
    const number = await sender.queueMessage(recipientId, { type: "message", ...common, content });
    outbox.announce(number);
    return this.#sent(messageId, number);
  }

  /**
   * Opens an envelope that the caller carried. What it says is kept until the next call, so that a crash loses nothing.
   *
   * @param senderId the user from whom it is said to come
   * @throws MessagingError InvalidInput when it is no envelope, another's, or of another sender
   */
  async receiveEncryptedMessage(senderId: string, envelope: string): Promise<ReceivedEnvelope> {
    const { context, inbox, receiver, sender } = this.#parts;
    const incoming = parseEnvelope(envelope);
    const { from, to } = incoming;
    if (from.userId !== senderId) throw new MessagingError("InvalidInput", `The envelope is not from ${senderId}.`);
    if (to.userId !== context.self.userId || to.deviceId !== context.self.deviceId) {
      throw new MessagingError("InvalidInput", "The envelope is for another device.");
    }
    await inbox.forgetDone();
    await sender.forgetHandedOver();
    const { kind, inboxNumber } = await receiver.receive(incoming);
    const number = inboxNumber ?? (kind === "duplicate" ? await inbox.find(incoming) : undefined);
    const message = number === undefined ? undefined : await inbox.take(number);
    if (number !== undefined) inbox.markDone(number);
    await this.#groups.idle();
    const envelopes = await this.#flushWhatFollows();
    return { kind: message === undefined ? kind : "message", message, envelopes };
  }

  /**
   * Messages as they come from the relay, over a WebSocket, or by polling where there is none. A message is deleted when
   * the next one is asked for: after a crash before that it comes again, with the same id.
   */
  messages(): AsyncGenerator<ReceivedMessage, void, void> {
    const { context, inbox, registration, sender } = this.#parts;
    if (context.api !== undefined && this.#stream === undefined) {
      this.#stream = new MailboxStream(context.api, {
        received: (message) => this.#receive(message),
        keysLow: () => registration.replenish(),
        connected: async () => {
          await registration.ensure();
          await sender.flush();
          await this.#watchLog();
        },
        trouble: (error) => context.emit({ kind: "trouble", error }),
      });
      this.#stream.start();
    }
    return inbox.messages();
  }

  /**
   * Takes all that is in the mailbox now. The messages are kept until the next call.
   *
   * @throws MessagingError RelayUnavailable, KeyUnavailable
   */
  async receiveAll(): Promise<readonly ReceivedMessage[]> {
    const { context, inbox } = this.#parts;
    await inbox.forgetDone();
    await this.#ready();
    if (context.api !== undefined) await this.#drain();
    await this.#watchLog();
    await this.#groups.idle();
    await this.#flushWhatFollows();
    const taken = await inbox.takeAll();
    for (const { number } of taken) inbox.markDone(number);
    return taken.map(({ message }) => message);
  }

  /**
   * Sends what waits in the outbox.
   *
   * @returns without a relay, what the caller was not given yet
   * @throws MessagingError RelayUnavailable, KeyUnavailable, VaultRolledBack
   */
  async flush(): Promise<readonly string[]> {
    await this.#ready();
    await this.#parts.sender.flush();
    return this.#parts.context.api === undefined ? this.#parts.sender.handOver() : [];
  }

  /** How many messages wait in the outbox. */
  get waiting(): number {
    return this.#parts.outbox.numbers.length;
  }

  /** Makes the keys anew that others begin sessions with again and again (signed prekeys, fallback keys), and publishes them. */
  async generateNewRatchetKey(): Promise<void> {
    await this.#ready();
    const { carried, context, registration } = this.#parts;
    await (context.api === undefined ? carried.rotate() : registration.rotate());
  }

  /** The devices of a user, as their account signed them. Asks the relay. */
  async devices(userId: string): Promise<readonly DeviceEntry[]> {
    checkId(userId, "user's id");
    await this.#ready();
    return (await this.#parts.directory.refresh(userId)).devices;
  }

  /** Takes one of this user's devices out: from then on nobody writes to it. */
  async removeDevice(deviceId: string): Promise<void> {
    await this.#ready();
    await this.#parts.registration.changeList((devices) => {
      const left = devices.filter((device) => device.deviceId !== deviceId);
      return left.length === devices.length ? undefined : left;
    });
    await this.flush();
  }

  /**
   * Takes in a new device of this user's: gives it the account's key, encrypted for it alone. It puts itself into the list.
   *
   * @param offer of the new device's `requestLink`
   * @param confirmedCode as the user read it from the new device's screen
   * @returns what `finish` takes there
   * @throws MessagingError LinkingRefused: the offer is not the new device's, or its id is taken
   */
  async linkDevice(offer: string, confirmedCode: string): Promise<string> {
    await this.#ready();
    const { context, directory } = this.#parts;
    const list = await directory.refresh(context.self.userId);
    const accountPrivateKey = await context.transact(accountPrivateKeyOf);
    return (await grantLink({ offer, confirmedCode, list, accountPrivateKey })).grant;
  }

  /** What is known of a user; undefined when nothing is. */
  async trust(userId: string): Promise<PeerTrust | undefined> {
    const peer = await this.#parts.context.transact((state) => peers.get(state, userId));
    if (peer === undefined) return undefined;
    const offered = peer.offered && (JSON.parse(peer.offered.text) as { readonly accountKey: string }).accountKey;
    return { accountKey: peer.accountKey, verified: peer.verified, offeredAccountKey: offered };
  }

  /**
   * The number that this user and another compare, by voice or by scanning: when both see the same, nobody stands in between.
   * Of the account key that is trusted now; after it changed, of the one that is offered.
   *
   * @throws MessagingError UnknownRecipient
   */
  async safetyNumber(userId: string): Promise<SafetyNumber> {
    const { context } = this.#parts;
    const { self } = context;
    let theirs = await this.trust(userId);
    if (theirs === undefined) {
      await this.devices(userId);
      theirs = await this.trust(userId);
    }
    const mine = await this.trust(self.userId);
    if (theirs === undefined || mine === undefined) {
      throw new MessagingError("UnknownRecipient", `${userId} is unknown: there is nothing to compare.`);
    }
    const own = { userId: self.userId, accountKey: mine.accountKey };
    return safetyNumber(own, { userId, accountKey: theirs.offeredAccountKey ?? theirs.accountKey });
  }

  /** Notes whether people compared the safety number of a user. */
  async setVerified(userId: string, verified: boolean): Promise<void> {
    await this.#parts.context.transact(async (state) => {
      const peer = await peers.get(state, userId);
      if (peer === undefined) throw new MessagingError("UnknownRecipient", `${userId} is unknown: nothing to verify.`);
      peers.put(state, { ...peer, verified }, userId);
    });
  }

  /**
   * Trusts the account key that a user has now, and opens what was held meanwhile. Compare safety numbers before.
   *
   * @returns false when the key had not changed
   */
  acceptNewIdentity(userId: string): Promise<boolean> {
    return this.#parts.directory.acceptNewIdentity(userId);
  }

  /**
   * Reads the relay's transparency log now, beside doing so every ten minutes: raises `logAlarm` when somebody made a list of
   * this user's devices with another account key.
   *
   * @throws MessagingError RelayDishonest, RelayUnavailable
   */
  async checkTransparencyLog(): Promise<void> {
    await this.#ready();
    await this.#parts.monitor.watch(true);
  }

  /** This device's keys as text, for one peer, who gives it to `addPeer`. Each text has one-time keys of its own. */
  async publicBundle(): Promise<string> {
    await this.#ready();
    return this.#parts.carried.publicBundle();
  }

  /**
   * Learns of a device by the text that its `publicBundle` gave. The way by which it came decides whether the account
   * key is its user's.
   *
   * @returns its address
   * @throws MessagingError BundleRefused, DeviceListRefused, IdentityChanged
   */
  addPeer(bundle: string): Promise<DeviceAddress> {
    return this.#parts.carried.addPeer(bundle);
  }

  /** Makes a group of this user's devices. @returns its id */
  async createGroup(groupId: string = this.#parts.context.newMessageId()): Promise<string> {
    await this.#ready();
    await this.#groups.create(groupId);
    return groupId;
  }

  /** Takes users into a group, with all their devices. @returns without a relay, what is to be carried */
  async addToGroup(groupId: string, ...userIds: readonly string[]): Promise<readonly string[]> {
    await this.#ready();
    await this.#groups.change(groupId, { add: userIds, remove: [] });
    return this.flush();
  }

  /** Takes users out of a group: they read nothing that is sent afterwards. @returns likewise */
  async removeFromGroup(groupId: string, ...userIds: readonly string[]): Promise<readonly string[]> {
    await this.#ready();
    await this.#groups.change(groupId, { add: [], remove: userIds });
    return this.flush();
  }

  /** Sends a message to a group. Errors are those of `sendEncryptedMessage`. */
  async sendToGroup(groupId: string, message: string | Uint8Array | Content): Promise<SentMessage> {
    const { context, sender } = this.#parts;
    const content = readContent(message);
    await sender.forgetHandedOver();
    await this.#ready();
    const messageId = context.newMessageId();
    return this.#sent(messageId, await this.#groups.queue(groupId, messageId, context.nowMs(), content));
  }

  /** Leaves a group, with this device. The other members take the user's devices out. */
  async leaveGroup(groupId: string): Promise<readonly string[]> {
    await this.#ready();
    await this.#groups.leave(groupId);
    return this.flush();
  }

  /** The devices in a group. */
  groupMembers(groupId: string): Promise<readonly DeviceAddress[]> {
    return this.#groups.members(groupId);
  }

  /**
   * Encrypts an attachment under a key of its own and stores it at the relay. Memory: about twice its size.
   *
   * @returns the pointer, for a message's `attachments`
   * @throws MessagingError InvalidInput, RelayUnavailable, RelayRefused
   */
  async uploadAttachment(content: Uint8Array, description?: AttachmentDescription): Promise<AttachmentPointer> {
    const relay = await this.#relay();
    return uploadAttachment(relay, content, description);
  }

  /**
   * Fetches an attachment and opens it.
   *
   * @param pointer as the message had it; untrusted
   * @throws MessagingError AttachmentRefused, RelayUnavailable, RelayRefused when the relay has it no more
   */
  async downloadAttachment(pointer: unknown): Promise<Uint8Array> {
    const relay = await this.#relay();
    return downloadAttachment(relay, pointer);
  }

  /** Ends everything that is under way; what was not sent stays in the outbox. */
  async close(): Promise<void> {
    const { context, inbox } = this.#parts;
    inbox.close();
    context.api?.session.close();
    await this.#stream?.close();
    // What is being encrypted needs the protocol's library until it is kept.
    await context.idle();
    context.device.close?.();
    if (this.#ownsVault) await context.vault.close();
  }

  async #relay(): Promise<RelaySession> {
    const { api } = this.#parts.context;
    if (api === undefined) throw new MessagingError("InvalidInput", "Without a relay attachments are carried by hand.");
    await this.#ready();
    return api.session;
  }

  async #ready(): Promise<void> {
    await this.#parts.registration.ensure();
  }

  /** What is wrong with the log is told; messages are believed for their senders' account keys, not for the log. */
  async #watchLog(): Promise<void> {
    const { context, monitor } = this.#parts;
    try {
      await monitor.watch(false);
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      context.emit({ kind: "trouble", error: cause });
    }
  }

  async #compareHeads(head: SeenHead, from: DeviceAddress): Promise<void> {
    const { context, monitor } = this.#parts;
    try {
      await monitor.compare(head);
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      if (cause.code === "RelayDishonest") context.emit({ kind: "logAlarm", why: "splitView", from });
    }
  }

  async #sent(messageId: string, number: number): Promise<SentMessage> {
    await this.#ready();
    const { context, sender } = this.#parts;
    const isOnItsWay = await sender.sendNow(number);
    const envelopes = context.api === undefined ? await sender.handOver() : [];
    return { messageId, waiting: !isOnItsWay, envelopes };
  }

  async #receive({ from, messageId, protocol, kind, groupId, body }: MailboxMessage): Promise<void> {
    await this.#parts.receiver.receive({ from, messageId, protocol, kind, groupId, body });
    await this.#flushWhatFollows();
  }

  async #drain(): Promise<void> {
    const { api } = this.#parts.context;
    if (api !== undefined) await drainMailbox(api, { received: (message) => this.#receive(message) });
  }

  /** Sends what receiving led to: answers in handshakes, requests to send again. What fails waits. */
  async #flushWhatFollows(): Promise<readonly string[]> {
    const { context, outbox, sender } = this.#parts;
    if (outbox.numbers.length === 0) return [];
    try {
      await sender.flush();
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      context.emit({ kind: "trouble", error: cause });
    }
    return context.api === undefined ? sender.handOver() : [];
  }
}
