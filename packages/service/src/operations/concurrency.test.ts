import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { dueAtMs } from "../model/due.ts";
import { CoreTest } from "../testing/core-test.ts";
import { createAlias, deleteAlias, updateAlias } from "./aliases/alias-operations.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { disableKey, enableKey } from "./keys/change-state.ts";
import { cancelKeyDeletion, scheduleKeyDeletion } from "./keys/schedule-key-deletion.ts";
import { updateKeyDescription } from "./keys/update-key-description.ts";
import { disableKeyRotation, enableKeyRotation } from "./rotation/automatic-rotation.ts";
import { rotateKeyOnDemand } from "./rotation/rotate-key-on-demand.ts";
import { dayMs } from "./shared.ts";
import { tagResource, untagResource } from "./tags/tag-operations.ts";
import { configureKey } from "./transit/configure-key.ts";

const region = "us-east-1";
const account = "000000000000";

/** What the steps of a run share. */
interface World {
  readonly t: CoreTest;
  readonly keyIds: readonly string[];
  readonly ciphertexts: Buffer[];
}

type Step = (world: World, keyId: string, number: number) => Promise<unknown>;

const steps: Readonly<Record<string, Step>> = {
  rotate: ({ t }, keyId) => t.run(rotateKeyOnDemand, { keyId, limited: false }),
  rotateTwice: ({ t }, keyId) =>
    Promise.all([1, 2].map(() => t.run(rotateKeyOnDemand, { keyId, limited: false }).catch(expected))),
  disable: ({ t }, keyId) => t.run(disableKey, { keyId }),
  enable: ({ t }, keyId) => t.run(enableKey, { keyId }),
  schedule: ({ t }, keyId, number) => t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 + (number % 24) }),
  cancel: ({ t }, keyId) => t.run(cancelKeyDeletion, { keyId }),
  alias: ({ t }, keyId, number) => t.run(createAlias, { aliasName: `alias/${number % 60}`, targetKeyId: keyId }),
  moveAlias: ({ t }, keyId, number) => t.run(updateAlias, { aliasName: `alias/${number % 60}`, targetKeyId: keyId }),
  dropAlias: ({ t }, _keyId, number) => t.run(deleteAlias, { aliasName: `alias/${number % 60}` }),
  tag: ({ t }, keyId, number) => t.run(tagResource, { keyId, tags: [{ key: `${number % 70}`, value: "" }] }),
  untag: ({ t }, keyId, number) => t.run(untagResource, { keyId, tagKeys: [`${number % 70}`] }),
  describe: ({ t }, keyId, number) => t.run(updateKeyDescription, { keyId, description: `${number}` }),
  autoRotate: ({ t }, keyId, number) => t.run(enableKeyRotation, { keyId, periodDays: 90 + (number % 100) }),
  noAutoRotate: ({ t }, keyId) => t.run(disableKeyRotation, { keyId }),
  configure: ({ t }, keyId) => t.run(configureKey, { keyId, transit: { deletionAllowed: true } }),
  encrypt: async ({ t, ciphertexts }, keyId) => {
    ciphertexts.push((await t.run(encrypt, { keyId, plaintext: Buffer.from(keyId) })).ciphertext);
  },
  passTime: async ({ t }, _keyId, number) => {
    t.test.clock.set(t.test.clock.nowMs() + (number % 40) * dayMs);
    await t.test.lifecycle.runDue();
  },
};

const expectedCodes = new Set([
  "NotFound",
  "KeyDisabled",
  "KeyStateInvalid",
  "AlreadyExists",
  "LimitExceeded",
  "Conflict",
]);

/** Lets pass what operations may answer when others are quicker. */
function expected(error: unknown): void {
  if (error instanceof ServiceError && expectedCodes.has(error.code)) return;
  throw error;
}

async function checkInvariants({ t, keyIds, ciphertexts }: World): Promise<void> {
  const { store } = t.core;
  const living = new Set<string>();
  for (const keyId of keyIds) {
    const key = await store.get("keys", { region, keyId });
    const versions = (await store.listKeyVersions(region, keyId, 0, 1000)).map(({ version }) => version);
    const aliases = await store.listKeyAliases(account, region, keyId, undefined, 100);
    if (key === undefined) {
      assert.deepEqual([versions, aliases], [[], []], "nothing is left of a destroyed key");
      continue;
    }
    living.add(keyId);
    assert.deepEqual(
      versions,
      Array.from({ length: key.currentVersion }, (_, index) => index + 1),
      "versions are 1 to the current one",
    );
    assert.equal(key.dueAtMs, dueAtMs(key));
    assert.equal(key.deletionAtMs !== undefined, key.state === "pendingDestruction");
    assert.equal(key.rotation.nextAtMs !== undefined, key.rotation.enabled);
    assert.ok(aliases.length <= limits.aliasesPerKey.value);
    assert.ok(key.tags.length <= limits.tags.value);
    const cached = await t.core.keys.find(region, keyId);
    assert.deepEqual(cached?.record, key, "what is in memory is what is stored");
    assert.deepEqual(
      cached.aliases,
      aliases.map(({ name }) => name),
    );
    if (key.state === "pendingDestruction") await t.run(cancelKeyDeletion, { keyId });
    await t.run(enableKey, { keyId });
  }
  for (const alias of await store.listAliases(account, region, "alias/", undefined, 1000)) {
    assert.ok(living.has(alias.keyId), "every alias leads to a key");
    assert.equal(await t.core.keys.findAlias(account, region, alias.name), alias.keyId);
  }
  for (const ciphertext of ciphertexts) {
    const opened = await t.run(decrypt, { ciphertext }).catch((error) => {
      assert.equal(error.code, "AccessDenied", "only a destroyed key does not decrypt");
    });
    if (opened !== undefined) assert.ok(living.has(opened.plaintext.toString()));
  }
}

describe("operations at once", () => {
  it("keep every key whole, whatever is done to it in whatever order", { timeout: 60_000 }, async () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(1), fc.nat(100));
    // Lists of lists: what is in one list runs at once.
    const plan = fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(plan, async (rounds) => {
        const t = await CoreTest.open();
        try {
          const keyIds = [(await t.newKey()).keyId, (await t.newKey()).keyId];
          const world: World = { t, keyIds, ciphertexts: [] };
          for (const round of rounds) {
            const runs = round.map(([name, key, number]) => steps[name]!(world, keyIds[key]!, number).catch(expected));
            await Promise.all(runs);
          }
          await checkInvariants(world);
          assert.deepEqual(t.test.bugs, []);
          assert.equal(t.core.turns.names, 0);
        } finally {
          await t.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("all get through when they do not contradict each other", async () => {
    const t = await CoreTest.open();
    try {
      const { keyId } = await t.newKey();
      const changes = Array.from({ length: 40 }, (_, index) => [
        t.run(tagResource, { keyId, tags: [{ key: `${index}`, value: "" }] }),
        t.run(createAlias, { aliasName: `alias/${index}`, targetKeyId: keyId }),
        t.run(rotateKeyOnDemand, { keyId, limited: false }),
      ]).flat();
      await Promise.all(changes);
      const key = await t.core.store.get("keys", { region, keyId });
      assert.deepEqual([key?.tags.length, key?.currentVersion], [40, 41]);
    } finally {
      await t.close();
    }
  });
});
