import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { randomBytesPooled, randomId, SecretBytes } from "@coffer/crypto";
import { createShamirSeal } from "@coffer/seal";
import { openSqliteStore } from "@coffer/store";
import { ManualClock } from "@coffer/testkit";
import { Keyring } from "../keyring/keyring.ts";
import { type Store, StoreConflict, type Write } from "../ports/store.ts";
import { initializeWithShares } from "./initialize.ts";
import { readSealedRootKey, rootKeySetting } from "./root-record.ts";

const quorum = { shares: 3, threshold: 2 };
const shareSeal = createShamirSeal();

describe("initializing with shares", () => {
  let store: Store;
  let commits: (readonly Write[])[];
  let fails: boolean;
  const clock = new ManualClock();

  beforeEach(async () => {
    store = await openSqliteStore({ path: ":memory:", durability: "os", exclusive: true });
    commits = [];
    fails = false;
  });
  afterEach(() => store.close());

  function initialize() {
    const watched: Store = Object.create(store, {
      get: { value: store.get.bind(store) },
      commit: {
        value: (writes: readonly Write[]) => {
          commits.push(writes);
          return fails ? Promise.reject(new Error("planted")) : store.commit(writes);
        },
      },
    });
    const parts = { store: watched, clock, randomness: { bytes: randomBytesPooled, id: randomId }, shareSeal };
    const event = { eventId: randomId(), eventJson: "{}" };
    return initializeWithShares({ ...parts, account: "000000000000" }, quorum, event);
  }

  it("stores everything in one commit, and its shares open it", async () => {
    const { shares, root } = await initialize();
    assert.equal(commits.length, 1);
    assert.deepEqual(
      commits[0]?.map(({ op, table }) => `${op} ${table}`),
      ["settings", "wrappingKeys", "accessKeys", "tokens", "settings", "auditOutbox"].map((table) => `insert ${table}`),
    );
    assert.match(root.token, /^hvs\./);
    const stored = await readSealedRootKey(store, rootKeySetting);
    using rootKey = await shareSeal.unseal(stored!.sealed, shares.slice(1));
    assert.ok(rootKey !== undefined);
    const keyring = await Keyring.openWith(store, rootKey, clock);
    assert.equal(keyring.wrappingKeyIds.length, 1);
    const text = JSON.stringify(commits, (_name, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
    );
    for (const secret of [...shares, rootKey]) {
      secret.use((bytes) =>
        assert.ok(!text.includes(bytes.toString("hex")) && !text.includes(bytes.toString("base64"))),
      );
    }
    assert.ok(!text.includes(root.token) && !text.includes(root.secretAccessKey));
  });

  it("leaves nothing when the commit fails", async () => {
    fails = true;
    await assert.rejects(initialize(), /planted/);
    assert.equal(await readSealedRootKey(store, rootKeySetting), undefined);
    assert.deepEqual(await store.listWrappingKeys(), []);
    fails = false;
    assert.equal((await initialize()).shares.length, 3);
  });

  it("happens once", async () => {
    const { shares } = await initialize();
    await assert.rejects(initialize(), StoreConflict);
    const stored = await readSealedRootKey(store, rootKeySetting);
    const held = shares.map((share) => share.use((bytes) => SecretBytes.takeFrom(Uint8Array.from(bytes))));
    assert.ok((await shareSeal.unseal(stored!.sealed, held)) !== undefined);
  });
});
