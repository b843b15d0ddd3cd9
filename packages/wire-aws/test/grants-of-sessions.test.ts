import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SigningCredentials } from "@coffer/sigv4";
import { type AwsTest, base64, document, openAws, QueryClient } from "./aws-client.ts";

const account = "000000000000";
const trustAccount = { Principal: { AWS: account } };
const mayAssume = { Effect: "Allow", Action: "sts:*", Resource: "*" };
const mayDescribe = { Effect: "Allow", Action: "kms:DescribeKey", Resource: "*" };
const mayEncrypt = { Effect: "Allow", Action: "kms:Encrypt", Resource: "*" };

describe("grants of sessions", () => {
  let aws: AwsTest;
  let client: QueryClient;
  let alice: SigningCredentials & { readonly arn: string };

  before(async () => {
    aws = await openAws();
    client = new QueryClient(aws);
    alice = await client.newUser("alice", mayAssume);
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  /** `ok`, or the type of the refusal. */
  async function encrypt(
    as: SigningCredentials,
    KeyId: string,
    more: object = {},
    region = "us-east-1",
  ): Promise<string> {
    const input = { KeyId, Plaintext: base64("x"), ...more };
    const answer = await aws.call("Encrypt", input, { as, scope: { region } });
    return answer.status === 200 ? "ok" : String(answer.json["__type"]);
  }

  const grant = async (KeyId: string, GranteePrincipal: string) =>
    aws.ok("CreateGrant", { KeyId, GranteePrincipal, Operations: ["Encrypt"] });

  it("a role's grant holds for its sessions, until it is revoked", async () => {
    const role = await client.newRole("granted", trustAccount);
    const session = await client.assume(role, alice);
    const { KeyId } = await aws.createKey();
    assert.equal(await encrypt(session, KeyId), "AccessDeniedException");
    const { GrantId } = await grant(KeyId, role);
    assert.equal(await encrypt(session, KeyId), "ok");
    assert.equal(await encrypt(alice, KeyId), "AccessDeniedException");
    await aws.ok("RevokeGrant", { KeyId, GrantId });
    assert.equal(await encrypt(session, KeyId), "AccessDeniedException");
  });

  it("a role made anew under the same name has nothing of the old one's grants", async () => {
    const role = await client.newRole("again", trustAccount);
    const { KeyId } = await aws.createKey();
    await grant(KeyId, role);
    assert.equal(await encrypt(await client.assume(role, alice), KeyId), "ok");
    await client.ok("iam", "DeleteRole", { RoleName: "again" });
    assert.equal(await client.newRole("again", trustAccount), role);
    assert.equal(await encrypt(await client.assume(role, alice), KeyId), "AccessDeniedException");
  });

  it("a grant of one session is not another's of the same role", async () => {
    const role = await client.newRole("sessions", trustAccount);
    const { KeyId } = await aws.createKey();
    await grant(KeyId, `arn:aws:sts::${account}:assumed-role/sessions/one`);
    const [one, two] = [
      await client.assume(role, alice, { RoleSessionName: "one" }),
      await client.assume(role, alice, { RoleSessionName: "two" }),
    ];
    assert.deepEqual([await encrypt(one, KeyId), await encrypt(two, KeyId)], ["ok", "AccessDeniedException"]);
  });

  it("a session policy or boundary without the action is stronger than a grant", async () => {
    const role = await client.newRole("narrow", trustAccount);
    const { KeyId } = await aws.createKey();
    await grant(KeyId, role);
    const narrowed = await client.assume(role, alice, { Policy: document(mayDescribe) });
    assert.equal(await encrypt(narrowed, KeyId), "AccessDeniedException");
    const wide = await client.assume(role, alice, { Policy: document(mayEncrypt) });
    assert.equal(await encrypt(wide, KeyId), "ok");
    const made = await client.ok("iam", "CreatePolicy", { PolicyName: "edge", PolicyDocument: document(mayDescribe) });
    const PermissionsBoundary = made.get("Arn") ?? "";
    await client.ok("iam", "PutRolePermissionsBoundary", { RoleName: "narrow", PermissionsBoundary });
    assert.equal(await encrypt(wide, KeyId), "AccessDeniedException");
  });

  it("a grant is of one key and region, whatever its token says", async () => {
    const role = await client.newRole("keyed", trustAccount);
    const session = await client.assume(role, alice);
    const [first, second] = [await aws.createKey({ MultiRegion: true }), await aws.createKey()];
    const { GrantToken } = await grant(first.KeyId, role);
    await aws.ok("ReplicateKey", { KeyId: first.KeyId, ReplicaRegion: "eu-west-1" });
    const GrantTokens = [GrantToken];
    assert.equal(await encrypt(session, first.KeyId, { GrantTokens }), "ok");
    assert.equal(await encrypt(session, second.KeyId, { GrantTokens }), "AccessDeniedException");
    assert.equal(await encrypt(session, first.KeyId, { GrantTokens }, "eu-west-1"), "AccessDeniedException");
  });

  it("an explicit Deny is stronger than a grant, and so is a disabled key", async () => {
    const role = await client.newRole("denied", trustAccount, { ...mayEncrypt, Effect: "Deny" });
    const { KeyId } = await aws.createKey();
    await grant(KeyId, role);
    assert.equal(await encrypt(await client.assume(role, alice), KeyId), "AccessDeniedException");
    const free = await client.newRole("free", trustAccount);
    await grant(KeyId, free);
    const session = await client.assume(free, alice);
    assert.equal(await encrypt(session, KeyId), "ok");
    await aws.ok("DisableKey", { KeyId });
    assert.equal(await encrypt(session, KeyId), "DisabledException");
  });
});
