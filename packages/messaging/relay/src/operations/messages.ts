import { addressName, type DeviceEntry, maxDevices } from "@coffer/messaging";
import { type Caller, type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { RelayRefusal } from "../problem.ts";
import { arrayOf, base64Of, invalid, numberOf, queryNumber, readBody, recordOf, textOf } from "../read-json.ts";
import { advanceVaultVersion } from "../vault-version.ts";

const messageIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const kindPattern = /^[A-Za-z0-9.-]{1,32}$/;
/** The kind of messages that the relay itself makes of commits. */
export const commitKind = "commit";
const groupIdPattern = /^[A-Za-z0-9._=+@:-]{1,128}$/;

interface SentEnvelope {
  readonly deviceId: string;
  readonly registrationId: number;
  readonly kind: string;
  readonly body: string;
}

/**
 * `PUT /v1/users/{userId}/messages`: one ciphertext for each device of a user. Either all mailboxes get theirs or none; the same
 * message id again does nothing. `?only=devices` permits some of the devices.
 */
export async function putMessages(context: RelayContext, input: OperationInput): Promise<OperationAnswer> {
  const { database, directory, mailboxes, limits, rates, nowMs } = context;
  const [userId = ""] = input.path;
  const caller = input.caller!;
  const request = readBody(input.body);
  const messageId = textOf(request["messageId"], "messageId", 64, messageIdPattern);
  const protocol = textOf(request["protocol"], "protocol", 32);
  const groupId =
    request["groupId"] === undefined ? undefined : textOf(request["groupId"], "groupId", 128, groupIdPattern);
  const vaultVersion = numberOf(request["vaultVersion"], "vaultVersion", 0);
  const envelopes = arrayOf(request["envelopes"], "envelopes", maxDevices).map((value) =>
    readEnvelope(value, limits.messageCharacters),
  );
  if (new Set(envelopes.map(({ deviceId }) => deviceId)).size < envelopes.length)
    throw invalid("envelopes must name each device once.");
  if (protocol !== caller.protocol) throw invalid("protocol must be the calling device's own.");
  rates.take(`messages by ${caller.device.toString("hex")}`, limits.messagesPerMinute, Math.max(1, envelopes.length));
  const onlySome = input.query.get("only") === "devices";
  const outcome = await database.write(() => {
    const devices = receivers(context, userId, caller);
    if (devices === undefined) throw new RelayRefusal("NotFound", "There is no such user here.");
    if (!isFirst(context, caller, directory.userKey(userId), messageId)) return { duplicate: true, reached: [] };
    checkDevices(devices, envelopes, onlySome);
    advanceVaultVersion(context, caller, vaultVersion);
    const receivedAtMs = nowMs();
    const reached = envelopes.map(({ deviceId, kind, body }) => {
      const device = directory.deviceKey(userId, deviceId);
      mailboxes.deliver(
        { device, address: addressName({ userId, deviceId }) },
        { messageId, from: addressName(caller), protocol, kind, groupId, receivedAtMs },
        body,
      );
      return device;
    });
    return { duplicate: false, reached };
  });
  mailboxes.notify(outcome.reached);
  return ok({ duplicate: outcome.duplicate });
}

function readEnvelope(value: unknown, messageCharacters: number): SentEnvelope {
  const { deviceId, registrationId, kind, body } = recordOf(value, "an envelope");
  return {
    deviceId: textOf(deviceId, "deviceId", 128),
    registrationId: numberOf(registrationId, "registrationId", 1),
    kind: readKind(kind),
    body: base64Of(body, "body", messageCharacters),
  };
}

/** What a message says that it is. Commits come by the order of epochs alone: no member hands others one of its own. */
export function readKind(value: unknown): string {
  const kind = textOf(value, "kind", 32, kindPattern);
  if (kind === commitKind) throw invalid("A commit is sent to its group: POST /v1/groups/{groupId}/commits.");
  return kind;
}

/** A user's devices of the caller's protocol, without the caller. */
function receivers({ directory }: RelayContext, userId: string, caller: Caller): DeviceEntry[] | undefined {
  return directory
    .find(userId)
    ?.list.devices.filter(
      ({ deviceId, protocol }) =>
        protocol === caller.protocol && !(userId === caller.userId && deviceId === caller.deviceId),
    );
}

/** Remembers a message's id; only within a write. @returns false when it was remembered before */
export function isFirst(
  { database, cipher, nowMs }: RelayContext,
  caller: Caller,
  recipient: Buffer,
  messageId: string,
): boolean {
  const changes = database.run(
    "insert into sent (sender, recipient, message, sent_ms) values (?, ?, ?, ?) on conflict do nothing",
    caller.device,
    recipient,
    cipher.lookup("message", messageId),
    nowMs(),
  );
  return changes > 0;
}

/** @throws RelayRefusal DeviceSetMismatch, StaleDevices, as Signal's server answers 409 and 410 */
function checkDevices(devices: readonly DeviceEntry[], envelopes: readonly SentEnvelope[], onlySome: boolean): void {
  const known = new Map(devices.map((device) => [device.deviceId, device.registrationId]));
  const given = new Set(envelopes.map(({ deviceId }) => deviceId));
  const missingDevices = onlySome ? [] : [...known.keys()].filter((deviceId) => !given.has(deviceId));
  const extraDevices = [...given].filter((deviceId) => !known.has(deviceId));
  if (missingDevices.length > 0 || extraDevices.length > 0) {
    throw new RelayRefusal(
      "DeviceSetMismatch",
      "The user has other devices: fetch the device list and encrypt again.",
      {
        missingDevices,
        extraDevices,
      },
    );
  }
  const staleDevices = envelopes
    .filter(({ deviceId, registrationId }) => known.get(deviceId) !== registrationId)
    .map(({ deviceId }) => deviceId);
  if (staleDevices.length > 0) {
    throw new RelayRefusal("StaleDevices", "A device was set up anew: begin a new session with it.", { staleDevices });
  }
}

/** `GET /v1/messages`: the oldest that were not acknowledged. */
export async function getMessages(
  { mailboxes, limits }: RelayContext,
  { query, caller }: OperationInput,
): Promise<OperationAnswer> {
  const limit = queryNumber(query, "limit", limits.messagesPerAnswer);
  const count = Math.min(Math.max(1, limit), limits.messagesPerAnswer);
  const messages = mailboxes.read(caller!.device, 0, count + 1);
  return ok({ messages: messages.slice(0, count), more: messages.length > count });
}

/** `DELETE /v1/messages?upTo=SEQ&vaultVersion=N`: the device has kept them. */
export async function acknowledgeMessages(
  context: RelayContext,
  { query, caller }: OperationInput,
): Promise<OperationAnswer> {
  const upTo = queryNumber(query, "upTo", undefined);
  const vaultVersion = queryNumber(query, "vaultVersion", undefined);
  await acknowledge(context, caller!, upTo, vaultVersion);
  return { status: 204, json: undefined };
}

/** Acknowledges over REST or a socket. */
export function acknowledge(context: RelayContext, caller: Caller, upTo: number, vaultVersion: number): Promise<void> {
  return context.database.write(() => {
    advanceVaultVersion(context, caller, vaultVersion);
    context.mailboxes.acknowledge(caller.device, upTo);
  });
}
