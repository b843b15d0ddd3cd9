import type { RelayContext } from "../context.ts";

const everything = Number.MAX_SAFE_INTEGER;

/** Erases a device's keys, tokens, mailbox and blobs; only within a write. */
export function eraseDevice({ database, mailboxes }: RelayContext, device: Buffer): void {
  mailboxes.acknowledge(device, everything);
  database.run("delete from blob_parts where blob in (select blob from blobs where device = ?)", device);
  for (const table of ["blobs", "tokens", "key_sets", "one_time_keys", "devices"]) {
    database.run(`delete from ${table} where device = ?`, device);
  }
}
