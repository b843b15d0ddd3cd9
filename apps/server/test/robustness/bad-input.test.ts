import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type BadInput, badBodies, badCredentials, badMembers, badPaths } from "./bad-input-cases.ts";
import { BadInputServer } from "./bad-input-fixture.ts";
import { assertRefusal } from "./refusals.ts";
import { wireNames } from "./wires.ts";

const groups: readonly [string, readonly BadInput[]][] = [
  ["bodies", badBodies],
  ["members", badMembers],
  ["credentials and ciphertexts", badCredentials],
  ["paths", badPaths],
];

describe("bad input to a live server", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start();
  });
  after(() => bad.stop());

  for (const [group, cases] of groups) {
    describe(group, () => {
      for (const one of cases) {
        for (const wire of wireNames) {
          const row = one[wire];
          if (typeof row === "string") continue;
          it(`${wire}: ${one.name}`, async () => {
            const reply = await bad.wires.client.send(row.make(bad.wires, bad.canary));
            if ("ok" in row) assert.ok(reply.ok, String(reply));
            else assertRefusal(wire, reply, row.status, row.words);
          });
        }
      }
      after(() => bad.assertUnharmed());
    });
  }
});
