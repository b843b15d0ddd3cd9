import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { issueVaultToken, limits, loginEntity, type WantedVaultToken } from "@coffer/service";
import { callOpen, dataOf, done, mountAuth, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const wanted: WantedVaultToken = {
  displayName: "token-test",
  path: "auth/token/create",
  policies: [],
  meta: null,
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  numUses: 0,
  renewable: true,
  noDefaultPolicy: true,
};

// What these tests expect was seen at OpenBao 2.6.2.
describe("identities of the Vault API", () => {
  let t: VaultTest;
  let call: VaultTest["call"];
  let accessor: string;

  before(async () => {
    t = await openVaultTest();
    call = t.call;
    accessor = (await mountAuth(t, "approle")).accessor;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const put = (name: string, policy: string) => call("PUT", `sys/policies/acl/${name}`, { policy });
  const entity = async (name: string) => dataOf(await call("GET", `identity/entity/name/${name}`));

  async function capabilitiesOf(entityId: string, path: string, policies: readonly string[] = []) {
    const { core } = t.test;
    const { token, writes } = issueVaultToken(core, { ...wanted, entityId, policies }, core.clock.nowMs());
    await core.commit(writes);
    return async () => dataOf(await call("POST", "sys/capabilities", { token, paths: [path] }))[path];
  }

  it("are entities, found by id and by name in any case", async () => {
    const made = dataOf(
      await call("POST", "identity/entity", { name: "Alice", metadata: { team: "blue" }, policies: ["p", "Default"] }),
    );
    assert.deepEqual([made.name, made.aliases], ["Alice", null]);
    const { creation_time, last_update_time, ...facts } = await entity("alice");
    assert.equal(Date.parse(creation_time), Date.parse(last_update_time));
    assert.deepEqual(facts, {
      aliases: [],
      direct_group_ids: [],
      disabled: false,
      group_ids: [],
      id: made.id,
      inherited_group_ids: [],
      merged_entity_ids: null,
      metadata: { team: "blue" },
      name: "Alice",
      namespace_id: "root",
      policies: ["default", "p"],
    });
    done(await call("POST", "identity/entity", { name: "ALICE", metadata: ["a=b", "c=d=e"] }));
    assert.deepEqual((await entity("Alice")).metadata, { a: "b", c: "d=e" });
    done(await call("POST", `identity/entity/id/${made.id}`, { name: "alicia" }));
    assert.equal((await call("GET", "identity/entity/name/alice")).status, 404);
    assert.equal((await entity("alicia")).id, made.id);
    dataOf(await call("POST", "identity/entity/name/bob", {}));
    refused(await call("POST", `identity/entity/id/${made.id}`, { name: "Bob" }), 400, "entity name is already in use");
    refused(await call("POST", "identity/entity", { id: "nobody" }), 400, "entity not found from id");
    refused(await call("POST", "identity/entity", { policies: [" ROOT"] }), 400, "policies cannot contain root");
    assert.match(dataOf(await call("POST", "identity/entity", {})).name, /^entity_[0-9a-f]{8}$/);
    const names: string[] = dataOf(await call("LIST", "identity/entity/name")).keys;
    assert.deepEqual(
      names.filter((name) => !name.startsWith("entity_")),
      ["alicia", "bob"],
    );
    assert.equal(dataOf(await call("LIST", "identity/entity/id")).key_info[made.id].name, "alicia");
    done(await call("DELETE", "identity/entity/name/bob"));
    done(await call("DELETE", "identity/entity/name/bob"));
    assert.equal((await call("GET", "identity/entity/name/bob")).status, 404);
  });

  it("have an alias a mount, by which they are found", async () => {
    const { id } = await entity("alicia");
    const alias = { name: "al", canonical_id: id, mount_accessor: accessor };
    const made = dataOf(await call("POST", "identity/entity-alias", { ...alias, custom_metadata: { k: "v" } }));
    assert.equal(made.canonical_id, id);
    assert.deepEqual(dataOf(await call("POST", "identity/entity-alias", alias)), made);
    refused(
      await call("POST", "identity/entity-alias", { ...alias, name: "al2" }),
      400,
      "Alias already exists for requested entity and mount accessor",
    );
    refused(
      await call("POST", "identity/entity-alias", { name: "x", mount_accessor: "nope" }),
      400,
      'invalid mount accessor "nope"',
    );
    refused(
      await call("POST", "identity/entity-alias", { ...alias, name: "x", canonical_id: "no" }),
      400,
      "invalid canonical ID",
    );
    const needs = "'id' or 'mount_accessor' and 'name' must be provided";
    refused(await call("POST", "identity/entity-alias", { name: "x" }), 400, needs);
    const read = dataOf(await call("GET", `identity/entity-alias/id/${made.id}`));
    assert.deepEqual(
      [read.name, read.mount_path, read.mount_type, read.custom_metadata, read.metadata, read.namespace_id],
      ["al", "auth/approle/", "approle", { k: "v" }, null, "root"],
    );
    assert.deepEqual((await entity("alicia")).aliases[0].id, made.id);
    for (const sought of [
      { name: "ALICIA" },
      { id },
      { alias_id: made.id },
      { alias_name: "AL", alias_mount_accessor: accessor },
    ]) {
      assert.equal(dataOf(await call("POST", "identity/lookup/entity", sought)).id, id);
    }
    done(await call("POST", "identity/lookup/entity", { name: "nobody" }));
    refused(await call("POST", "identity/lookup/entity", {}), 400, "query parameter not supplied");
    assert.deepEqual(dataOf(await call("LIST", "identity/entity-alias/id")).keys, [made.id]);
    // Renamed, and given to another entity.
    dataOf(await call("POST", `identity/entity-alias/id/${made.id}`, { name: "al-new" }));
    done(await call("POST", "identity/lookup/entity", { alias_name: "al", alias_mount_accessor: accessor }));
    const other = dataOf(await call("POST", "identity/entity", { name: "other" })).id;
    dataOf(await call("POST", `identity/entity-alias/id/${made.id}`, { canonical_id: other }));
    const by = { alias_name: "al-new", alias_mount_accessor: accessor };
    assert.equal(dataOf(await call("POST", "identity/lookup/entity", by)).id, other);
    assert.deepEqual((await entity("alicia")).aliases, []);
    done(await call("DELETE", `identity/entity-alias/id/${made.id}`));
    assert.equal((await call("GET", `identity/entity-alias/id/${made.id}`)).status, 404);
    done(await call("POST", "identity/lookup/entity", by));
  });

  it("bring their policies and those of their groups to their tokens, at once", async () => {
    await put("own", 'path "a" { capabilities = ["read"] }');
    await put("group", 'path "a" { capabilities = ["list"] }');
    await put("above", 'path "a" { capabilities = ["update"] }');
    const { id } = dataOf(await call("POST", "identity/entity", { name: "carol", policies: ["own"] }));
    const now = await capabilitiesOf(id, "a");
    assert.deepEqual(await now(), ["read"]);
    const group = dataOf(
      await call("POST", "identity/group", { name: "ops", policies: ["group"], member_entity_ids: [id] }),
    );
    assert.deepEqual(await now(), ["list", "read"]);
    const above = { name: "all", policies: ["above"], member_group_ids: [group.id] };
    const all = dataOf(await call("POST", "identity/group", above));
    assert.deepEqual(await now(), ["list", "read", "update"]);
    const facts = await entity("carol");
    assert.deepEqual([facts.direct_group_ids, facts.inherited_group_ids], [[group.id], [all.id]]);
    assert.deepEqual(dataOf(await call("GET", "identity/group/name/OPS")).parent_group_ids, [all.id]);
    const cycle = `cyclic relationship detected for member group ID "${group.id}"`;
    refused(await call("POST", "identity/group", { name: "ops", member_group_ids: [all.id] }), 400, cycle);
    done(await call("POST", `identity/group/id/${group.id}`, { member_entity_ids: [] }));
    assert.deepEqual(await now(), ["read"]);
    done(await call("POST", `identity/group/id/${group.id}`, { member_entity_ids: [id] }));
    done(await call("DELETE", "identity/group/name/all"));
    assert.deepEqual(await now(), ["list", "read"]);
    done(await call("DELETE", `identity/group/id/${group.id}`));
    assert.deepEqual(await now(), ["read"]);
    assert.deepEqual((await entity("carol")).group_ids, []);
  });

  it("are in the external groups that their logins name, and in no others", async () => {
    const external = async (name: string, alias: string) => {
      const group = dataOf(await call("POST", "identity/group", { name, type: "external", policies: [name] })).id;
      const of = { name: alias, mount_accessor: accessor, canonical_id: group };
      return { group, of, alias: dataOf(await call("POST", "identity/group-alias", of)).id };
    };
    await put("ext-a", 'path "a" { capabilities = ["read"] }');
    await put("ext-b", 'path "a" { capabilities = ["list"] }');
    const [a, b] = [await external("ext-a", "Devs"), await external("ext-b", "ops")];
    const { core } = t.test;
    const mount = (await core.mounts.match("auth/approle"))!.mount;
    const logIn = (groups: readonly string[]) =>
      loginEntity(core, { mount, name: "member", metadata: {}, groups }, core.clock.nowMs());
    const { id, groupIds } = await logIn(["devs", "nobody"]);
    assert.deepEqual(groupIds, [a.group]);
    const now = await capabilitiesOf(id, "a");
    assert.deepEqual(await now(), ["read"]);
    dataOf(await call("POST", "identity/group", { name: "inside", member_entity_ids: [id] }));
    assert.equal((await logIn(["devs", "ops"])).groupIds.length, 3);
    assert.deepEqual(await now(), ["list", "read"]);
    assert.equal((await logIn(["ops"])).groupIds.length, 2);
    assert.deepEqual(await now(), ["list"]);
    assert.equal((await logIn([])).groupIds.length, 1);
    assert.deepEqual(await now(), ["deny"]);
    const many = Array.from({ length: limits.vaultLoginGroups.value }, (_, at) => `g${at}`);
    assert.equal((await logIn(many)).groupIds.length, 1);
    await assert.rejects(logIn([...many, "one more"]), {
      detail: { code: "InvalidInput", params: { kind: "validation", reason: "a login names at most 1000 groups" } },
    });
    // Their members are nobody's to set, and their aliases unique.
    const members = { name: "ext-a", member_entity_ids: [id] };
    refused(
      await call("POST", "identity/group", members),
      400,
      "member entities can't be set manually for external groups",
    );
    refused(
      await call("POST", "identity/group", { name: "ext-a", type: "internal" }),
      400,
      "group type cannot be changed",
    );
    refused(await call("POST", "identity/group", { name: "x", type: "weird" }), 400, 'invalid group type "weird"');
    const taken = "combination of mount and group alias name is already in use";
    refused(await call("POST", "identity/group-alias", { ...b.of, name: "DEVS" }), 400, taken);
    const inside = dataOf(await call("GET", "identity/group/name/inside"));
    const internal = { ...b.of, name: "x", canonical_id: inside.id };
    refused(await call("POST", "identity/group-alias", internal), 400, "alias can't be set on an internal group");
    refused(await call("POST", "identity/group-alias", { name: "x" }), 400, "missing mount_accessor");
    const read = dataOf(await call("GET", `identity/group-alias/id/${a.alias}`));
    assert.deepEqual([read.name, read.canonical_id, read.mount_type], ["Devs", a.group, "approle"]);
    assert.equal(dataOf(await call("GET", "identity/group/name/ext-a")).alias.id, a.alias);
    const sought = { alias_name: "devs", alias_mount_accessor: accessor };
    assert.equal(dataOf(await call("POST", "identity/lookup/group", sought)).type, "external");
    assert.deepEqual(dataOf(await call("LIST", "identity/group-alias/id")).keys, [a.alias, b.alias].sort());
    // Renamed, another one in its place, and gone.
    await logIn(["devs"]);
    dataOf(await call("POST", `identity/group-alias/id/${a.alias}`, { name: "coders" }));
    assert.equal((await logIn(["devs"])).groupIds.length, 1);
    assert.equal((await logIn(["coders"])).groupIds.length, 2);
    dataOf(await call("POST", "identity/group-alias", { ...a.of, name: "third" }));
    assert.equal((await call("GET", `identity/group-alias/id/${a.alias}`)).status, 404);
    assert.equal((await logIn(["coders"])).groupIds.length, 1);
    assert.equal((await logIn(["third"])).groupIds.length, 2);
    done(await call("DELETE", `identity/group/id/${a.group}`));
    assert.equal((await logIn(["third"])).groupIds.length, 1);
    done(await call("DELETE", `identity/group-alias/id/${b.alias}`));
    done(await call("POST", "identity/lookup/group", { alias_name: "ops", alias_mount_accessor: accessor }));
  });

  it("fill the templates of policies, and nobody's name makes a wildcard", async () => {
    await put("own", 'path "secret/{{identity.entity.metadata.team}}/*" { capabilities = ["read"] }');
    await put("named", 'path "home/{{identity.groups.names.ops.id}}" { capabilities = ["read"] }');
    const teams: [string, string, string][] = [
      ["blue", "secret/blue/x", "read"],
      ["blue", "secret/red/x", "deny"],
      ["*", "secret/blue/x", "deny"],
      ["+", "secret/blue/x", "deny"],
      ["blue/deep", "secret/blue/deep/x", "deny"],
    ];
    for (const [team, path, capability] of teams) {
      done(await call("POST", "identity/entity/name/carol", { metadata: { team } }));
      const { id } = await entity("carol");
      assert.deepEqual(await (await capabilitiesOf(id, path, ["own"]))(), [capability], `${team} ${path}`);
    }
    const { id } = await entity("carol");
    const group = dataOf(await call("POST", "identity/group", { name: "ops", member_entity_ids: [id] }));
    assert.deepEqual(await (await capabilitiesOf(id, `home/${group.id}`, ["named"]))(), ["read"]);
  });

  it("are merged: aliases, memberships and tokens go over, policies do not", async () => {
    const make = async (name: string) =>
      dataOf(await call("POST", "identity/entity", { name, policies: [name] })).id as string;
    await put("merge-to", 'path "a" { capabilities = ["read"] }');
    await put("merge-from", 'path "a" { capabilities = ["list"] }');
    await put("merge-group", 'path "a" { capabilities = ["update"] }');
    const [to, from, third] = [await make("merge-to"), await make("merge-from"), await make("merge-third")];
    const alias = { name: "merged", canonical_id: from, mount_accessor: accessor };
    const aliasId = dataOf(await call("POST", "identity/entity-alias", alias)).id;
    const group = { name: "merging", policies: ["merge-group"], member_entity_ids: [from] };
    dataOf(await call("POST", "identity/group", group));
    const now = await capabilitiesOf(from, "a");
    assert.deepEqual(await now(), ["list", "update"]);
    const merge = (from_entity_ids: string[], to_entity_id: string) =>
      call("POST", "identity/entity/merge", { from_entity_ids, to_entity_id });
    done(await merge([from], to));
    assert.deepEqual(await now(), ["read", "update"]);
    assert.equal((await call("GET", `identity/entity/id/${from}`)).status, 404);
    assert.equal((await call("GET", "identity/entity/name/merge-from")).status, 404);
    const merged = await entity("merge-to");
    assert.deepEqual([merged.merged_entity_ids, merged.aliases[0].id, merged.group_ids.length], [[from], aliasId, 1]);
    assert.deepEqual(dataOf(await call("GET", "identity/group/name/merging")).member_entity_ids, [to]);
    const by = { alias_name: "merged", alias_mount_accessor: accessor };
    assert.equal(dataOf(await call("POST", "identity/lookup/entity", by)).id, to);
    // Merged on, the tokens of both follow.
    done(await merge([to], third));
    assert.deepEqual(await now(), ["update"]);
    assert.deepEqual((await entity("merge-third")).merged_entity_ids, [to, from]);
    refused(await merge(["nobody"], third), 400, "entity id to merge from is invalid");
    refused(await merge([third], third), 400, "to_entity_id should not be present in from_entity_ids");
    refused(await merge([], third), 400, "missing entity ids to merge from");
    refused(await merge([third], ""), 400, "missing entity id to merge to");
    refused(await merge([third], "nobody"), 400, "entity id to merge to is invalid");
    const fourth = await make("merge-fourth");
    dataOf(await call("POST", "identity/entity-alias", { ...alias, name: "other", canonical_id: fourth }));
    assert.equal((await merge([fourth], third)).status, 400);
    done(await call("POST", "identity/entity/batch-delete", { entity_ids: [third, fourth, "nobody"] }));
    assert.deepEqual(await now(), ["deny"]);
    done(await call("POST", "identity/lookup/entity", by));
    refused(await call("POST", "identity/entity/batch-delete", {}), 400, "missing entity ids to delete");
  });

  it("lose no change to another at the same time", async () => {
    const { id } = dataOf(await call("POST", "identity/entity", { name: "busy" }));
    const join = (at: number) => call("POST", "identity/group", { name: `busy${at}`, member_entity_ids: [id] });
    const joined = await Promise.all(Array.from({ length: 10 }, (_, at) => join(at)));
    assert.ok(joined.every(({ status }) => status === 200));
    assert.equal((await entity("busy")).group_ids.length, 10);
    const same = await Promise.all(Array.from({ length: 10 }, () => call("POST", "identity/entity", { name: "same" })));
    assert.deepEqual(same.map(({ status }) => status).sort(), [200, ...Array(9).fill(204)]);
  });

  it("do nothing when they are disabled or gone, with root tokens either", async () => {
    const { id } = dataOf(await call("POST", "identity/entity", { name: "dave" }));
    const root = await capabilitiesOf(id, "a", ["root"]);
    assert.deepEqual(await root(), ["root"]);
    done(await call("POST", "identity/entity/name/dave", { disabled: true }));
    assert.deepEqual(await root(), ["deny"]);
    const { core } = t.test;
    const { token, writes } = issueVaultToken(core, { ...wanted, entityId: id, policies: ["p"] }, core.clock.nowMs());
    await core.commit(writes);
    assert.equal((await call("GET", "sys/mounts", undefined, { "X-Vault-Token": token })).status, 403);
    const { additionalEventData } = (await t.test.auditEvents()).at(-1) as {
      additionalEventData: { vaultAcl: { reason: string; policies: string[] } };
    };
    const { reason, policies } = additionalEventData.vaultAcl;
    assert.deepEqual([reason, policies], ["entity", ["p"]]);
    done(await call("POST", "identity/entity/name/dave", { disabled: false }));
    assert.deepEqual(await root(), ["root"]);
    done(await call("DELETE", "identity/entity/name/dave"));
    assert.deepEqual(await root(), ["deny"]);
  });

  it("are made by the first login, and known again", async () => {
    done(
      await call("POST", "auth/approle/role/web", {
        policies: ["own"],
        bind_secret_id: false,
        bound_cidr_list: "127.0.0.0/8",
        secret_id_bound_cidrs: "127.0.0.0/8",
      }),
    );
    const { role_id } = dataOf(await call("GET", "auth/approle/role/web/role-id"));
    const logIn = () => callOpen(t, "auth/approle/login", { role_id });
    const first = (await logIn()).json.auth.entity_id;
    assert.equal((await logIn()).json.auth.entity_id, first);
    const found = dataOf(await call("GET", `identity/entity/id/${first}`));
    assert.deepEqual(
      [found.aliases.length, found.aliases[0].name, found.aliases[0].metadata],
      [1, role_id, { role_name: "web" }],
    );
    done(await call("POST", `identity/entity/id/${first}`, { policies: ["group"] }));
    const { policies, token_policies, identity_policies } = (await logIn()).json.auth;
    assert.deepEqual(
      [policies, token_policies, identity_policies],
      [["default", "group", "own"], ["default", "own"], ["group"]],
    );
    const many = await Promise.all(Array.from({ length: 4 }, logIn));
    assert.deepEqual(new Set(many.map(({ json }) => json.auth.entity_id)), new Set([first]));
    done(await call("POST", `identity/entity/id/${first}`, { disabled: true }));
    const answer = await logIn();
    assert.equal(answer.status, 403, answer.text);
    assert.deepEqual(answer.json.errors, ["permission denied"]);
    // At once, and all of them for the first time.
    await call("DELETE", `identity/entity/id/${first}`);
    const again = await Promise.all(Array.from({ length: 4 }, logIn));
    assert.equal(new Set(again.map(({ json }) => json.auth.entity_id)).size, 1);
  });
});
