import { addressName, parseAddress } from "@coffer/messaging";
import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { checkCurrent } from "../current-device.ts";
import type { SharedBody } from "../mailboxes.ts";
import { RelayRefusal } from "../problem.ts";
import { arrayOf, base64Of, invalid, numberOf, queryNumber, readBody, recordOf, textOf } from "../read-json.ts";
import { advanceVaultVersion } from "../vault-version.ts";
import { commitKind, isFirst, readKind } from "./messages.ts";

const idPattern = /^[A-Za-z0-9._=+@:-]{1,128}$/;
const messageIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

interface Group {
  readonly epoch: number;
  /** `USER/DEVICE`. */
  readonly members: readonly string[];
}

interface Commit {
  readonly from: string;
  /** Base64; null where the protocol has none. */
  readonly commit: string | null;
}

/** `PUT /v1/groups/{groupId}`: makes a group whose one member is the caller. */
export async function putGroup(context: RelayContext, { path, caller }: OperationInput): Promise<OperationAnswer> {
  const { database, rates, limits } = context;
  const groupId = groupIdOf(path);
  const members = [addressName(caller!)];
  rates.take(`groups by ${caller!.device.toString("hex")}`, limits.groupsPerMinute);
  await database.write(() => {
    checkCurrent(context, caller!);
    const known = findGroup(context, groupId);
    if (known === undefined) return storeGroup(context, groupId, { epoch: 0, members });
    if (known.epoch > 0 || known.members[0] !== members[0]) {
      throw new RelayRefusal("AlreadyExists", "There is a group of this id: choose another.");
    }
  });
  return { status: 201, json: { epoch: 0 } };
}

interface Welcome {
  readonly to: string;
  readonly kind: string;
  readonly body: string;
}

/**
 * `POST /v1/groups/{groupId}/commits`: ends an epoch. Exactly one is taken for each; it is kept, and goes to the members'
 * mailboxes together with the welcomes, or not at all.
 */
export async function postCommit(
  context: RelayContext,
  { path, body, caller }: OperationInput,
): Promise<OperationAnswer> {
  const { database, limits, mailboxes, rates } = context;
  const groupId = groupIdOf(path);
  const self = addressName(caller!);
  const request = readBody(body);
  const epoch = numberOf(request["epoch"], "epoch", 0);
  const commit =
    request["commit"] === undefined ? null : base64Of(request["commit"], "commit", limits.messageCharacters);
  const members = readMembers(request["members"], limits.groupMembers);
  const welcomes = arrayOf(request["welcomes"] ?? [], "welcomes", limits.groupMembers).map((value) =>
    readWelcome(value, limits.messageCharacters),
  );
  const vaultVersion = numberOf(request["vaultVersion"], "vaultVersion", 0);
  rates.take(`messages by ${caller!.device.toString("hex")}`, limits.messagesPerMinute, 1 + welcomes.length);
  const reached = await database.write(() => {
    const group = memberOf(context, groupId, self);
    if (group.epoch !== epoch) throw epochTaken(context, groupId, epoch, group.epoch);
    if (welcomes.some(({ to }) => !members.includes(to))) throw invalid("A welcome must go to a member.");
    advanceVaultVersion(context, caller!, vaultVersion);
    const facts = {
      messageId: `commit-${epoch}`,
      from: self,
      protocol: caller!.protocol,
      groupId,
      receivedAtMs: context.nowMs(),
    };
    storeCommit(context, groupId, epoch, { from: self, commit });
    storeGroup(context, groupId, { epoch: epoch + 1, members });
    const devices: Buffer[] = [];
    const deliver = (to: string, kind: string, content: string | SharedBody) => {
      const device = keyOf(context, to);
      if (device === undefined) return;
      mailboxes.deliver({ device, address: to }, { ...facts, kind }, content);
      devices.push(device);
    };
    const others = group.members.filter((member) => {
      const device = member === self ? undefined : keyOf(context, member);
      // A member that keeps its mailbox full can be removed: it alone does not hear of it.
      const isLeft = !members.includes(member);
      return device !== undefined && !(isLeft && mailboxes.isFull(device, commit?.length ?? 0));
    });
    if (commit !== null && others.length > 0) {
      const shared = mailboxes.storeBody(commit, others.length);
      for (const member of others) deliver(member, commitKind, shared);
    }
    for (const { to, kind, body: content } of welcomes) deliver(to, kind, content);
    return devices;
  });
  mailboxes.notify(reached);
  return ok({ epoch: epoch + 1 });
}

function readMembers(value: unknown, most: number): string[] {
  const members = arrayOf(value, "members", most).map((member) => addressOf(member));
  if (new Set(members).size < members.length) throw invalid("members must name each device once.");
  return members;
}

function readWelcome(value: unknown, messageCharacters: number): Welcome {
  const { to, kind, body } = recordOf(value, "a welcome");
  return {
    to: addressOf(to),
    kind: readKind(kind),
    body: base64Of(body, "body", messageCharacters),
  };
}

function addressOf(value: unknown): string {
  const text = textOf(value, "an address", 257);
  try {
    return addressName(parseAddress(text));
  } catch {
    throw invalid("An address must be USER/DEVICE.");
  }
}

function epochTaken(context: RelayContext, groupId: string, epoch: number, current: number): RelayRefusal {
  const winner = findCommit(context, groupId, epoch);
  return new RelayRefusal("EpochTaken", `The group is in epoch ${current}: take its commits, and try again.`, {
    epoch: current,
    ...(winner === undefined ? {} : { commit: { epoch, ...winner } }),
  });
}

/** `GET /v1/groups/{groupId}/commits?from=EPOCH`, for members. */
export async function getCommits(
  context: RelayContext,
  { path, query, caller }: OperationInput,
): Promise<OperationAnswer> {
  const groupId = groupIdOf(path);
  const group = memberOf(context, groupId, addressName(caller!));
  const from = queryNumber(query, "from", 0);
  const commits: object[] = [];
  for (let epoch = from; epoch < group.epoch && commits.length < context.limits.commitsPerAnswer; epoch++) {
    const commit = findCommit(context, groupId, epoch);
    if (commit !== undefined) commits.push({ epoch, ...commit });
  }
  return ok({ epoch: group.epoch, members: group.members, commits });
}

/** `POST /v1/groups/{groupId}/messages`: one body, kept once, for all other members. */
export async function postGroupMessage(context: RelayContext, input: OperationInput): Promise<OperationAnswer> {
  const { database, limits, mailboxes, rates, cipher } = context;
  const groupId = groupIdOf(input.path);
  const caller = input.caller!;
  const self = addressName(caller);
  const request = readBody(input.body);
  const messageId = textOf(request["messageId"], "messageId", 64, messageIdPattern);
  const kind = readKind(request["kind"]);
  const body = base64Of(request["body"], "body", limits.messageCharacters);
  const vaultVersion = numberOf(request["vaultVersion"], "vaultVersion", 0);
  rates.take(`messages by ${caller.device.toString("hex")}`, limits.messagesPerMinute);
  const outcome = await database.write(() => {
    const group = memberOf(context, groupId, self);
    const others = group.members.filter((member) => member !== self && keyOf(context, member) !== undefined);
    if (!isFirst(context, caller, cipher.lookup("group", groupId), messageId)) return { duplicate: true, reached: [] };
    advanceVaultVersion(context, caller, vaultVersion);
    if (others.length === 0) return { duplicate: false, reached: [] };
    const shared = mailboxes.storeBody(body, others.length);
    const facts = { messageId, from: self, protocol: caller.protocol, kind, groupId, receivedAtMs: context.nowMs() };
    const reached = others.map((member) => {
      const device = keyOf(context, member)!;
      mailboxes.deliver({ device, address: member }, facts, shared);
      return device;
    });
    return { duplicate: false, reached };
  });
  mailboxes.notify(outcome.reached);
  return ok({ duplicate: outcome.duplicate });
}

function groupIdOf([groupId]: readonly string[]): string {
  return textOf(groupId, "the group's id", 128, idPattern);
}

/** The row of a member's device; undefined when the device is gone. */
function keyOf({ directory }: RelayContext, address: string): Buffer | undefined {
  const { userId, deviceId } = parseAddress(address);
  return directory.findDevice(userId, deviceId) === undefined ? undefined : directory.deviceKey(userId, deviceId);
}

/** @throws RelayRefusal NotFound, the same for no group and for one that the caller is not in */
function memberOf(context: RelayContext, groupId: string, self: string): Group {
  const group = findGroup(context, groupId);
  if (group === undefined || !group.members.includes(self)) {
    throw new RelayRefusal("NotFound", "There is no such group, or this device is not in it.");
  }
  return group;
}

function groupPlace(grp: Uint8Array): string {
  return `groups/${Buffer.from(grp).toString("hex")}`;
}

function findGroup({ database, cipher }: RelayContext, groupId: string): Group | undefined {
  const grp = cipher.lookup("group", groupId);
  const row = database.get<{ epoch: number; sealed: Uint8Array }>(
    "select epoch, sealed from groups where grp = ?",
    grp,
  );
  if (row === undefined) return undefined;
  const { members } = JSON.parse(cipher.open(groupPlace(grp), row.sealed).toString()) as Pick<Group, "members">;
  return { epoch: row.epoch, members };
}

function storeGroup({ database, cipher }: RelayContext, groupId: string, { epoch, members }: Group): void {
  const grp = cipher.lookup("group", groupId);
  const sealed = cipher.seal(groupPlace(grp), Buffer.from(JSON.stringify({ groupId, members })));
  database.run(
    "insert into groups (grp, epoch, sealed) values (?, ?, ?) on conflict (grp) do update set epoch = excluded.epoch, sealed = excluded.sealed",
    grp,
    epoch,
    sealed,
  );
}

function findCommit({ database, cipher }: RelayContext, groupId: string, epoch: number): Commit | undefined {
  const grp = cipher.lookup("group", groupId);
  const row = database.get<{ sealed: Uint8Array }>(
    "select sealed from commits where grp = ? and epoch = ?",
    grp,
    epoch,
  );
  return row && (JSON.parse(cipher.open(`${groupPlace(grp)}/${epoch}`, row.sealed).toString()) as Commit);
}

function storeCommit({ database, cipher }: RelayContext, groupId: string, epoch: number, commit: Commit): void {
  const grp = cipher.lookup("group", groupId);
  const sealed = cipher.seal(`${groupPlace(grp)}/${epoch}`, Buffer.from(JSON.stringify(commit)));
  database.run("insert into commits (grp, epoch, sealed) values (?, ?, ?)", grp, epoch, sealed);
}
