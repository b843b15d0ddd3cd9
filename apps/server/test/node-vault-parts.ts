import assert from "node:assert/strict";
import vault from "node-vault";
import type { VaultAccess } from "./vault-calls.ts";
import { base64 } from "./vault-conformance/scenario.ts";

type Part = (root: vault.client, other: (token?: string) => vault.client) => Promise<void>;

const readOnly = 'path "node-access/*" { capabilities = ["read"] }';

/** What a user's program with node-vault does, part by part; each throws at the first thing that is not as with Vault. */
const parts: ReadonlyMap<string, Part> = new Map<string, Part>([
  ["signatures", signatures],
  ["kv1", kv1],
  ["kv2", kv2],
  ["tokens", tokens],
  ["policies", policies],
  ["approle", approle],
  ["userpass", userpass],
  ["wrapping", wrapping],
]);

/** Runs a part. @throws {AssertionError} at the first thing that is not as with Vault */
export async function runNodeVault(part: string, { address, token }: VaultAccess): Promise<void> {
  const other = (own?: string) => vault({ endpoint: address, ...(own === undefined ? {} : { token: own }) });
  const run = parts.get(part);
  assert.ok(run !== undefined, part);
  await run(other(token), other);
}

async function refused(call: Promise<unknown>, statusCode: number, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    const { response, message: text } = error as vault.ApiResponseError;
    assert.equal(response?.statusCode, statusCode, text);
    assert.match(text, message);
    return true;
  });
}

async function signatures(root: vault.client): Promise<void> {
  await root.mount({ mount_point: "node-sign", type: "transit" });
  await root.write("node-sign/keys/k", { type: "ed25519" });
  const { signature } = (await root.write("node-sign/sign/k", { input: base64("hello") })).data;
  const verified = await root.write("node-sign/verify/k", { input: base64("hello"), signature });
  assert.equal(verified.data.valid, true);
  await root.unmount({ mount_point: "node-sign" });
}

async function kv1(root: vault.client): Promise<void> {
  await root.mount({ mount_point: "node-kv1", type: "kv", options: { version: "1" } });
  await root.write("node-kv1/app", { password: "hunter2" });
  assert.deepEqual((await root.read("node-kv1/app")).data, { password: "hunter2" });
  assert.deepEqual((await root.list("node-kv1")).data.keys, ["app"]);
  await root.delete("node-kv1/app");
  await refused(root.read("node-kv1/app"), 404, /Status 404/);
  await root.unmount({ mount_point: "node-kv1" });
}

async function kv2(root: vault.client): Promise<void> {
  await root.mount({ mount_point: "node-kv2", type: "kv", options: { version: "2" } });
  await root.write("node-kv2/data/app", { data: { password: "one" } });
  await root.write("node-kv2/data/app", { data: { password: "two" } });
  await root.update("node-kv2/data/app", { data: { user: "app" } });
  const { data } = await root.read("node-kv2/data/app");
  assert.deepEqual([data.data, data.metadata.version], [{ password: "two", user: "app" }, 3]);
  await root.destroySecretVersions({ mount_point: "node-kv2", path: "app", versions: [1] } as never);
  assert.equal((await root.read("node-kv2/metadata/app")).data.versions["1"].destroyed, true);
  await root.unmount({ mount_point: "node-kv2" });
}

async function tokens(root: vault.client, other: (token?: string) => vault.client): Promise<void> {
  await root.addPolicy({ name: "node-tokens", rules: readOnly, policy: readOnly } as never);
  // The client that makes a token goes on with it.
  const made = await other(root.token).tokenCreate({ policies: ["node-tokens"], ttl: "1h", meta: { a: "b" } as never });
  const own = other(made.auth.client_token);
  assert.deepEqual((await own.tokenLookupSelf()).data.meta, { a: "b" });
  assert.equal((await own.tokenRenewSelf({ increment: "2h" } as never)).auth.lease_duration, 7200);
  await refused(own.policies(), 403, /permission denied/);
  const { keys } = (await root.tokenAccessors()).data;
  assert.ok(keys.includes(made.auth.accessor));
  await own.tokenRevokeSelf();
  await refused(own.tokenLookupSelf(), 403, /permission denied/);
}

async function policies(root: vault.client): Promise<void> {
  await root.addPolicy({ name: "node-policy", policy: readOnly } as never);
  assert.equal((await root.getPolicy({ name: "node-policy" })).rules, readOnly);
  assert.ok((await root.policies()).policies.includes("node-policy"));
  await root.removePolicy({ name: "node-policy" });
  await refused(root.getPolicy({ name: "node-policy" }), 404, /Status 404/);
}

async function approle(root: vault.client, other: (token?: string) => vault.client): Promise<void> {
  await root.enableAuth({ mount_point: "node-approle", type: "approle" } as never);
  const at = { mount_point: "node-approle", role_name: "app" };
  await root.addApproleRole({ ...at, policies: "default", token_ttl: 1200 } as never);
  const role = await root.getApproleRoleId(at as never);
  const secret = await root.getApproleRoleSecret(at as never);
  const login = { mount_point: "node-approle", role_id: role.data.role_id, secret_id: secret.data.secret_id };
  const { auth } = await other().approleLogin(login as never);
  assert.deepEqual([auth.lease_duration, auth.metadata], [1200, { role_name: "app" }]);
  assert.equal((await other(auth.client_token).tokenLookupSelf()).data.path, "auth/node-approle/login");
  const wrong = other().approleLogin({ ...login, secret_id: "wrong" } as never);
  await refused(wrong, 400, /invalid role or secret ID/);
  await root.disableAuth({ mount_point: "node-approle" } as never);
}

async function userpass(root: vault.client, other: (token?: string) => vault.client): Promise<void> {
  await root.enableAuth({ mount_point: "node-userpass", type: "userpass" } as never);
  await root.write("auth/node-userpass/users/ada", { password: "correct horse", policies: "default" });
  const at = { mount_point: "node-userpass", username: "ada" };
  const { auth } = await other().userpassLogin({ ...at, password: "correct horse" } as never);
  assert.deepEqual(auth.metadata, { username: "ada" });
  await refused(other().userpassLogin({ ...at, password: "x" } as never), 400, /invalid username or password/);
  await root.disableAuth({ mount_point: "node-userpass" } as never);
}

async function wrapping(root: vault.client): Promise<void> {
  const wrapped = await root.write(
    "sys/wrapping/wrap",
    { hello: "world" },
    { headers: { "X-Vault-Wrap-TTL": "60", "X-Vault-Token": root.token } },
  );
  const { token } = wrapped.wrap_info;
  assert.deepEqual((await root.unwrap({ token })).data, { hello: "world" });
  await refused(root.unwrap({ token }), 400, /wrapping token is not valid or does not exist/);
}
