import assert from "node:assert/strict";
import { it } from "node:test";
import { checkKeyUpload } from "@coffer/messaging/prekeys";
import { Party } from "@coffer/messaging/testing";
import { quickOtr } from "./quick-otr.ts";

it("otr: the directory takes what a device publishes, and not another's key", async () => {
  const [alice, bob] = [await Party.open(quickOtr(), "alice"), await Party.open(quickOtr(), "bob")];
  const publish = (party: Party) => party.transact((state) => party.device.publish(state, undefined));
  const [own, other] = [await publish(alice), await publish(bob)];
  assert.ok(own?.details !== undefined && other?.details !== undefined);
  const { identityKey } = alice.device;
  checkKeyUpload("otr", identityKey, own, alice.address);
  assert.throws(() => checkKeyUpload("otr", identityKey, { ...own, details: other.details! }, alice.address));
});
