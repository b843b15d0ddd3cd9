import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateKeyCommand, EncryptCommand, ListKeysCommand } from "@aws-sdk/client-kms";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { component } from "@coffer/testkit";
import { kmsClient, stsClient } from "./aws-clients.ts";
import { awsParts, PythonClients } from "./python-clients.ts";
import { temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function document(...actions: readonly string[]): object {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
}

describe("coffer admin: roles and managed policies", () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("admin-access");
  const arn = (rest: string) => `arn:aws:iam::${server.credentials.account}:${rest}`;

  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function coffer(args: readonly string[], token = server.credentials.token): Ran {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, COFFER_ENDPOINT: server.url, COFFER_TOKEN: token };
    const ran = spawnSync(cofferPath, ["admin", ...args], { env, encoding: "utf8", timeout: 30_000 });
    return { status: ran.status, out: ran.stdout, err: ran.stderr };
  }

  function admin<T = unknown>(...args: string[]): T {
    const { status, out, err } = coffer([...args, "--json"]);
    assert.equal(status, 0, err);
    return JSON.parse(out) as T;
  }

  function file(content: unknown): string {
    const path = join(folder, "document.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  function refused(args: readonly string[], says: RegExp, token?: string): void {
    const { status, err } = coffer(args, token);
    assert.notEqual(status, 0, args.join(" "));
    assert.match(err, says);
  }

  function accessKey(user: string) {
    const made = admin<{ access_key_id: string; secret_access_key: string }>("create-access-key", user);
    return { accessKeyId: made.access_key_id, secretAccessKey: made.secret_access_key };
  }

  async function assume(role: string, caller: ReturnType<typeof accessKey>) {
    const command = new AssumeRoleCommand({ RoleArn: arn(`role/${role}`), RoleSessionName: "test" });
    const { Credentials: made } = await stsClient(server, caller).send(command);
    assert.ok(made?.AccessKeyId && made.SecretAccessKey && made.SessionToken);
    return {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    };
  }

  it("a role is assumed by whom it names, does what its policy says, and is refused beyond it", async () => {
    admin("create-user", "alice");
    admin("create-user", "mallory");
    admin("create-role", "reader", "--assumable-by", "user/alice", "--description", "reads");
    admin("create-managed-policy", "list-keys", file(document("kms:ListKeys")));
    const alice = accessKey("user/alice");
    const session = kmsClient(server, await assume("reader", alice));
    await assert.rejects(session.send(new ListKeysCommand({})), { name: "AccessDeniedException" });
    admin("attach-policy", "role/reader", "list-keys");
    await session.send(new ListKeysCommand({}));
    const { KeyMetadata } = await kmsClient(server).send(new CreateKeyCommand({}));
    const encrypt = new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from("x") });
    await kmsClient(server).send(encrypt);
    await assert.rejects(session.send(encrypt), { name: "AccessDeniedException" });
    await assert.rejects(assume("reader", accessKey("user/mallory")), { name: "AccessDenied" });

    assert.deepEqual(admin("list-attached-policies", "role/reader"), { policies: [arn("policy/list-keys")] });
    assert.deepEqual(admin("list-policy-principals", "list-keys"), { principals: [arn("role/reader")] });
    const described = admin<Record<string, unknown>>("describe", "role", "reader");
    assert.deepEqual([described["arn"], described["description"]], [arn("role/reader"), "reads"]);
    const [trusted] = (described["trust_policy"] as { Statement: [{ Principal: object }] }).Statement;
    assert.deepEqual(trusted.Principal, { AWS: [arn("user/alice")] });

    admin("detach-policy", "role/reader", "list-keys");
    await assert.rejects(session.send(new ListKeysCommand({})), { name: "AccessDeniedException" });
    admin("set-trust", "reader", "--assumable-by", "user/mallory");
    await assert.rejects(assume("reader", alice), { name: "AccessDenied" });
    const trust = { Effect: "Allow", Principal: { AWS: arn("user/alice") }, Action: "sts:AssumeRole" };
    admin("set-trust", "reader", "--trust", file({ Version: "2012-10-17", Statement: [trust] }));
    await assume("reader", alice);
  });

  it("the default version of a policy is the one that applies", async () => {
    admin("create-user", "vera");
    admin("create-managed-policy", "vera", file(document("kms:ListAliases")));
    admin("attach-policy", "user/vera", arn("policy/vera"));
    const kms = kmsClient(server, accessKey("user/vera"));
    const list = () => kms.send(new ListKeysCommand({}));
    await assert.rejects(list(), { name: "AccessDeniedException" });
    const made = admin<{ version: number; is_default: boolean }>(
      "create-policy-version",
      "vera",
      file(document("kms:ListKeys")),
    );
    assert.deepEqual([made.version, made.is_default], [2, false]);
    await assert.rejects(list(), { name: "AccessDeniedException" });
    admin("set-default-policy-version", "vera", "v2");
    await list();
    refused(["delete-managed-policy", "vera"], /attached to entities.*principals/);
    refused(["delete-policy-version", "vera", "2"], /default version/);
    refused(["get-policy-version", "vera", "9"], /v9 does not exist.*versions/);
    const { versions } = admin<{ versions: { version: number }[] }>("list-policy-versions", "vera");
    assert.deepEqual(
      versions.map(({ version }) => version),
      [2, 1],
    );
    admin("delete-policy-version", "vera", "1");
    admin("create-policy-version", "vera", file(document("kms:ListAliases")), "--set-default");
    await assert.rejects(list(), { name: "AccessDeniedException" });
    admin("delete-policy-version", "vera", "2");
    admin("detach-policy", "user/vera", "vera");
    assert.equal(admin<{ attachments: number }>("get-managed-policy", "vera").attachments, 0);
    admin("delete-managed-policy", "vera");
    refused(["get-managed-policy", "vera"], /policy\/vera.*GET \/admin\/managed-policies lists/);
  });

  it("a boundary takes away what it does not allow, and gives it back when it goes", async () => {
    admin("create-user", "ben");
    admin("attach-policy", "user/ben", "arn:aws:iam::aws:policy/AdministratorAccess");
    const kms = kmsClient(server, accessKey("user/ben"));
    await kms.send(new ListKeysCommand({}));
    admin("create-managed-policy", "aliases-only", file(document("kms:ListAliases")));
    admin("set-boundary", "user/ben", "aliases-only");
    await assert.rejects(kms.send(new ListKeysCommand({})), { name: "AccessDeniedException" });
    assert.equal(admin<{ boundary: string }>("describe", "user", "ben").boundary, arn("policy/aliases-only"));
    admin("delete-boundary", "user/ben");
    await kms.send(new ListKeysCommand({}));
    const scoped = admin<{ policies: { name: string }[] }>("list-managed-policies", "--scope", "aws");
    assert.ok(scoped.policies.some(({ name }) => name === "AdministratorAccess"));
    assert.ok(!scoped.policies.some(({ name }) => name === "aliases-only"));
  });

  it("identity providers come and go", () => {
    const url = "https://issuer.example/team";
    const made = admin<{ arn: string }>("create-identity-provider", url, "--audience", "a", "--audience", "b");
    assert.equal(made.arn, arn("oidc-provider/issuer.example/team"));
    const { providers } = admin<{ providers: { url: string; audiences: string[] }[] }>("list-identity-providers");
    assert.deepEqual(
      providers.map((provider) => [provider.url, provider.audiences]),
      [[url, ["a", "b"]]],
    );
    admin("delete-identity-provider", url);
    refused(["delete-identity-provider", url], /GET \/admin\/identity-providers lists them/);
    refused(["create-identity-provider", "http://issuer.example"], /Invalid Open ID Connect Provider URL/);
  });

  const skip = python.available ? false : python.reason;
  it("finds a role by its name whatever its path is, which IAM's own API gave it", { skip }, async (test) => {
    assert.ok(python.available);
    const clients = new PythonClients(python.path);
    test.after(() => clients.close());
    const trust = { Effect: "Allow", Principal: { AWS: arn("root") }, Action: "sts:AssumeRole" };
    await clients.aws(awsParts(server, "iam"), "create_role", {
      RoleName: "deep",
      Path: "/team/",
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    });
    assert.equal(admin<{ arn: string }>("describe", "role", "deep").arn, arn("role/team/deep"));
    const policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    admin("attach-policy", "role/deep", policy);
    assert.deepEqual(admin("list-attached-policies", arn("role/team/deep")), { policies: [policy] });
  });

  it("takes ARNs with a path, and tells whom there is not", () => {
    refused(["attach-policy", arn("user/team/none"), "list-keys"], /there is no principal .*user\/team\/none/);
    refused(["describe", "role", "none"], /there is no principal .*role\/none.*GET \/admin\/principals/);
  });

  it("asks for IAM's actions", () => {
    admin("create-user", "clerk");
    const { token } = admin<{ token: string }>("create-token", "user/clerk");
    const policy = file(document("kms:*"));
    const cases: [string[], string][] = [
      [["create-role", "r", "--assumable-by", "root"], "iam:CreateRole"],
      [["set-trust", "reader", "--assumable-by", "root"], "iam:UpdateAssumeRolePolicy"],
      [["describe", "role", "reader"], "iam:GetRole"],
      [["create-managed-policy", "p", policy], "iam:CreatePolicy"],
      [["list-managed-policies"], "iam:ListPolicies"],
      [["get-managed-policy", "list-keys"], "iam:GetPolicy"],
      [["list-policy-principals", "list-keys"], "iam:ListEntitiesForPolicy"],
      [["delete-managed-policy", "list-keys"], "iam:DeletePolicy"],
      [["create-policy-version", "list-keys", policy], "iam:CreatePolicyVersion"],
      [["list-policy-versions", "list-keys"], "iam:ListPolicyVersions"],
      [["get-policy-version", "list-keys", "1"], "iam:GetPolicyVersion"],
      [["set-default-policy-version", "list-keys", "1"], "iam:SetDefaultPolicyVersion"],
      [["delete-policy-version", "list-keys", "1"], "iam:DeletePolicyVersion"],
      [["attach-policy", "user/clerk", "list-keys"], "iam:AttachUserPolicy"],
      [["detach-policy", "role/reader", "list-keys"], "iam:DetachRolePolicy"],
      [["list-attached-policies", "user/clerk"], "iam:ListAttachedUserPolicies"],
      [["set-boundary", "user/clerk", "list-keys"], "iam:PutUserPermissionsBoundary"],
      [["delete-boundary", "role/reader"], "iam:DeleteRolePermissionsBoundary"],
      [["create-identity-provider", "https://x.example"], "iam:CreateOpenIDConnectProvider"],
      [["list-identity-providers"], "iam:ListOpenIDConnectProviders"],
      [["delete-identity-provider", "https://x.example"], "iam:DeleteOpenIDConnectProvider"],
    ];
    for (const [args, action] of cases) refused(args, new RegExp(`the action ${action} on`), token);
  });

  it("says what is wrong and what to do", () => {
    const policy = file(document("kms:*"));
    refused(["create-role", "r", "--trust", policy, "--assumable-by", "root"], /not both/);
    refused(["set-trust", "reader"], /--trust FILE, or --assumable-by PRINCIPAL/);
    refused(["set-trust", "reader", "--assumable-by", "alice"], /write user\/NAME, role\/NAME, root, or an ARN/);
    refused(["create-managed-policy", "p", join(folder, "none.json")], /cannot read .*ENOENT/);
    refused(["attach-policy", "user/alice", "none"], /policy\/none/);
    refused(["attach-policy", "user/alice", "not one"], /write NAME, PATH\/NAME, or an ARN/);
    refused(["get-policy-version", "list-keys", "latest"], /such as 2 or v2/);
    writeFileSync(policy, "{");
    refused(["create-managed-policy", "p", policy], /is not JSON: write a policy document/);
  });

  it("shows an example in the help of every command", () => {
    assert.match(coffer(["create-role", "--help"]).out, /^Example: coffer admin create-role reader --assumable-by/m);
  });
});
