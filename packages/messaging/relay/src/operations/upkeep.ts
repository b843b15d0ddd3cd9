import type { RelayContext } from "../context.ts";
import { eraseDevice } from "./erase-device.ts";

/**
 * Lets a user who lost all devices begin anew with another account key: erases what the relay has of the devices. The next
 * list is one version on, and the log shows it to everybody.
 *
 * @returns false when there is no such user
 */
export async function resetAccount(context: RelayContext, userId: string): Promise<boolean> {
  const { database, directory, mailboxes } = context;
  const devices = (directory.find(userId)?.list.devices ?? []).map(({ deviceId }) =>
    directory.deviceKey(userId, deviceId),
  );
  const found = await database
    .write(() => {
      for (const device of devices) eraseDevice(context, device);
      return directory.reset(userId);
    })
    .finally(() => directory.forget(userId));
  mailboxes.notify(devices);
  return found;
}

/** Deletes what has had its time: tokens, messages and blobs that nobody fetched, and ids of old messages. */
export function sweep({ database, mailboxes, limits, nowMs }: RelayContext): Promise<void> {
  const now = nowMs();
  return database.write(() => {
    database.run("delete from tokens where expires_ms <= ?", now);
    mailboxes.deleteBefore(now - limits.messageKeptMs);
    database.run("delete from sent where sent_ms < ?", now - limits.messageKeptMs);
    const old = now - limits.blobKeptMs;
    database.run("delete from blob_parts where blob in (select blob from blobs where stored_ms < ?)", old);
    database.run("delete from blobs where stored_ms < ?", old);
  });
}
