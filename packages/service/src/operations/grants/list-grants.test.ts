import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { allow, type TestUser } from "../../testing/core-test.ts";
import { GrantTest, otherAccount } from "../../testing/grant-test.ts";
import { createPrincipal, deletePrincipal } from "../admin/principals.ts";
import type { Page } from "../shared.ts";
import { createGrant } from "./create-grant.ts";
import { type ListedGrant, listGrants, listRetirableGrants } from "./list-grants.ts";

describe("the listings of grants", () => {
  let g: GrantTest;
  let users: readonly TestUser[];
  let made: readonly string[];
  before(async () => {
    g = await GrantTest.open();
    users = [await g.user(), await g.user()];
    const grantIds: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const grantee = users[n % 2]!.arn;
      const retiring = n < 5 ? users[1]!.arn : undefined;
      grantIds.push((await g.grant({ grantee, retiring })).grantId);
    }
    made = grantIds;
  });
  after(async () => {
    assert.deepEqual(g.t.test.bugs, []);
    await g.t.close();
  });

  async function collect(page: (marker: string | undefined) => Promise<Page<ListedGrant>>): Promise<string[]> {
    const found: string[] = [];
    let marker: string | undefined;
    do {
      const { items, nextMarker } = await page(marker);
      assert.ok(items.length <= 2);
      found.push(...items.map(({ grant }) => grant.grantId));
      marker = nextMarker;
    } while (marker !== undefined);
    return found;
  }

  it("give all grants of a key in pages, or those to one principal, or one", async () => {
    const list = (more: object) =>
      collect((marker) => g.t.run(listGrants, { keyId: g.keyArn, limit: 2, marker, ...more }));
    assert.deepEqual(await list({}), made.toSorted());
    assert.deepEqual(await list({ grantee: users[1]!.arn }), made.filter((_, n) => n % 2 === 1).toSorted());
    assert.deepEqual(await list({ grantee: "arn:aws:iam::000000000000:user/nobody" }), []);
    assert.deepEqual(await list({ grantId: made[3] }), [made[3]]);
    assert.deepEqual(await list({ grantId: made[3], grantee: users[0]!.arn }), []);
    assert.deepEqual(await list({ grantId: "ab" }), []);
    const bad = await g.t.fails(listGrants, { keyId: g.keyArn, grantId: "-" }, "InvalidInput");
    assert.equal(bad.kind, "grantId");
    const services = { keyId: g.keyArn, grantee: users[0]!.arn, granteeService: "s3.amazonaws.com" };
    await g.t.fails(listGrants, services, "InvalidInput");
  });

  it("take a marker where it was given out only", async () => {
    const { nextMarker: marker } = await g.t.run(listGrants, { keyId: g.keyArn, limit: 2 });
    await g.t.fails(listGrants, { keyId: g.keyArn, marker, grantee: users[0]!.arn }, "MarkerInvalid");
    await g.t.fails(listRetirableGrants, { retiring: users[1]!.arn, marker }, "MarkerInvalid");
  });

  it("of what a principal may retire are in its own account, with the key's ARN", async () => {
    const retiring = users[1]!.arn;
    const found = await collect((marker) => g.t.run(listRetirableGrants, { retiring, limit: 2, marker }));
    assert.deepEqual(found, made.slice(0, 5).toSorted());
    const [first] = (await g.t.run(listRetirableGrants, { retiring })).items;
    assert.equal(first?.keyArn, g.keyArn);
    const elsewhere = g.t.request({ region: "eu-west-1" });
    assert.deepEqual((await g.t.run(listRetirableGrants, { retiring }, elsewhere)).items, []);
    await g.t.fails(listRetirableGrants, { retiring }, "AccessDenied", g.foreignRoot());
    await g.t.fails(listRetirableGrants, { retiring }, "AccessDenied", await g.t.as(users[1]!));
    const allowed = allow("kms:ListRetirableGrants", { Resource: retiring });
    assert.equal(await g.t.tryAs([allowed], listRetirableGrants, { retiring }), "ok");
    const other = { retiring: "arn:aws:iam::000000000000:root" };
    assert.equal(await g.t.tryAs([allowed], listRetirableGrants, other), "AccessDenied");
    await g.t.fails(listRetirableGrants, {}, "InvalidInput");
    await g.t.fails(listRetirableGrants, { retiring: "bob" }, "InvalidInput");
    await g.t.fails(listRetirableGrants, { retiringService: "s3.amazonaws.com" }, "AccessDenied");
  });

  it("of what a principal may retire show grants on keys of other accounts", async () => {
    const { t } = g;
    const key = await t.newKey({}, g.foreignRoot());
    const { keyId } = key;
    const retiring = users[0]!.arn;
    const { grantId } = await t.run(
      createGrant,
      { keyId, grantee: retiring, retiring, operations: ["Encrypt"] },
      g.foreignRoot(),
    );
    const [found] = (await t.run(listRetirableGrants, { retiring })).items;
    assert.equal(found?.grant.grantId, grantId);
    assert.equal(found.keyArn, `arn:aws:kms:us-east-1:${otherAccount}:key/${keyId}`);
    assert.equal(found.grant.issuingAccount, otherAccount);
  });

  it("show a principal that is gone by its unique id, also when there is a new one of that name", async () => {
    const { t } = g;
    const { keyId } = await t.newKey();
    const { principal } = await t.run(createPrincipal, { kind: "role", name: "gone" });
    await g.grant({ keyId, grantee: principal.arn, retiring: principal.arn });
    const names = async () => {
      const [found] = (await t.run(listGrants, { keyId })).items;
      return [found?.grant.grantee, found?.grant.retiring];
    };
    assert.deepEqual(await names(), [principal.arn, principal.arn]);
    await t.run(deletePrincipal, { kind: "role", name: "gone" });
    assert.deepEqual(await names(), [principal.principalId, principal.principalId]);
    await t.run(createPrincipal, { kind: "role", name: "gone" });
    assert.deepEqual(await names(), [principal.principalId, principal.principalId]);
  });
});
