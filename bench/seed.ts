import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { randomId } from "@coffer/crypto";
import type { KeyRecord, KeyVersionRecord, Store, Write } from "@coffer/service";
import { openSqliteStore } from "@coffer/store";

const account = "000000000000";
const region = "us-east-1";
const chunkRows = 4_000;

/** Opens the store of a stopped server. */
export function openSeedStore(data: string): Promise<Store> {
  return openSqliteStore({ path: join(data, "coffer.db"), durability: "os", exclusive: true });
}

/** Commits what `make` gives for 0 to `count - 1`, many rows at a time. */
export async function seedRows(store: Store, count: number, make: (index: number) => readonly Write[]): Promise<void> {
  let writes: Write[] = [];
  for (let index = 0; index < count; index++) {
    writes.push(...make(index));
    if (writes.length < chunkRows && index < count - 1) continue;
    await store.commit(writes);
    writes = [];
    if (process.stderr.isTTY) process.stderr.write(`\rseeding ${index + 1} of ${count}`);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
}

/**
 * Copies one real key and its version `count` times, each copy with an alias: what a server with so many keys has on disk.
 * The copies' material is wrapped for the original, so they are there to be listed, not to be used.
 */
export async function seedKeys(store: Store, count: number): Promise<void> {
  const [key] = (await store.listKeys(account, region, undefined, 1)) as [KeyRecord];
  const version = (await store.get("keyVersions", { region, keyId: key.keyId, version: 1 })) as KeyVersionRecord;
  await seedRows(store, count, (index) => {
    const keyId = randomId();
    const name = `alias/seeded-${String(index).padStart(8, "0")}`;
    return [
      { op: "insert", table: "keys", row: { ...key, keyId, revision: 1 } },
      { op: "insert", table: "keyVersions", row: { ...version, keyId, revision: 1 } },
      {
        op: "insert",
        table: "aliases",
        row: { account, region, name, keyId, createdAtMs: key.createdAtMs, updatedAtMs: key.createdAtMs, revision: 1 },
      },
    ];
  });
}

/** Gives a key with at least one grant `count` more, each to another role. */
export async function seedGrants(store: Store, keyId: string, count: number): Promise<void> {
  const [grant] = await store.listGrants(region, keyId, undefined, 1);
  if (grant === undefined) throw new Error("the key has no grant to copy");
  const { name: _, nameDigest: __, ...unnamed } = grant;
  await seedRows(store, count, (index) => [
    {
      op: "insert",
      table: "grants",
      row: {
        ...unnamed,
        grantId: randomBytes(32).toString("hex"),
        grantee: `arn:aws:iam::${account}:role/seeded-${index}`,
        revision: 1,
      },
    },
  ]);
}

/**
 * Gives a new key versions up to `count`, all but its first without usable material: it is rotated once more, by the
 * server, before it is used.
 */
export async function seedVersions(store: Store, keyId: string, count: number): Promise<void> {
  const key = (await store.get("keys", { region, keyId })) as KeyRecord;
  const version = (await store.get("keyVersions", { region, keyId, version: 1 })) as KeyVersionRecord;
  await seedRows(store, count - 1, (index) => [
    {
      op: "insert",
      table: "keyVersions",
      row: {
        ...version,
        version: index + 2,
        materialId: randomBytes(32).toString("hex"),
        rotationType: "ON_DEMAND",
        revision: 1,
      },
    },
  ]);
  await store.commit([
    { op: "update", table: "keys", row: { ...key, currentVersion: count, revision: key.revision + 1 } },
  ]);
}
