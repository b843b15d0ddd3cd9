import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress } from "./addresses.ts";
import { MessagingError } from "./errors.ts";
import {
  type MemberChange,
  type MemberList,
  maxMembers,
  parseMemberChange,
  planMemberChange,
  takeMemberChange,
} from "./member-list.ts";

const [alice, bob, carol, dave] = ["alice/1", "bob/1", "carol/1", "dave/1"] as const;
const list: MemberList = { epoch: 3, members: [alice, bob, carol] };
const bundle = { identityKey: "", sets: {} };
const member = (name: string) => ({ address: parseAddress(name), bundle });
const change = (fields: Partial<MemberChange> = {}): MemberChange => ({
  type: "change",
  groupId: "g",
  epoch: 4,
  members: [alice, bob, carol, dave],
  added: [dave],
  ...fields,
});

describe("a list of members", () => {
  it("is changed by a plan that names everybody and who came", () => {
    const planned = planMemberChange("g", list, alice, {
      add: [member(dave), member(dave), member(bob)],
      remove: [parseAddress(carol)],
    });
    assert.deepEqual(planned, change({ members: [alice, bob, dave] }));
    assert.deepEqual(parseMemberChange(JSON.parse(JSON.stringify(planned))), planned);
    const refused = (error: unknown) => error instanceof MessagingError && error.code === "InvalidInput";
    assert.throws(() => planMemberChange("g", list, alice, { add: [], remove: [parseAddress(alice)] }), refused);
    const many = Array.from({ length: maxMembers - 2 }, (_, n) => member(`user${n}/1`));
    assert.throws(() => planMemberChange("g", list, alice, { add: many, remove: [] }), refused);
    assert.equal(planMemberChange("g", list, alice, { add: many.slice(1), remove: [] }).members.length, maxMembers);
  });

  it("takes a later change of a member's", () => {
    assert.deepEqual(takeMemberChange({ ...list, pending: [alice] }, bob, alice, change()), {
      epoch: 4,
      members: [alice, bob, carol, dave],
      pending: [alice],
    });
    // A device that missed some learns everything from the next.
    assert.equal((takeMemberChange(list, bob, alice, change({ epoch: 9 })) as MemberList).epoch, 9);
    assert.equal(takeMemberChange(list, bob, alice, change({ members: [alice, carol], added: [] })), "left");
  });

  it("takes no change of who is no member, or would be none, nor an old one", () => {
    assert.equal(takeMemberChange(list, bob, dave, change()), undefined);
    assert.equal(takeMemberChange(list, bob, carol, change({ members: [alice, bob] })), undefined);
    for (const epoch of [1, 3]) assert.equal(takeMemberChange(list, bob, alice, change({ epoch })), undefined);
  });

  it("brings a device in that was added, and nobody who left", () => {
    assert.deepEqual(takeMemberChange(undefined, dave, alice, change()), {
      epoch: 4,
      members: [alice, bob, carol, dave],
    });
    assert.equal(takeMemberChange(undefined, carol, alice, change()), undefined);
    assert.equal(takeMemberChange(undefined, "erin/1", alice, change({ added: ["erin/1"] })), undefined);
  });

  it("reads no change from what is none", () => {
    const none: unknown[] = [
      undefined,
      null,
      [],
      "change",
      {},
      { ...change(), type: "other" },
      { ...change(), groupId: "a/b" },
      ...[0, -1, 1.5, "4"].map((epoch) => ({ ...change(), epoch })),
      ...[undefined, "x", [1], ["no name"], [alice, alice], ["a/b/c"]].map((members) => ({ ...change(), members })),
      { ...change(), added: undefined },
      { ...change(), members: Array.from({ length: maxMembers + 1 }, (_, n) => `user${n}/1`) },
    ];
    for (const value of none) assert.equal(parseMemberChange(value), undefined, JSON.stringify(value)?.slice(0, 80));
    assert.deepEqual(parseMemberChange(change()), change());
  });
});
