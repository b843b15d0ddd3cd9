import { randomBytesPooled, sha256 } from "@coffer/crypto";
import {
  type DeviceEntry,
  type DeviceList,
  MessagingError,
  maxDeviceListCharacters,
  parseDeviceList,
  type SignedDeviceList,
} from "@coffer/messaging";
import { encodeLeaf } from "@coffer/messaging/transparency";
import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import type { KnownUser } from "../directory.ts";
import { RelayRefusal } from "../problem.ts";
import { readBody, textOf } from "../read-json.ts";
import { eraseDevice } from "./erase-device.ts";
import { devicePlace } from "./tokens.ts";

const incarnationBytes = 16;

/**
 * `PUT /v1/users/{userId}/device-list`: the first list makes the account; each further one is the next version, by the same
 * account key. It is logged in the same write. Devices that are gone, or that were set up anew, lose what the relay had of
 * them.
 */
export async function putDeviceList(context: RelayContext, input: OperationInput): Promise<OperationAnswer> {
  const { database, directory, log } = context;
  const [userId = ""] = input.path;
  const request = readBody(input.body);
  const signed: SignedDeviceList = {
    text: textOf(request["text"], "text", maxDeviceListCharacters),
    signature: textOf(request["signature"], "signature", 88),
  };
  const list = readList(userId, signed);
  const erased: Buffer[] = [];
  try {
    const version = await database.write(() => {
      const known = directory.find(userId);
      // Also where there is an account, of another key: it may be reset, and strangers are not told whether it is there.
      if (known?.list.accountKey !== list.accountKey) checkRegistration(context, input);
      checkNext(known, list);
      if (known?.list.version === list.version) return list.version;
      const leaf = log.append(encodeLeaf(list, signed), directory.userKey(userId));
      // Those of an account that was reset are erased already.
      const before = known === undefined || known.isReset ? [] : known.list.devices;
      erased.push(...changeDevices(context, before, list));
      directory.store({ list, signed, leaf });
      return list.version;
    });
    for (const device of erased) context.mailboxes.notify([device]);
    return ok({ version });
  } catch (cause) {
    directory.forget(userId);
    throw cause;
  }
}

function readList(userId: string, signed: SignedDeviceList): DeviceList {
  let list: DeviceList;
  try {
    list = parseDeviceList(signed);
  } catch (cause) {
    if (!(cause instanceof MessagingError)) throw cause;
    throw new RelayRefusal("DeviceListRefused", cause.message);
  }
  if (list.userId !== userId) throw new RelayRefusal("DeviceListRefused", "The device list is another user's.");
  return list;
}

function checkRegistration({ registrationToken }: RelayContext, { header }: OperationInput): void {
  if (registrationToken === undefined) return;
  const given = header("x-registration-token") ?? "";
  // Digests of what may have any length are compared.
  if (!sha256(given).equals(sha256(registrationToken))) {
    throw new RelayRefusal("NotAllowed", "New accounts need the operator's token in X-Registration-Token.");
  }
}

/** The same list again changes nothing, so that a caller who got no answer may repeat itself. */
function checkNext(known: KnownUser | undefined, list: DeviceList): void {
  const version = known?.list.version ?? 0;
  if (known !== undefined && !known.isReset && known.list.accountKey !== list.accountKey) {
    throw new RelayRefusal(
      "AccountKeyChanged",
      "The account has another key. Its operator can reset it: coffer relay reset-account.",
    );
  }
  if (list.version === version && JSON.stringify(known?.list) === JSON.stringify(list)) return;
  if (list.version === version + 1) return;
  throw new RelayRefusal("VersionConflict", `The next version is ${version + 1}.`, { version });
}

/** Whether a device is the one that it was, with what the relay has of it. */
function isSameDevice(a: DeviceEntry, b: DeviceEntry): boolean {
  return (
    a.deviceId === b.deviceId &&
    a.protocol === b.protocol &&
    a.identityKey === b.identityKey &&
    a.signingKey === b.signingKey &&
    a.registrationId === b.registrationId
  );
}

/** @returns the rows' keys of devices that were erased */
function changeDevices(context: RelayContext, before: readonly DeviceEntry[], list: DeviceList): Buffer[] {
  const { database, directory, cipher } = context;
  const { userId, devices } = list;
  const gone = before.filter((old) => !devices.some((entry) => isSameDevice(old, entry)));
  const erased = gone.map(({ deviceId }) => directory.deviceKey(userId, deviceId));
  for (const device of erased) eraseDevice(context, device);
  for (const entry of devices) {
    if (before.some((old) => isSameDevice(old, entry))) continue;
    const { deviceId, protocol, registrationId } = entry;
    const device = directory.deviceKey(userId, deviceId);
    const facts = { userId, deviceId, protocol, registrationId };
    database.run(
      "insert into devices (device, user, next_seq, vault_version, mailbox_messages, mailbox_bytes, blob_bytes, incarnation, sealed) values (?, ?, 1, 0, 0, 0, 0, ?, ?)",
      device,
      directory.userKey(userId),
      randomBytesPooled(incarnationBytes),
      cipher.seal(devicePlace(device), Buffer.from(JSON.stringify(facts))),
    );
  }
  return erased;
}

/** `GET /v1/users/{userId}/device-list`: the newest list, with the proof that the log has it. */
export async function getDeviceList(context: RelayContext, { path, caller }: OperationInput): Promise<OperationAnswer> {
  const { directory, log, registrationToken } = context;
  const [userId = ""] = path;
  if (caller === undefined && registrationToken !== undefined) {
    throw new RelayRefusal("Unauthenticated", "This relay tells its users alone who is there.");
  }
  let head = await log.head();
  let known = directory.find(userId);
  // The list of this moment and a head that covers it: clients refuse a list when the head covers a newer one.
  while (known !== undefined && known.leaf >= head.size) {
    head = await log.head();
    known = directory.find(userId);
  }
  if (known === undefined) throw new RelayRefusal("NotFound", "There is no such user here.");
  const inclusion = log.tree.inclusionProof(known.leaf, head.size).map((hash) => Buffer.from(hash).toString("base64"));
  return ok({ ...known.signed, leafIndex: known.leaf, inclusion, head });
}
