import type { DeviceAddress } from "../addresses.ts";
import type { Ciphertext, E2EDevice, E2EProtocol, Received } from "../e2e-protocol.ts";
import type { KeyBundle, KeyUpload, PublicPreKey } from "../key-bundle.ts";
import { memoryVault } from "../vault/memory-vault.ts";
import type { StateTransaction, Vault } from "../vault/vault.ts";

/** A device with its vault and what the directory holds of it. */
export class Party {
  readonly address: DeviceAddress;
  readonly protocol: E2EProtocol;
  vault: Vault;
  device: E2EDevice;
  readonly #published = new Map<string, { oneTime: PublicPreKey[]; lastResort: PublicPreKey | undefined }>();
  #upload: KeyUpload | undefined;
  #messages = 0;

  private constructor(protocol: E2EProtocol, address: DeviceAddress, vault: Vault, device: E2EDevice) {
    this.protocol = protocol;
    this.address = address;
    this.vault = vault;
    this.device = device;
  }

  /** Sets a device up, and publishes its keys. */
  static async open(protocol: E2EProtocol, userId: string, deviceId = "one"): Promise<Party> {
    const vault = memoryVault();
    const address = { userId, deviceId };
    const device = await vault.transact((state) => protocol.open(address, state));
    const party = new Party(protocol, address, vault, device);
    await party.publish();
    return party;
  }

  /** Publishes what the device wants to publish now. */
  async publish(counts = this.#upload === undefined ? undefined : this.counts()): Promise<void> {
    this.take(await this.vault.transact((state) => this.device.publish(state, counts)));
  }

  /** Takes an upload as the directory does. */
  take(upload: KeyUpload | undefined): void {
    if (upload === undefined) return;
    this.#upload = { ...this.#upload, ...upload };
    for (const [name, { oneTime, lastResort }] of Object.entries(upload.sets)) {
      const kept = this.#published.get(name);
      this.#published.set(name, {
        oneTime: [...(kept?.oneTime ?? []), ...oneTime],
        lastResort: lastResort ?? kept?.lastResort,
      });
    }
  }

  /** How many one-time keys are left. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#published].map(([name, { oneTime }]) => [name, oneTime.length]));
  }

  /** Gives a bundle out, each one-time key once. */
  claim(): KeyBundle {
    const sets: Record<string, PublicPreKey & { lastResort: boolean }> = {};
    for (const [name, { oneTime, lastResort }] of this.#published) {
      const key = oneTime.shift();
      if (key !== undefined) sets[name] = { ...key, lastResort: false };
      else if (lastResort !== undefined) sets[name] = { ...lastResort, lastResort: true };
    }
    return { identityKey: this.device.identityKey, details: this.#upload?.details, sets };
  }

  /** Takes all one-time keys away, as many peers would. */
  exhaust(): void {
    for (const set of this.#published.values()) set.oneTime.length = 0;
  }

  /** Runs a transaction; when it fails, the device drops what it had in memory of it. */
  async transact<T>(run: (state: StateTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.vault.transact(run);
    } catch (cause) {
      this.device.discardUncommitted?.();
      throw cause;
    }
  }

  /** Closes the device and opens it again from its state, as a restart does. */
  async restart(): Promise<void> {
    this.device.close?.();
    this.device = await this.vault.transact((state) => this.protocol.open(this.address, state));
  }

  /** Begins a session with a peer. @returns what is to be sent */
  async start(peer: Party, bundle: KeyBundle = peer.claim()): Promise<readonly Sent[]> {
    const { messages } = await this.transact((state) => this.device.initializeSession(state, peer.address, bundle));
    return messages.map((message) => this.#sent(message, this.nextMessageId()));
  }

  /** A message id that was not used. */
  nextMessageId(): string {
    return `${this.address.userId}-${this.address.deviceId}-${++this.#messages}`.replace(/[^A-Za-z0-9_-]/g, "_");
  }

  /** Encrypts a text for peers with whom there are sessions: one message for each. */
  async encrypt(text: string, ...peers: readonly Party[]): Promise<Sent[]> {
    const messageId = this.nextMessageId();
    const messages = await this.transact((state) =>
      this.device.encrypt(
        state,
        peers.map(({ address }) => address),
        new TextEncoder().encode(text),
        messageId,
      ),
    );
    return messages.map((message) => this.#sent(message, messageId));
  }

  /** Receives what another party sent. */
  receive(sent: Sent, identityKey: string = sent.identityKey): Promise<Received> {
    const { from, kind, body, messageId, groupId } = sent;
    return this.transact((state) =>
      this.device.receive(state, from, { kind, body: body.slice(), messageId, groupId }, identityKey),
    );
  }

  /** A ciphertext of this party as it travels. */
  sent(message: Ciphertext, groupId?: string): Sent {
    return { ...this.#sent(message, this.nextMessageId()), groupId };
  }

  #sent(message: Ciphertext, messageId: string): Sent {
    return { ...message, messageId, from: this.address, identityKey: this.device.identityKey };
  }
}

/** A ciphertext on its way. */
export interface Sent extends Ciphertext {
  readonly messageId: string;
  readonly from: DeviceAddress;
  readonly identityKey: string;
  readonly groupId?: string | undefined;
}

/** The text of a received message; throws when it is none. */
export function textOf(received: Received): string {
  if (received.kind !== "message") throw new Error(`expected a message, not ${received.kind}`);
  return new TextDecoder().decode(received.plaintext);
}

/** Delivers messages and all that is answered to them, until nothing is under way. @returns what was received as messages */
export async function deliverAll(sent: readonly Sent[], parties: readonly Party[]): Promise<string[]> {
  const texts: string[] = [];
  const queue = [...sent];
  for (let turns = 0; queue.length > 0; turns++) {
    if (turns > 1000) throw new Error("the parties never stop answering each other");
    const message = queue.shift()!;
    const to = parties.find(({ address }) => address === message.to || isSame(address, message.to));
    if (to === undefined) throw new Error("a message for nobody");
    const received = await to.receive(message);
    if (received.kind === "message") texts.push(textOf(received));
    if (received.kind === "control") queue.push(...received.replies.map((reply) => to.sent(reply)));
  }
  return texts;
}

function isSame(a: DeviceAddress, b: DeviceAddress): boolean {
  return a.userId === b.userId && a.deviceId === b.deviceId;
}
