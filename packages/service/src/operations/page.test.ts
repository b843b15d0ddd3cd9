import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { Operation } from "../pipeline/operation.ts";
import { CoreTest } from "../testing/core-test.ts";
import { createPrincipal, listPrincipals } from "./admin/principals.ts";
import { listAliases } from "./aliases/list-aliases.ts";
import { listKeySummaries } from "./keys/key-summaries.ts";
import { listKeys } from "./keys/list-keys.ts";
import { encodeMarker, parseMarker } from "./page.ts";
import { listKeyPolicies } from "./policies/key-policy-operations.ts";
import { listKeyRotations } from "./rotation/list-key-rotations.ts";
import { rotateKeyOnDemand } from "./rotation/rotate-key-on-demand.ts";
import type { Page, PageInput } from "./shared.ts";
import { listResourceTags } from "./tags/tag-operations.ts";

describe("pages", () => {
  let t: CoreTest;
  let keyId: string;

  before(async () => {
    t = await CoreTest.open();
    const tags = ["a", "B", "c", "é", "z", "\u{1f511}", "\u{ffff}"].map((key) => ({ key, value: "" }));
    const aliases = ["alias/1", "alias/2", "alias/3", "alias/4", "alias/5"];
    keyId = (await t.newKey({ tags, aliases })).keyId;
    for (let count = 0; count < 6; count += 1) {
      await t.newKey();
      await t.run(rotateKeyOnDemand, { keyId, limited: false });
      await t.run(createPrincipal, { kind: "user", name: `user-${count}` });
    }
  });
  after(() => t.close());

  async function walk<Input extends PageInput, Output extends Page<unknown>>(
    operation: Operation<Input, Output>,
    input: Input,
    limit: number,
  ): Promise<unknown[]> {
    const items: unknown[] = [];
    for (let marker: string | undefined; ; ) {
      const page = await t.run(operation, { ...input, limit, marker });
      assert.ok(page.items.length <= limit);
      items.push(...page.items);
      marker = page.nextMarker;
      if (marker === undefined) return items;
      assert.equal(page.items.length, limit);
    }
  }

  const listings: readonly [string, number, (limit: number) => Promise<unknown[]>][] = [
    ["ListKeys", 7, (limit) => walk(listKeys, {}, limit)],
    ["ListKeys, summaries", 7, (limit) => walk(listKeySummaries, {}, limit)],
    ["ListAliases", 5, (limit) => walk(listAliases, {}, limit)],
    ["ListAliases of a key", 5, (limit) => walk(listAliases, { keyId }, limit)],
    ["ListKeyRotations", 6, (limit) => walk(listKeyRotations, { keyId }, limit)],
    ["ListKeyRotations, all material", 7, (limit) => walk(listKeyRotations, { keyId, allMaterial: true }, limit)],
    ["ListResourceTags", 7, (limit) => walk(listResourceTags, { keyId }, limit)],
    ["ListPrincipals", 6, (limit) => walk(listPrincipals, {}, limit)],
  ];
  for (const [name, count, list] of listings) {
    it(`${name}: every item once and in order, whatever the size of a page`, async () => {
      const whole = await list(1000);
      assert.equal(whole.length, count);
      for (const limit of [1, 2, 3, count, count + 1]) assert.deepEqual(await list(limit), whole);
    });

    it(`${name}: a page has 1 to 1000 items`, async () => {
      for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
        await assert.rejects(list(limit), { message: "InvalidInput" });
      }
    });
  }

  it("take no marker that was made up, changed, or given out by another listing", async () => {
    const { nextMarker } = await t.run(listKeys, { limit: 1 });
    assert.ok(nextMarker !== undefined);
    const wrong = [
      "",
      ".",
      "x",
      `${nextMarker}=`,
      `${nextMarker} `,
      ` ${nextMarker}`,
      `${nextMarker}.`,
      nextMarker.slice(0, -1),
      nextMarker.replace(".", ""),
      nextMarker.slice(0, nextMarker.indexOf(".") + 1),
      `${Buffer.from("00000000-0000-4000-8000-000000000000").toString("base64url")}${nextMarker.slice(nextMarker.indexOf("."))}`,
    ];
    for (let index = 0; index < nextMarker.length; index += 1) {
      const other = nextMarker[index] === "A" ? "B" : "A";
      wrong.push(nextMarker.slice(0, index) + other + nextMarker.slice(index + 1));
    }
    for (const marker of wrong) await t.fails(listKeys, { limit: 1, marker }, "MarkerInvalid");
    for (const operation of [listKeySummaries, listAliases, listPrincipals]) {
      await assert.rejects(t.run(operation as Operation<PageInput, unknown>, { marker: nextMarker }), {
        message: "MarkerInvalid",
      });
    }
    await t.fails(listResourceTags, { keyId, marker: nextMarker }, "MarkerInvalid");
    await t.fails(listKeyRotations, { keyId, marker: nextMarker }, "MarkerInvalid");
    await t.fails(listKeyPolicies, { keyId, marker: nextMarker }, "MarkerInvalid");
  });

  it("of one key's listing are no good for another key's", async () => {
    const tags = [
      { key: "a", value: "" },
      { key: "b", value: "" },
    ];
    const other = await t.newKey({ tags });
    const { nextMarker } = await t.run(listResourceTags, { keyId: other.keyId, limit: 1 });
    await t.fails(listResourceTags, { keyId, limit: 1, marker: nextMarker }, "MarkerInvalid");
    const rotations = await t.run(listKeyRotations, { keyId, limit: 1 });
    const all = { keyId, limit: 1, allMaterial: true, marker: rotations.nextMarker };
    await t.fails(listKeyRotations, all, "MarkerInvalid");
  });

  it("markers hold any cursor, and open in their own listing only", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (cursor, listing, other) => {
        const marker = encodeMarker(t.core, listing, cursor);
        assert.equal(parseMarker(t.core, listing, marker), cursor);
        if (other !== listing) assert.throws(() => parseMarker(t.core, other, marker), { message: "MarkerInvalid" });
      }),
    );
  });
});
