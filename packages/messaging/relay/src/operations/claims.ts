import { type DeviceEntry, type KeyBundle, maxDevices, type PublicPreKey } from "@coffer/messaging";
import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { RelayRefusal } from "../problem.ts";
import { arrayOf, readBody, textOf } from "../read-json.ts";
import { countKeys, detailsPlace, readSets, takeOneTimeKey } from "./keys.ts";

/** Below which a device is told that a set runs low. */
const lowCount = 10;

/**
 * `POST /v1/users/{userId}/claims`: for each of a user's devices one key of each set. A one-time key goes out once; when none
 * is left, the last-resort key does, if there is one.
 */
export async function claimKeys(
  context: RelayContext,
  { path, body, caller }: OperationInput,
): Promise<OperationAnswer> {
  const { database, directory, limits, rates } = context;
  const [userId = ""] = path;
  const request = readBody(body);
  const protocol = textOf(request["protocol"], "protocol", 32);
  const only = request["deviceIds"];
  const wanted =
    only === undefined
      ? undefined
      : new Set(arrayOf(only, "deviceIds", maxDevices).map((id) => textOf(id, "a device's id", 128)));
  rates.take(`claims by ${caller!.device.toString("hex")}`, limits.claimsPerMinute);
  const known = directory.find(userId);
  if (known === undefined) throw new RelayRefusal("NotFound", "There is no such user here.");
  rates.take(`claims of ${userId}`, limits.claimsOfUserPerMinute);
  const entries = known.list.devices.filter(
    (entry) => entry.protocol === protocol && wanted?.has(entry.deviceId) !== false,
  );
  const claimed = await database.write(() =>
    entries.flatMap((entry) => {
      const device = directory.deviceKey(userId, entry.deviceId);
      const bundle = takeBundle(context, device, entry);
      return bundle === undefined ? [] : [{ device, entry, bundle }];
    }),
  );
  for (const { device } of claimed) {
    if (Object.values(countKeys(context, device)).some((count) => count < lowCount))
      context.mailboxes.notify([device], "keys");
  }
  return ok({
    devices: claimed.map(({ entry: { deviceId, registrationId }, bundle }) => ({ deviceId, registrationId, bundle })),
  });
}

/** @returns undefined when the device has not published its keys yet */
function takeBundle(context: RelayContext, device: Buffer, entry: DeviceEntry): KeyBundle | undefined {
  const { database, cipher } = context;
  const row = database.get<{ details: Uint8Array | null }>("select details from devices where device = ?", device);
  const stored = readSets(context, device);
  const details = row?.details ?? null;
  if (stored.length === 0 && details === null) return undefined;
  const sets: Record<string, PublicPreKey & { lastResort: boolean }> = {};
  for (const { name, nameKey, lastResort } of stored) {
    const key = takeOneTimeKey(context, { device }, nameKey);
    if (key !== undefined) sets[name] = { ...key, lastResort: false };
    else if (lastResort !== undefined) sets[name] = { ...lastResort, lastResort: true };
  }
  return {
    identityKey: entry.identityKey,
    ...(details === null ? {} : { details: cipher.open(detailsPlace(device), details).toString() }),
    sets,
  };
}
