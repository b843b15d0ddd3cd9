import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openTestCore, type TestCore } from "@coffer/testkit";
import { ServiceError } from "../errors.ts";
import { disableMount, enableMount } from "../operations/mounts/mount-operations.ts";
import { execute } from "../pipeline/execute.ts";
import type { Store } from "../ports/store.ts";
import { MountDirectory } from "./mount-directory.ts";

describe("mount directory", () => {
  let test: TestCore;
  let listings: number;

  beforeEach(async () => {
    listings = 0;
    test = await openTestCore({
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name: keyof Store) {
            if (name === "listMounts") listings += 1;
            const member = target[name];
            return typeof member === "function" ? member.bind(target) : member;
          },
        }),
    });
  });
  afterEach(() => test.close());

  const enable = (path: string) => execute(test.core, enableMount, { path, type: "transit" }, test.request());
  async function match(path: string) {
    const found = await test.core.mounts.match(path);
    return found === undefined ? undefined : [found.mount.path, found.rest];
  }

  it("finds the mount that a path lies on, whole segments only", async () => {
    await enable("transit");
    await enable("team/one");
    assert.deepEqual(await match("transit/keys/k"), ["transit", "keys/k"]);
    assert.deepEqual(await match("transit"), ["transit", ""]);
    assert.deepEqual(await match("team/one/keys"), ["team/one", "keys"]);
    for (const path of ["", "trans", "transitive/keys", "team", "team/on", "/transit"]) {
      assert.equal(await match(path), undefined, path);
    }
  });

  it("reads the store once, and again after a change", async () => {
    await enable("transit");
    await match("transit/a");
    const before = listings;
    await match("transit/b");
    await match("nowhere/b");
    assert.equal(listings, before);
    await execute(test.core, disableMount, { path: "transit" }, test.request());
    assert.equal(await match("transit/a"), undefined);
    await enable("transit");
    assert.deepEqual(await match("transit/a"), ["transit", "a"]);
  });

  it("does not keep what was read before a change that came meanwhile", async () => {
    const { store } = test.core;
    const read = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    // Reads the mounts, and gives them only after the change.
    const late = {
      async listMounts(after: string | undefined, limit: number) {
        const mounts = await store.listMounts(after, limit);
        read.resolve();
        await release.promise;
        return mounts;
      },
    };
    const directory = new MountDirectory(late as unknown as Store, []);
    const early = directory.match("two/x");
    await read.promise;
    const { mount } = await enable("two");
    directory.forget([{ op: "insert", table: "mounts", row: mount }]);
    release.resolve();
    assert.equal(await early, undefined);
    assert.equal((await directory.match("two/x"))?.mount.path, "two");
  });

  it("lets no mount lie under another, and none reach keys of services", async () => {
    await enable("a/b");
    for (const path of ["a", "a/b", "a/b/c"]) {
      await assert.rejects(
        enable(path),
        (error) => error instanceof ServiceError && error.code === "AlreadyExists",
        path,
      );
    }
    for (const path of [
      "aws",
      "aws/s3",
      "sys",
      "",
      "/a",
      "x//y",
      "x/",
      "x/../y",
      ".x",
      "x y",
      "é",
      "auth",
      "auth/",
      "auth/.x",
    ]) {
      await assert.rejects(
        enable(path),
        (error) => error instanceof ServiceError && error.code === "InvalidInput",
        path,
      );
    }
    await enable("a/bc");
    await enable("awsome");
  });
});
