import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { authMethods, secretsEngines } from "../src/mount-types.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

interface PathItem {
  readonly [member: string]: unknown;
  readonly parameters?: readonly { readonly name: string }[];
}

describe("sys/internal/specs/openapi", () => {
  let t: VaultTest;
  let paths: Readonly<Record<string, PathItem>>;

  before(async () => {
    t = await openVaultTest();
    const { status, json } = await t.call("GET", "sys/internal/specs/openapi", undefined, {});
    assert.equal(status, 200);
    assert.equal(json.openapi, "3.0.2");
    paths = json.paths;
  });
  after(() => t.close());

  it("describes every engine and auth method that can be mounted, and what is always there", () => {
    const described = new Set(Object.keys(paths).map((path) => path.split("/")[1]));
    for (const type of [...secretsEngines.keys(), ...authMethods.keys()]) {
      assert.ok(
        [...described].some((prefix) => prefix?.startsWith(`{${type}_`)),
        type,
      );
    }
    for (const prefix of ["sys", "identity", "auth"]) assert.ok(described.has(prefix), prefix);
  });

  it("names each parameter of a path once, with what a path takes and who may", () => {
    for (const [path, item] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.equal(new Set(named).size, named.length, path);
      assert.deepEqual((item.parameters ?? []).map(({ name }) => name).sort(), named.sort(), path);
    }
    const encrypt = paths["/{transit_mount_path}/encrypt/{name}"];
    assert.equal(encrypt?.["x-vault-createSupported"], true);
    assert.ok(Object.hasOwn(encrypt ?? {}, "post"));
    assert.equal(paths["/sys/audit/{path}"]?.["x-vault-sudo"], true);
    assert.equal(paths["/{approle_mount_path}/login"]?.["x-vault-unauthenticated"], true);
  });

  it("leaves an audit record like every request", async () => {
    const record = (await t.test.auditEvents()).find(({ eventName }) => eventName === "DescribeVaultApi");
    assert.ok(record !== undefined);
  });
});
