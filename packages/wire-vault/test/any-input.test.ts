import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { mountAuth } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

/** What the published document says of one path: its parameters' names, and its operations. */
interface PathItem {
  readonly [method: string]: {
    readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly properties?: object } }> };
    readonly parameters?: readonly { readonly name: string }[];
  };
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "LIST", "SCAN", "HEAD", "OPTIONS", "TRACE"];
const names = ["a", "A", "default", "root", "rsa", "x y", "%00", "%2e%2e", "..", "a/b", "é", "__proto__", "%", "a%2Fb"];
const hostile: readonly unknown[] = [
  ...[
    "",
    "a",
    "root",
    "-1",
    "1h",
    "9223372036854775808",
    "1e99",
    "\u0000",
    "é",
    "AAAA",
    "a=b",
    "127.0.0.1/33",
    "{",
    "[]",
  ],
  ...[
    "999999999999h",
    "vault:v1:AAAA",
    "vault:v9999999999:AAAA",
    "-----BEGIN CERTIFICATE-----\nAA\n",
    "hmac",
    "\ud800",
  ],
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    1e300,
    [],
    {},
    [[]],
    [null],
    [""],
    ["a", 1],
    { a: 1 },
    { a: { b: [] } },
  ],
  ...[{ __proto__x: 1 }, [{}], [{ input: 1 }], [{ plaintext: "!" }], [{ ciphertext: "vault:v1:" }], { a: null }],
];

const runs = 3000;

/** Where the mount types of the document are. */
const mounts = new Map([
  ...["approle", "userpass", "jwt", "kubernetes", "cert"].map((type) => [type, `auth/${type}`] as const),
  ["kv_v1", "plain"] as const,
  ["kv_v2", "secret"] as const,
]);

/** They would end the caller's token, and with it the test. */
const endings: ReadonlySet<string> = new Set(["/auth/token/revoke-self", "/sys/seal"]);

describe("every published path with any input", () => {
  let vault: VaultTest;
  const routes: { readonly path: string; readonly fields: readonly string[]; readonly verbs: readonly string[] }[] = [];

  before(async () => {
    vault = await openVaultTest();
    for (const type of ["approle", "userpass", "jwt", "kubernetes", "cert"]) await mountAuth(vault, type);
    await vault.call("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } });
    await vault.call("POST", "sys/mounts/plain", { type: "kv" });
    await vault.call("POST", "transit/keys/a", { exportable: true, allow_plaintext_backup: true });
    await vault.call("POST", "transit/keys/rsa", { type: "ed25519" });
    await vault.call("POST", "auth/approle/role/a", {});
    await vault.call("POST", "auth/userpass/users/a", { password: "a" });
    await vault.call("POST", "auth/token/roles/a", {});
    await vault.call("POST", "identity/entity", { name: "a" });
    await vault.call("POST", "identity/group", { name: "a" });
    const { status, json } = await vault.call("GET", "sys/internal/specs/openapi");
    assert.equal(status, 200);
    for (const [path, item] of Object.entries(json.paths as Record<string, PathItem>)) {
      const fields = new Set<string>();
      for (const operation of Object.values(item)) {
        const properties = operation.requestBody?.content["application/json"]?.schema.properties ?? {};
        for (const name of Object.keys(properties)) fields.add(name);
        for (const { name } of operation.parameters ?? []) fields.add(name);
      }
      const mounted = path.replace(/\{(\w+)_mount_path\}/, (_, type: string) => mounts.get(type) ?? type);
      const verbs = methods.filter((verb) =>
        verb === "LIST" ? fields.has("list") : Object.hasOwn(item, verb.toLowerCase()),
      );
      if (!endings.has(path)) routes.push({ path: mounted.slice(1), fields: [...fields], verbs });
    }
    assert.ok(routes.length > 150, `${routes.length}`);
  });
  after(() => vault.close());

  it("never fails for itself, and answers JSON", async () => {
    const request = fc.nat(routes.length - 1).chain((at) => {
      const { path, fields, verbs } = routes[at]!;
      const value = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...hostile) }, fc.jsonValue({ maxDepth: 2 }));
      const known = fields.length === 0 ? ["x"] : fields;
      return fc.record({
        path: fc
          .array(fc.oneof({ weight: 8, arbitrary: fc.constant("a") }, fc.constantFrom(...names)), {
            minLength: 6,
            maxLength: 6,
          })
          .map((given) => {
            let next = 0;
            return path.replace(/\{[^}]*\}/g, () => given[next++ % given.length]!);
          }),
        method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...verbs) }, fc.constantFrom(...methods)),
        body: fc.option(fc.dictionary(fc.constantFrom(...known), value, { maxKeys: 5 })),
        query: fc.option(
          fc.tuple(fc.constantFrom(...known, "list", "scan"), fc.constantFrom("", "true", "-1", "x", "1")),
        ),
        wrap: fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, fc.constantFrom("60", "-1", "x", "1e9h")),
      });
    });
    const failures: string[] = [];
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ path, method, body, query, wrap }) => {
        const asked = query === null ? path : `${path}?${query[0]}=${query[1]}`;
        const { status, text } = await vault.call(method, asked, body ?? undefined, {
          "X-Vault-Token": vault.test.root.token,
          ...(method === "PATCH" ? { "Content-Type": "application/merge-patch+json" } : {}),
          ...(wrap === undefined ? {} : { "X-Vault-Wrap-TTL": wrap }),
        });
        if (status < 300) reached += 1;
        const problems = vault.test.bugs.splice(0);
        if (status < 500 && problems.length === 0) return;
        failures.push(
          [method, asked, JSON.stringify(body), status, text, ...problems.map((problem) => inspect(problem))].join(" "),
        );
      }),
      { numRuns: runs },
    );
    assert.deepEqual(failures.slice(0, 10), []);
    // What nobody gets through to is not tried.
    assert.ok(reached > runs / 10, `${reached}`);
  });
});
