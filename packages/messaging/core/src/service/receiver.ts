import { addressName, type DeviceAddress } from "../addresses.ts";
import type { Received } from "../e2e-protocol.ts";
import { MessagingError } from "../errors.ts";
import type { StateTransaction } from "../vault/vault.ts";
import type { DeviceContext } from "./device-context.ts";
import type { Directory } from "./directory.ts";
import type { Refusal, ServiceEvent } from "./events.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import { decodePayload, type MessagePayload, type Payload, type SeenHead } from "./payload.ts";
import { peers, trustedList } from "./peers.ts";
import { boundedRecords, nextNumber, recordKind, sortableName } from "./records.ts";
import { type Sender, sentMessages } from "./sender.ts";

/** A ciphertext as it came. All of it is untrusted. */
export interface Incoming {
  readonly from: DeviceAddress;
  readonly messageId: string;
  readonly protocol: string;
  readonly kind: string;
  readonly groupId?: string | undefined;
  readonly body: Uint8Array;
}

/** What became of it. */
export interface Reception {
  /** `held`: the sender's account key is another one; it is opened once that is accepted. */
  readonly kind: "message" | "control" | "duplicate" | "undecryptable" | "refused" | "held";
  /** The number of a message in the inbox. */
  readonly inboxNumber?: number | undefined;
}

/** What opened, and what follows of it once the transaction is kept. */
interface Outcome extends Reception {
  readonly events?: readonly ServiceEvent[];
  readonly outboxNumbers?: readonly number[];
  readonly head?: { readonly seen: SeenHead; readonly from: DeviceAddress };
  /** A user whose list is to be looked at. */
  readonly refresh?: string;
  readonly left?: { readonly groupId: string; readonly userId: string };
}

/** What the group part of the service does with what comes. */
export interface GroupReceiver {
  /** Settles a change of this device's own that is under way, so that the next commit finds its epoch. */
  settle(groupId: string): Promise<void>;
  /** Takes a commit. @returns false when it is not the next, or not valid */
  takeCommit(state: StateTransaction, groupId: string, from: DeviceAddress, commit: Uint8Array): Promise<boolean>;
  isMember(state: StateTransaction, groupId: string, member: DeviceAddress): Promise<boolean>;
  /** A member's user wants to leave. */
  left(groupId: string, userId: string): void;
}

/** Messages that did not open, of which the sender was told. */
const asked = boundedRecords<true>("asked", 1_000);
/** Messages that were sent again, by who asked. */
const answered = boundedRecords<true>("answered", 1_000);
/** How many in a row did not open, by device. */
const failures = recordKind<{ readonly inRow: number; readonly resetAtMs: number }>("failures");
/** After that many in a row a session is begun anew, and not more often than that. */
const failuresBeforeReset = 2;
const resetIntervalMs = 60 * 60_000;
/** What waits until a new account key is accepted, by number. */
const held = recordKind<HeldMessage>("held");
const maxHeld = 500;

type HeldMessage = Omit<Incoming, "body"> & { readonly body: string };

/** Opens what comes: decrypts, checks what it is bound to, and keeps it, all in one transaction. */
export class Receiver {
  readonly #context: DeviceContext;
  readonly #directory: Directory;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  groups: GroupReceiver | undefined;
  /** Compares what a peer saw of the transparency log with what was seen here. */
  onHead: ((head: SeenHead, from: DeviceAddress) => Promise<void>) | undefined;

  constructor(context: DeviceContext, directory: Directory, inbox: Inbox, outbox: Outbox, sender: Sender) {
    this.#context = context;
    this.#directory = directory;
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#sender = sender;
  }

  /**
   * Takes one ciphertext. Once the promise is fulfilled everything that it changed is kept, and the carrier may forget
   * it; when it is rejected nothing is.
   *
   * @throws MessagingError KeyUnavailable, VaultUnreadable, RelayUnavailable: try again
   */
  async receive(incoming: Incoming): Promise<Reception> {
    if (incoming.protocol !== this.#context.protocol) return this.#finish(refusal(incoming, "unknownDevice"));
    if (isCommit(incoming)) await this.groups?.settle(incoming.groupId);
    const identityKey = await this.#identityOf(incoming.from);
    if (identityKey === "changed") return this.#hold(incoming);
    let outcome = identityKey === undefined ? undefined : await this.#open(incoming, identityKey);
    for (const refresh of [false, true]) {
      if (outcome?.kind !== "undecryptable" || !(await this.#learnMembers(incoming, refresh))) continue;
      outcome = await this.#open(incoming, identityKey!);
    }
    if (outcome === undefined || outcome.kind === "undecryptable") {
      // The sender may have devices that were not known yet.
      const refreshed = await this.#identityOf(incoming.from, true);
      if (refreshed === "changed") return this.#hold(incoming);
      if (refreshed === undefined) return this.#finish(refusal(incoming, "unknownDevice"));
      if (refreshed !== identityKey) outcome = await this.#open(incoming, refreshed);
    }
    if (outcome === undefined || outcome.kind === "undecryptable") outcome = await this.#askAgain(incoming);
    return this.#finish(outcome);
  }

  /** Opens what was held because a user's account key had changed. */
  async receiveHeld(userId: string): Promise<void> {
    const names = await this.#context.transact((state) => held.names(state));
    for (const name of names) {
      const message = await this.#context.transact((state) => held.get(state, name));
      if (message?.from.userId !== userId) continue;
      await this.receive({ ...message, body: Uint8Array.fromBase64(message.body) });
      await this.#context.transact(async (state) => held.delete(state, name));
    }
  }

  /** The identity key that the sender's account vouches for. */
  async #identityOf({ userId, deviceId }: DeviceAddress, refresh = false): Promise<string | "changed" | undefined> {
    try {
      const list = await (refresh ? this.#directory.refresh(userId) : this.#directory.list(userId));
      const entry = list.devices.find((device) => device.deviceId === deviceId);
      return entry?.protocol === this.#context.protocol ? entry.identityKey : undefined;
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      if (cause.code === "IdentityChanged") return "changed";
      if (cause.code === "UnknownRecipient") return undefined;
      throw cause;
    }
  }

  /** Tells the protocol what the lists of those say whom a commit or a welcome brings. @returns whether there are any */
  async #learnMembers(incoming: Incoming, refresh: boolean): Promise<boolean> {
    const { device } = this.#context;
    const { from, groupId } = incoming;
    if (groupId === undefined || device.groups?.strangers === undefined) return false;
    const strangers = await this.#context.transact((state) =>
      device.groups!.strangers!(state, groupId, from, incoming),
    );
    let learned = false;
    for (const stranger of strangers) {
      const identityKey = await this.#identityOf(stranger, refresh);
      if (identityKey === undefined || identityKey === "changed") continue;
      await this.#context.transact(async (state) => device.trust?.(state, stranger, identityKey));
      learned = true;
    }
    return learned;
  }

  #open(incoming: Incoming, identityKey: string): Promise<Outcome> {
    return this.#context.transact(async (state) => {
      const { from, kind, body, messageId, groupId } = incoming;
      if (await this.#inbox.hasSeen(state, incoming)) return { kind: "duplicate" };
      if (isCommit(incoming)) return this.#takeCommit(state, incoming, incoming.groupId);
      const message = { kind, body, messageId, groupId };
      const received = await this.#context.device.receive(state, from, message, identityKey);
      return this.#openedAs(state, incoming, received);
    });
  }

  async #openedAs(state: StateTransaction, incoming: Incoming, received: Received): Promise<Outcome> {
    if (received.kind === "undecryptable" || received.kind === "duplicate") return { kind: received.kind };
    await this.#clearFailures(state, incoming.from);
    if (received.kind === "message") return this.#openedMessage(state, incoming, received);
    await this.#inbox.remember(state, incoming);
    const outboxNumbers = await this.#outbox.addCiphertexts(state, received.replies, ({ to }) =>
      this.#registrationIdOf(state, to),
    );
    const events: ServiceEvent[] =
      incoming.groupId === undefined ? [] : [{ kind: "groupChanged", groupId: incoming.groupId }];
    return { kind: "control", outboxNumbers, events };
  }

  async #openedMessage(
    state: StateTransaction,
    incoming: Incoming,
    received: Received & { readonly kind: "message" },
  ): Promise<Outcome> {
    const { from, messageId } = incoming;
    const payload = decodePayload(received.plaintext);
    received.plaintext.fill(0);
    if (payload === undefined) return refusal(incoming, "unknownPayload");
    // A carrier can give a ciphertext another id or put it elsewhere: what is inside counts.
    if (payload.messageId !== messageId) return refusal(incoming, "anotherMessageId");
    if (received.groupId !== incoming.groupId) return refusal(incoming, "anotherConversation");
    if (!this.#isFor(payload, from, received.groupId)) return refusal(incoming, "anotherConversation");
    await this.#inbox.remember(state, incoming);
    return {
      ...(await this.#take(state, from, payload, received.groupId)),
      ...(payload.head && { head: { seen: payload.head, from } }),
    };
  }

  #isFor({ to }: Payload, from: DeviceAddress, groupId: string | undefined): boolean {
    if (groupId !== undefined) return to === groupId;
    // This user's other devices say what they sent to others.
    return to === this.#context.self.userId || from.userId === this.#context.self.userId;
  }

  async #take(
    state: StateTransaction,
    from: DeviceAddress,
    payload: Payload,
    groupId: string | undefined,
  ): Promise<Outcome> {
    if (payload.type === "message") return this.#show(state, from, payload, groupId);
    if (payload.type === "resendRequest") return this.#answer(state, from, payload.lost);
    if (payload.type === "resend") return this.#takeResent(state, from, payload.original);
    if (payload.type === "devices") return { kind: "control", refresh: from.userId };
    return groupId === undefined ? { kind: "control" } : { kind: "control", left: { groupId, userId: from.userId } };
  }

  async #show(
    state: StateTransaction,
    from: DeviceAddress,
    payload: MessagePayload,
    groupId: string | undefined,
  ): Promise<Outcome> {
    return { kind: "message", inboxNumber: await this.#inbox.add(state, from, payload, groupId) };
  }

  /** A message that was sent again carries the first one whole: it is bound as that was. */
  async #takeResent(state: StateTransaction, from: DeviceAddress, original: MessagePayload): Promise<Outcome> {
    const isDirect = this.#isFor(original, from, undefined);
    const groupId = isDirect ? undefined : original.to;
    const incoming = { from, messageId: original.messageId, groupId };
    if (await this.#inbox.hasSeen(state, incoming)) return { kind: "duplicate" };
    if (groupId !== undefined && !(await this.groups?.isMember(state, groupId, from))) {
      return refusal(incoming, "anotherConversation");
    }
    await this.#inbox.remember(state, incoming);
    return this.#show(state, from, original, groupId);
  }

  /** Sends a message again to a device that could not open it, once, when it was for that device's user. */
  async #answer(state: StateTransaction, from: DeviceAddress, lost: string): Promise<Outcome> {
    const sent = await sentMessages.get(state, lost);
    const name = `${addressName(from)}/${lost}`;
    if (sent === undefined || (await answered.get(state, name))) return { kind: "control" };
    const isOwn = from.userId === this.#context.self.userId;
    const mayRead = sent.isGroup ? await this.groups?.isMember(state, sent.to, from) : isOwn || sent.to === from.userId;
    const original = decodePayload(Uint8Array.fromBase64(sent.payload));
    if (!mayRead || original?.type !== "message") return { kind: "control" };
    await answered.add(state, name, true);
    const payload = { type: "resend", ...this.#common(from.userId), original } as const;
    return {
      kind: "control",
      outboxNumbers: [await this.#sender.queueForDevice(state, from.userId, from.deviceId, payload)],
    };
  }

  /** Something did not open: says so, and asks its sender once to send it again. */
  #askAgain(incoming: Incoming): Promise<Outcome> {
    return this.#context.transact(async (state) => {
      const { from, messageId } = incoming;
      const outcome = { kind: "undecryptable", events: [{ kind: "undecryptable", from, messageId }] } as const;
      const name = `${addressName(from)}/${messageId}`;
      if (isCommit(incoming) || (await asked.get(state, name))) return outcome;
      await asked.add(state, name, true);
      await this.#countFailure(state, from);
      const payload = { type: "resendRequest", ...this.#common(from.userId), lost: messageId } as const;
      return {
        ...outcome,
        outboxNumbers: [await this.#sender.queueForDevice(state, from.userId, from.deviceId, payload)],
      };
    });
  }

  /** When nothing opens any more the session is of no use: the request to send again begins another. */
  async #countFailure(state: StateTransaction, from: DeviceAddress): Promise<void> {
    const before = await failures.get(state, addressName(from));
    const inRow = (before?.inRow ?? 0) + 1;
    const resetAtMs = before?.resetAtMs ?? 0;
    const now = this.#context.nowMs();
    const isReset = inRow >= failuresBeforeReset && now - resetAtMs >= resetIntervalMs;
    if (isReset) await this.#context.device.forget(state, from);
    failures.put(state, isReset ? { inRow: 0, resetAtMs: now } : { inRow, resetAtMs }, addressName(from));
  }

  async #clearFailures(state: StateTransaction, from: DeviceAddress): Promise<void> {
    const before = await failures.get(state, addressName(from));
    if (before !== undefined && before.inRow > 0) failures.put(state, { ...before, inRow: 0 }, addressName(from));
  }

  async #takeCommit(state: StateTransaction, incoming: Incoming, groupId: string): Promise<Outcome> {
    const isTaken = await this.groups?.takeCommit(state, groupId, incoming.from, incoming.body);
    if (!isTaken) return { kind: "undecryptable" };
    await this.#inbox.remember(state, incoming);
    return { kind: "control", events: [{ kind: "groupChanged", groupId }] };
  }

  #hold(incoming: Incoming): Promise<Reception> {
    return this.#context.transact(async (state) => {
      if ((await held.names(state)).length >= maxHeld) {
        throw new MessagingError(
          "IdentityChanged",
          `The account key of ${incoming.from.userId} is another one than before, and ${maxHeld} messages wait: call acceptNewIdentity.`,
        );
      }
      const name = sortableName(await nextNumber(state, "held"));
      held.put(state, { ...incoming, body: incoming.body.toBase64() }, name);
      return { kind: "held" };
    });
  }

  async #registrationIdOf(state: StateTransaction, { userId, deviceId }: DeviceAddress): Promise<number | undefined> {
    const peer = await peers.get(state, userId);
    return peer && trustedList(peer).devices.find((device) => device.deviceId === deviceId)?.registrationId;
  }

  /** What fails now is looked at again when something is sent: the relay asks for the exact devices. */
  async #refresh(userId: string): Promise<void> {
    try {
      await this.#directory.refresh(userId);
    } catch (cause) {
      if (!(cause instanceof MessagingError)) throw cause;
      this.#context.emit({ kind: "trouble", error: cause });
    }
  }

  #common(to: string) {
    return { messageId: this.#context.newMessageId(), sentAtMs: this.#context.nowMs(), to };
  }

  async #finish(outcome: Outcome): Promise<Reception> {
    const { kind, inboxNumber, events, outboxNumbers, head, left, refresh } = outcome;
    this.#outbox.announce(...(outboxNumbers ?? []));
    if (inboxNumber !== undefined) this.#inbox.announce(inboxNumber);
    for (const event of events ?? []) this.#context.emit(event);
    if (refresh !== undefined) await this.#refresh(refresh);
    if (left !== undefined) this.groups?.left(left.groupId, left.userId);
    if (head !== undefined) await this.onHead?.(head.seen, head.from);
    return { kind, inboxNumber };
  }
}

function isCommit(incoming: Incoming): incoming is Incoming & { readonly groupId: string } {
  return incoming.kind === "commit" && incoming.groupId !== undefined;
}

function refusal({ from, messageId }: Pick<Incoming, "from" | "messageId">, why: Refusal): Outcome {
  return { kind: "refused", events: [{ kind: "refused", from, messageId, why }] };
}
