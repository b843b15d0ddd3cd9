import { addressName, checkId, type DeviceAddress, isSameAddress, parseAddress } from "../addresses.ts";
import { base64OfBytes } from "../base64.ts";
import type { DeviceEntry } from "../device-list.ts";
import { asMessagingError, MessagingError } from "../errors.ts";
import type { GroupCiphertext, GroupDevice, GroupMember, MembershipChange, ProposedChange } from "../group-device.ts";
import { protocols } from "../protocols.ts";
import { type OutgoingEnvelope, outgoing } from "../relay-client/relay-api.ts";
import { RelayProblem } from "../relay-client/relay-problem.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import type { Directory } from "./directory.ts";
import type { Encrypter } from "./encrypter.ts";
import type { Outbox, OutboxChange, OutboxEntry, OutboxPart } from "./outbox.ts";
import { type Content, encodePayload, type Payload } from "./payload.ts";
import { peers, trustedList } from "./peers.ts";
import type { GroupReceiver } from "./receiver.ts";
import { isRecord } from "./records.ts";
import { type Sender, sentMessages } from "./sender.ts";

/** How often a change is made anew because another one won its epoch. */
const maxLostEpochs = 8;
/** How often the relay is asked whether members have other devices. */
const refreshMs = 10 * 60_000;

/** Who comes and who goes, by user. */
interface UserChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Groups: all devices of their users are in them. */
export class Groups implements GroupReceiver {
  readonly #context: DeviceContext;
  readonly #directory: Directory;
  readonly #encrypter: Encrypter;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #catchUp: () => Promise<void>;
  readonly #inTurn = oneAtATime();
  readonly #refreshedAtMs = new Map<string, number>();
  readonly #background = new Set<Promise<void>>();

  /** @param catchUp takes what is in the mailbox: the change that won */
  constructor(
    context: DeviceContext,
    directory: Directory,
    encrypter: Encrypter,
    outbox: Outbox,
    sender: Sender,
    catchUp: () => Promise<void>,
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#encrypter = encrypter;
    this.#outbox = outbox;
    this.#sender = sender;
    this.#catchUp = catchUp;
  }

  /** Makes a group of this user's devices. */
  async create(groupId: string): Promise<void> {
    checkId(groupId, "group's id");
    const number = await this.#context.transact(async (state) => {
      if ((await this.#groups.members(state, groupId)) !== undefined) {
        throw new MessagingError("InvalidInput", `This device is in a group ${groupId} already.`);
      }
      await this.#groups.create(state, groupId);
      const entry = { messageId: this.#context.newMessageId(), groupId, isService: false, parts: [] };
      return this.#outbox.add(state, { ...entry, createsGroup: true });
    });
    this.#outbox.announce(number);
    await this.#sender.sendNow(number);
    await this.change(groupId, { add: [this.#context.self.userId], remove: [] });
  }

  /** The devices of a group. @throws MessagingError InvalidInput when this device is in no such group */
  members(groupId: string): Promise<readonly DeviceAddress[]> {
    return this.#context.transact((state) => this.#membersIn(state, groupId));
  }

  /** Takes users in and out, with all their devices. */
  change(groupId: string, change: UserChange): Promise<void> {
    return this.#inTurn(() => this.#change(groupId, (members) => this.#devicesOf(members, change)));
  }

  /** Puts a message to a group into the outbox. @returns its number */
  async queue(groupId: string, messageId: string, sentAtMs: number, content: Content): Promise<number> {
    await this.#followDevices(groupId);
    const { head } = this.#context;
    return this.#queuePayload({ type: "message", messageId, sentAtMs, to: groupId, head, content });
  }

  /** Tells the others, and ends this device's part. One of them takes the user's devices out. */
  async leave(groupId: string): Promise<void> {
    await this.members(groupId);
    const messageId = this.#context.newMessageId();
    const number = await this.#queuePayload({ type: "leave", messageId, sentAtMs: this.#context.nowMs(), to: groupId });
    await this.#sender.sendNow(number);
    await this.#context.transact((state) => this.#groups.leave(state, groupId));
    this.#context.emit({ kind: "groupChanged", groupId });
  }

  /** Sends what concerns groups, for the outbox. */
  async send(number: number, entry: OutboxEntry): Promise<void> {
    const path = `/v1/groups/${encodeURIComponent(entry.groupId!)}`;
    if (entry.createsGroup) await this.#put(number, path, entry.groupId!);
    if (entry.change !== undefined) await this.#sendChange(number, path, entry.groupId!, entry.change);
    if (entry.groupMessage !== undefined) {
      const { kind, body, epoch } = entry.groupMessage;
      const message = { messageId: entry.messageId, kind, epoch, body };
      try {
        await this.#context.api!.versioned((vaultVersion) => ({
          method: "POST",
          path: `${path}/messages`,
          body: { ...message, vaultVersion },
        }));
      } catch (cause) {
        if (!(cause instanceof RelayProblem) || cause.status !== 404) throw cause;
        throw noMember(entry.groupId!);
      }
    }
  }

  takeCommit(state: StateTransaction, groupId: string, from: DeviceAddress, commit: Uint8Array): Promise<boolean> {
    return this.#groups.applyCommit(state, groupId, from, commit);
  }

  async isMember(state: StateTransaction, groupId: string, member: DeviceAddress): Promise<boolean> {
    const members = await this.#context.device.groups?.members(state, groupId);
    return members?.some((address) => isSameAddress(address, member)) ?? false;
  }

  async settle(groupId: string): Promise<void> {
    for (const number of this.#outbox.numbers) {
      const entry = await this.#outbox.get(number);
      if (entry?.groupId !== groupId || entry.change === undefined) continue;
      await this.#sender.flush();
      return;
    }
  }

  left(groupId: string, userId: string): void {
    const task = this.#takeOut(groupId, userId).catch((cause: unknown) => {
      this.#context.emit({ kind: "trouble", error: asMessagingError(cause) });
    });
    this.#background.add(task);
    void task.finally(() => this.#background.delete(task));
  }

  /** Waits for what goes on in the background. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  get #groups(): GroupDevice {
    const { groups } = this.#context.device;
    if (groups !== undefined) return groups;
    throw new MessagingError("InvalidInput", `The protocol ${this.#context.protocol} has no groups here.`);
  }

  async #membersIn(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[]> {
    const members = await this.#groups.members(state, groupId);
    if (members !== undefined) return members;
    throw noMember(groupId);
  }

  /** Somebody left: of the others the first one, by its address, makes the change. */
  async #takeOut(groupId: string, userId: string): Promise<void> {
    const others = (await this.members(groupId)).filter((member) => member.userId !== userId).map(addressName);
    if (others.sort()[0] !== addressName(this.#context.self)) return;
    await this.change(groupId, { add: [], remove: [userId] });
  }

  /** Makes a change, and makes it anew when another one won its epoch. */
  async #change(
    groupId: string,
    devicesOf: (members: readonly DeviceAddress[]) => Promise<MembershipChange>,
  ): Promise<void> {
    for (let lost = 0; lost < maxLostEpochs; lost++) {
      const devices = await devicesOf(await this.members(groupId));
      if (devices.add.length === 0 && devices.remove.length === 0) return;
      const number = await this.#propose(groupId, devices);
      try {
        await this.#sender.sendNow(number);
        this.#context.emit({ kind: "groupChanged", groupId });
        return;
      } catch (cause) {
        if (!(cause instanceof RelayProblem) || cause.problem !== "EpochTaken") throw cause;
        await this.#catchUp();
      }
    }
    throw new MessagingError("RelayUnavailable", `Others keep changing the group ${groupId}: try again.`);
  }

  async #devicesOf(members: readonly DeviceAddress[], change: UserChange): Promise<MembershipChange> {
    const add: GroupMember[] = [];
    for (const userId of change.add) {
      const list = await this.#directory.refresh(userId);
      const isIn = ({ deviceId }: DeviceEntry) => members.some((member) => isSameAddress(member, { userId, deviceId }));
      const devices = this.#context.targets(list).filter((device) => !isIn(device));
      for (const [deviceId, bundle] of await this.#directory.claim(userId, devices)) {
        add.push({ address: { userId, deviceId }, bundle });
      }
    }
    const remove = members.filter(
      (member) => change.remove.includes(member.userId) && !isSameAddress(member, this.#context.self),
    );
    return { add, remove };
  }

  async #propose(groupId: string, change: MembershipChange): Promise<number> {
    await this.#startSessions(groupId, change.add);
    const number = await this.#context.transact(async (state) => {
      const before = await this.#membersIn(state, groupId);
      const stay = before.filter((member) => !change.remove.some((gone) => isSameAddress(gone, member)));
      const members = [...stay, ...change.add.map(({ address }) => address)].map(addressName);
      const proposed = await this.#groups.propose(state, groupId, change);
      const messageId = this.#context.newMessageId();
      if (this.#context.api !== undefined) {
        const entry = { messageId, groupId, isService: false, parts: [] };
        return this.#outbox.add(state, { ...entry, change: outboxChange(proposed, members) });
      }
      // By hand: who carries the envelopes lets one change happen after the other.
      await this.#groups.settle(state, groupId, true);
      const others = before.filter((member) => !isSameAddress(member, this.#context.self));
      const parts = await this.#partsByHand(state, proposed, others);
      return this.#outbox.add(state, { messageId, groupId, isService: false, parts });
    });
    this.#outbox.announce(number);
    return number;
  }

  async #partsByHand(
    state: StateTransaction,
    { commit, welcomes }: ProposedChange,
    members: readonly DeviceAddress[],
  ): Promise<OutboxPart[]> {
    const commits = commit === undefined ? [] : members.map((to) => ({ to, kind: "commit", body: commit }));
    return this.#partsOf(state, [...commits, ...welcomes]);
  }

  /** Where members get keys of senders one by one, there must be a session with each. */
  async #startSessions(groupId: string, added: readonly GroupMember[]): Promise<void> {
    if (protocols.get(this.#context.protocol)?.capabilities.groups === "tree") return;
    const members = [...(await this.members(groupId)), ...added.map(({ address }) => address)];
    for (const userId of new Set(members.map((member) => member.userId))) {
      const ids = members.filter((member) => member.userId === userId).map(({ deviceId }) => deviceId);
      const bundles = new Map(
        added
          .filter(({ address }) => address.userId === userId)
          .map(({ address, bundle }) => [address.deviceId, bundle]),
      );
      await this.#encrypter.ensureSessions(userId, ids, bundles);
    }
  }

  async #queuePayload(payload: Payload): Promise<number> {
    const { to: groupId, messageId } = payload;
    await this.#startSessions(groupId, []);
    const number = await this.#context.transact(async (state) => {
      await this.#membersIn(state, groupId);
      const encoded = encodePayload(payload);
      const epoch = await this.#groups.epoch(state, groupId);
      const ciphertext = await this.#groups.encrypt(state, groupId, encoded, messageId);
      if (payload.type === "message") {
        await sentMessages.add(state, messageId, { to: groupId, isGroup: true, payload: base64OfBytes(encoded) });
      }
      return this.#outbox.add(state, {
        messageId,
        groupId,
        isService: false,
        parts: await this.#partsOf(state, ciphertext.before),
        groupMessage: groupMessage(ciphertext, epoch),
      });
    });
    this.#outbox.announce(number);
    return number;
  }

  /** Ciphertexts for single devices, by user. */
  async #partsOf(
    state: StateTransaction,
    ciphertexts: readonly { readonly to: DeviceAddress; readonly kind: string; readonly body: Uint8Array }[],
  ): Promise<OutboxPart[]> {
    const byUser = new Map<string, OutgoingEnvelope[]>();
    for (const { to, kind, body } of ciphertexts) {
      const peer = await peers.get(state, to.userId);
      const entry = peer && trustedList(peer).devices.find(({ deviceId }) => deviceId === to.deviceId);
      if (entry === undefined) continue;
      const envelope = outgoing(to.deviceId, entry.registrationId, kind, body);
      byUser.set(to.userId, [...(byUser.get(to.userId) ?? []), envelope]);
    }
    return [...byUser].map(([userId, envelopes]) => {
      const only = envelopes.map(({ deviceId }) => deviceId);
      return { userId, only, messageId: this.#context.newMessageId(), envelopes, sent: false };
    });
  }

  async #put(number: number, path: string, groupId: string): Promise<void> {
    try {
      await this.#context.api!.session.run({ method: "PUT", path });
    } catch (cause) {
      if (!(cause instanceof RelayProblem) || cause.status !== 409) throw cause;
      await this.#context.transact(async (state) => {
        await this.#groups.leave(state, groupId);
        this.#outbox.delete(state, number);
      });
      throw new MessagingError("InvalidInput", `There is a group ${groupId} already: choose another id.`, { cause });
    }
  }

  async #sendChange(number: number, path: string, groupId: string, change: OutboxChange): Promise<void> {
    let accepted = true;
    let lost: MessagingError | undefined;
    try {
      await this.#context.api!.versioned((vaultVersion) => ({
        method: "POST",
        path: `${path}/commits`,
        body: { ...change, vaultVersion },
      }));
    } catch (cause) {
      if (!(cause instanceof RelayProblem) || (cause.problem !== "EpochTaken" && cause.status !== 404)) throw cause;
      // Before a crash it may have been this very change that won.
      accepted = isOwnCommit(cause.members["commit"], addressName(this.#context.self), change);
      if (!accepted) lost = cause.status === 404 ? noMember(groupId) : cause;
    }
    await this.#context.transact(async (state) => {
      await this.#groups.settle(state, groupId, accepted);
      this.#outbox.delete(state, number);
    });
    if (lost !== undefined) throw lost;
  }

  /** Members may have other devices than before: those that came are taken in, and those that went out. */
  async #followDevices(groupId: string): Promise<void> {
    await this.#inTurn(() =>
      this.#change(groupId, async (members) => {
        const users = [...new Set(members.map(({ userId }) => userId))];
        const current = new Set<string>();
        const grown: string[] = [];
        for (const userId of users) {
          const devices = (await this.#recentList(userId)).devices.filter(
            ({ protocol }) => protocol === this.#context.protocol,
          );
          const names = devices.map(({ deviceId }) => addressName({ userId, deviceId }));
          for (const name of names) current.add(name);
          if (names.some((name) => !members.some((member) => addressName(member) === name))) grown.push(userId);
        }
        const { add } = await this.#devicesOf(members, { add: grown, remove: [] });
        const self = addressName(this.#context.self);
        return {
          add,
          remove: members
            .map(addressName)
            .filter((name) => name !== self && !current.has(name))
            .map(parseAddress),
        };
      }),
    );
  }

  async #recentList(userId: string) {
    const now = this.#context.nowMs();
    if (now - (this.#refreshedAtMs.get(userId) ?? 0) < refreshMs) return this.#directory.list(userId);
    const list = await this.#directory.refresh(userId);
    this.#refreshedAtMs.set(userId, now);
    return list;
  }
}

function noMember(groupId: string): MessagingError {
  return new MessagingError("InvalidInput", `This device is in no group ${groupId}.`);
}

function isOwnCommit(winner: unknown, self: string, change: OutboxChange): boolean {
  if (!isRecord(winner) || winner["epoch"] !== change.epoch) return false;
  return winner["from"] === self && (winner["commit"] ?? undefined) === change.commit;
}

function outboxChange({ epoch, commit, welcomes }: ProposedChange, members: readonly string[]): OutboxChange {
  return {
    epoch,
    commit: commit && base64OfBytes(commit),
    members,
    welcomes: welcomes.map(({ to, kind, body }) => ({ to: addressName(to), kind, body: base64OfBytes(body) })),
  };
}

function groupMessage({ kind, body, to }: GroupCiphertext, epoch: number) {
  return { kind, body: base64OfBytes(body), epoch, to: to.map(addressName) };
}
