import {
  addressName,
  type Ciphertext,
  type DeviceAddress,
  type GroupCiphertext,
  type GroupDevice,
  type KeyBundle,
  type MembershipChange,
  MessagingError,
  type ProposedChange,
  parseAddress,
  type Received,
  type ReceivedCiphertext,
  type StateTransaction,
} from "@coffer/messaging";
import {
  CollectStrategy,
  DecryptionSettings,
  EncryptionSettings,
  RequestType,
  RoomId,
  TrustRequirement,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { type CryptoMachine, type OlmMessage, readOlmMessage, unknownRecipient } from "./crypto-machine.ts";
import { checkMembers, type GroupRecord, parseMembership, readGroup, removeGroup, writeGroup } from "./group-record.ts";
import { forgetHeard, noteHeard } from "./heard-sessions.ts";
import { decodeBase64, type IdentityKeys, identityKeyOf, isRecord, isSameIdentity } from "./identity-keys.ts";
import { findPeer } from "./known-peers.ts";
import { matrixDevice, matrixRoomOf, matrixUserOf } from "./matrix-ids.ts";
import { encodeMegolmMessage, parseMegolmMessage } from "./megolm-message.ts";
import { control, megolmKind, olmKind, undecryptable } from "./outcomes.ts";
import { forgetSeen, maxSessionMessages, noteSeen } from "./seen-messages.ts";

/** What a change of members is called inside of its encryption. */
export const membershipEvent = "coffer.group.members";
const messageEvent = "coffer.group.message";
/** A session encrypts so many messages, Matrix's own recommendation; then its sender makes another. */
const messagesOfSession = 100n;

type BeginSession = (state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle) => Promise<void>;

/**
 * Groups by Megolm: each sender has a session of its own, whose key goes to each member by Olm. There are no commits: who
 * changes the members tells each of them by Olm, and the relay lets one change happen after the other.
 */
export class MegolmGroups implements GroupDevice {
  readonly #self: DeviceAddress;
  readonly #machine: CryptoMachine;
  readonly #begin: BeginSession;

  constructor(self: DeviceAddress, machine: CryptoMachine, begin: BeginSession) {
    this.#self = self;
    this.#machine = machine;
    this.#begin = begin;
  }

  async create(state: StateTransaction, groupId: string): Promise<void> {
    if ((await readGroup(state, groupId)) !== undefined) {
      throw new MessagingError("InvalidInput", `This device is in a group "${groupId}" already.`);
    }
    writeGroup(state, groupId, { epoch: 0, members: [addressName(this.#self)] });
  }

  async members(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[] | undefined> {
    return (await readGroup(state, groupId))?.members.map(parseAddress);
  }

  async epoch(state: StateTransaction, groupId: string): Promise<number> {
    return (await this.#own(state, groupId)).epoch;
  }

  async propose(state: StateTransaction, groupId: string, { add, remove }: MembershipChange): Promise<ProposedChange> {
    const { epoch, members } = await this.#own(state, groupId);
    const self = addressName(this.#self);
    const gone = new Set(remove.map(addressName));
    if (gone.has(self)) throw new MessagingError("InvalidInput", "A device does not remove itself: it leaves.");
    const changed = [
      ...new Set([...members.filter((name) => !gone.has(name)), ...add.map(({ address }) => addressName(address))]),
    ];
    checkMembers(changed);
    return this.#machine.run(state, async () => {
      for (const { address, bundle } of add) {
        // A session that there is goes on: a new one for each group would cost a key of the directory's.
        if ((await findPeer(state, address)) !== bundle.identityKey) await this.#begin(state, address, bundle);
      }
      const content = { groupId, epoch: epoch + 1, members: changed };
      const welcomes: Ciphertext[] = [];
      for (const name of changed) {
        if (name === self) continue;
        const to = parseAddress(name);
        if ((await findPeer(state, to)) === undefined) throw unknownRecipient();
        welcomes.push(ciphertextFor(to, await this.#machine.encrypt(await matrixUserOf(to), membershipEvent, content)));
      }
      writeGroup(state, groupId, { epoch, members, pending: changed });
      return { epoch, commit: undefined, welcomes };
    });
  }

  async settle(state: StateTransaction, groupId: string, accepted: boolean): Promise<void> {
    const { epoch, members, pending } = await this.#own(state, groupId);
    if (pending === undefined) return;
    if (!accepted) return writeGroup(state, groupId, { epoch, members });
    writeGroup(state, groupId, { epoch: epoch + 1, members: pending });
  }

  async applyCommit(): Promise<boolean> {
    return false;
  }

  async encrypt(
    state: StateTransaction,
    groupId: string,
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<GroupCiphertext> {
    const { members } = await this.#own(state, groupId);
    const to = members.filter((name) => name !== addressName(this.#self)).map(parseAddress);
    const byUser = new Map<string, DeviceAddress>();
    for (const member of to) {
      if ((await findPeer(state, member)) === undefined) throw unknownRecipient();
      byUser.set(await matrixUserOf(member), member);
    }
    const room = await matrixRoomOf(groupId);
    return this.#machine.run(state, async () => {
      const before = await this.#shareKey(room, byUser);
      const content = JSON.stringify({ messageId, body: plaintext.toBase64() });
      const encrypted = await this.#machine.machine.encryptRoomEvent(new RoomId(room), messageEvent, content);
      const { session_id: sessionId, ciphertext } = JSON.parse(encrypted) as Record<string, unknown>;
      return { kind: megolmKind, body: encodeMegolmMessage(sessionId, ciphertext), to, before };
    });
  }

  async leave(state: StateTransaction, groupId: string): Promise<void> {
    removeGroup(state, groupId);
    await forgetSeen(state, groupId);
    forgetHeard(state, groupId);
    await this.#machine.forgetRoom(state, await matrixRoomOf(groupId));
  }

  /** Opens a group's message, within a step of the machine. */
  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    { kind, body, groupId, messageId }: ReceivedCiphertext,
    identity: IdentityKeys,
  ): Promise<Received> {
    const message = kind === megolmKind ? parseMegolmMessage(body) : undefined;
    if (message === undefined || groupId === undefined || message.index >= maxSessionMessages) return undecryptable;
    // Who was removed still has a session, whose messages must not open any more.
    const group = await readGroup(state, groupId);
    if (group?.members.includes(addressName(from)) !== true) return undecryptable;
    const opened = await this.#open(await matrixRoomOf(groupId), await matrixUserOf(from), message, messageId);
    if (opened === undefined || !isSameIdentity(opened.sender, identity)) return undecryptable;
    const plaintext = decodeBase64(opened.content.body);
    if (plaintext === undefined) return undecryptable;
    if (!(await noteSeen(state, groupId, message.sessionId, message.index))) return { kind: "duplicate" };
    return { kind: "message", plaintext, groupId, identityKey: identityKeyOf(identity) };
  }

  /** Takes a change of members that a member, or who invites this device, sent by Olm. Within a step of the machine. */
  async receiveMembership(
    state: StateTransaction,
    from: DeviceAddress,
    groupId: string | undefined,
    content: Readonly<Record<string, unknown>>,
  ): Promise<Received> {
    const change = parseMembership(content);
    if (change === undefined || (groupId !== undefined && groupId !== change.groupId)) return undecryptable;
    const { epoch, members } = change;
    const group = await readGroup(state, change.groupId);
    const [self, sender] = [addressName(this.#self), addressName(from)];
    if (!members.includes(self) || !members.includes(sender)) return control;
    // What is older than what is known, or of somebody who is no member, changes nothing.
    if (group !== undefined && (epoch <= group.epoch || !group.members.includes(sender))) return control;
    writeGroup(state, change.groupId, { epoch, members, pending: group?.pending });
    return control;
  }

  /**
   * Looks at a session's key that the library took from somebody: for a group that this device is in it is kept, as one of
   * the sender's latest, and else it is erased. Within a step of the machine.
   */
  async receiveKey(
    state: StateTransaction,
    groupId: string | undefined,
    sender: IdentityKeys,
    content: Readonly<Record<string, unknown>>,
  ): Promise<Received> {
    const { room_id: room, session_id: sessionId } = content;
    if (typeof room !== "string" || typeof sessionId !== "string") return control;
    // A key of somebody else's session, that a member hands on, is nothing that the library takes.
    if ((await this.#machine.findSessionSender(room, sessionId)) !== sender.curve25519) return control;
    const isIn = groupId !== undefined && (await readGroup(state, groupId)) !== undefined;
    if (isIn && room === (await matrixRoomOf(groupId))) {
      await noteHeard(state, this.#machine, [groupId, room], sender.curve25519, sessionId);
    } else await this.#machine.removeSessions(room, [sessionId]);
    return control;
  }

  /**
   * Shares the key of this device's session with members that have it not. The library takes another session when the one
   * there is was used up, or when somebody has its key who is no member any more.
   */
  async #shareKey(room: string, members: ReadonlyMap<string, DeviceAddress>): Promise<Ciphertext[]> {
    const { machine } = this.#machine;
    const settings = new EncryptionSettings();
    settings.rotationPeriodMessages = messagesOfSession;
    settings.sharingStrategy = CollectStrategy.allDevices();
    const users = [...members.keys()].map((user) => new UserId(user));
    const shares: Ciphertext[] = [];
    for (const request of await machine.shareRoomKey(new RoomId(room), users, settings)) {
      const { messages } = JSON.parse(request.body) as { messages: Record<string, Record<string, unknown>> };
      for (const [user, devices] of Object.entries(messages)) {
        const to = members.get(user);
        // Anything else would be a key for who is no member, or a note that there is none for a member.
        if (to === undefined || request.event_type !== "m.room.encrypted") throw unknownRecipient();
        shares.push(ciphertextFor(to, readOlmMessage(devices[matrixDevice] as Parameters<typeof readOlmMessage>[0])));
      }
      await machine.markRequestAsSent(request.id, RequestType.ToDevice, "{}");
    }
    return shares;
  }

  async #open(
    room: string,
    user: string,
    { sessionId, ciphertext }: { readonly sessionId: string; readonly ciphertext: Uint8Array },
    messageId: string,
  ): Promise<{ readonly content: Readonly<Record<string, unknown>>; readonly sender: IdentityKeys } | undefined> {
    const event = {
      type: "m.room.encrypted",
      event_id: `$${messageId}`,
      sender: user,
      origin_server_ts: 0,
      content: {
        algorithm: "m.megolm.v1.aes-sha2",
        session_id: sessionId,
        ciphertext: ciphertext.toBase64({ omitPadding: true }),
      },
    };
    try {
      const opened = await this.#machine.machine.decryptRoomEvent(
        JSON.stringify(event),
        new RoomId(room),
        new DecryptionSettings(TrustRequirement.Untrusted),
      );
      const { type, content } = JSON.parse(opened.event) as Record<string, unknown>;
      const ed25519 = opened.senderClaimedEd25519Key;
      if (type !== messageEvent || !isRecord(content) || content.messageId !== messageId) return undefined;
      return ed25519 === undefined
        ? undefined
        : { content, sender: { ed25519, curve25519: opened.senderCurve25519Key } };
    } catch {
      return undefined;
    }
  }

  async #own(state: StateTransaction, groupId: string): Promise<GroupRecord> {
    const group = await readGroup(state, groupId);
    if (group === undefined) throw new MessagingError("InvalidInput", `This device is in no group "${groupId}".`);
    return group;
  }
}

function ciphertextFor(to: DeviceAddress, { type, body }: OlmMessage): Ciphertext {
  return { to, kind: olmKind(type), body };
}
