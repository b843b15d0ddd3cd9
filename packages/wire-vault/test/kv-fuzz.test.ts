import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { openKvTest } from "./kv-client.ts";
import type { VaultTest } from "./vault-client.ts";

/** Parameters of all endpoints of KV, with values of any kind. */
const names = [
  "after",
  "cas_required",
  "custom_metadata",
  "data",
  "delete_version_after",
  "depth",
  "limit",
  "list",
  "max_versions",
  "metadata_cas",
  "metadata_cas_required",
  "options",
  "scan",
  "ttl",
  "version",
  "versions",
  "__proto__",
  "x",
];
const value = fc.oneof(
  fc.jsonValue(),
  fc.integer(),
  fc.constantFrom("", "0", "-1", "1e99", "9223372036854775808", "1h", "-1s", "system", "999999999999h", null, [], {}, [
    [],
  ]),
  fc.record({ cas: fc.oneof(fc.integer(), fc.jsonValue()) }),
  fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 4 }),
);
const body = fc.option(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 }));
const place = fc.constantFrom(
  "data",
  "metadata",
  "detailed-metadata",
  "delete",
  "undelete",
  "destroy",
  "subkeys",
  "config",
  "",
);
const name = fc.oneof(
  fc.constantFrom("a", "b/c", "a/", "", "é", "%20", "%25"),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const query = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.constantFrom(...names), fc.string({ maxLength: 6 }))
    .map(([key, text]) => `?${key}=${encodeURIComponent(text)}`),
);
const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "LIST", "SCAN");

describe("KV and mounts with any input", () => {
  let vault: VaultTest;
  before(async () => {
    vault = await openKvTest();
  });
  after(() => vault.close());

  async function answers(verb: string, path: string, parameters: unknown): Promise<void> {
    const { status, text } = await vault.call(verb, path, parameters ?? undefined);
    assert.ok(status < 500, `${verb} ${path}: ${text}`);
    assert.deepEqual(vault.test.bugs, []);
  }

  it("never fails for itself below a mount", async () => {
    const request = fc.tuple(method, fc.constantFrom("secret", "plain", "cubbyhole"), place, name, query, body);
    await fc.assert(
      fc.asyncProperty(request, ([verb, mount, part, rest, asked, parameters]) =>
        answers(verb, [mount, part, rest].filter((text) => text !== "").join("/") + asked, parameters),
      ),
      { numRuns: 1500 },
    );
  });

  it("never fails for itself in the settings of mounts", async () => {
    const settings = fc.dictionary(
      fc.constantFrom(
        "config",
        "default_lease_ttl",
        "description",
        "from",
        "listing_visibility",
        "local",
        "max_lease_ttl",
        "options",
        "passthrough_request_headers",
        "plugin_name",
        "to",
        "token_type",
        "type",
        "user_lockout_config",
      ),
      fc.oneof(
        value,
        fc.constantFrom("kv", "kv-v2", "transit", "approle", "secret", "auth/x", "batch", { version: "2" }),
      ),
      { maxKeys: 5 },
    );
    const path = fc.constantFrom(
      "sys/mounts/secret/tune",
      "sys/mounts/new",
      "sys/auth/new",
      "sys/auth/new/tune",
      "sys/mounts/auth/token/tune",
      "sys/remount",
      "sys/mounts",
      "sys/auth",
      "sys/internal/ui/mounts/x",
      "sys/mounts/sys/tune",
    );
    await fc.assert(fc.asyncProperty(fc.constantFrom("GET", "POST", "DELETE"), path, settings, answers), {
      numRuns: 700,
    });
  });
});
