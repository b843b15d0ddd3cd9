import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { type AwsTest, document, openAws, QueryClient } from "./aws-client.ts";

const account = "000000000000";
const keys = { Effect: "Allow", Action: "kms:*", Resource: "*" };
const trust = document({ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" });
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

describe("IAM", () => {
  let aws: AwsTest;
  let client: QueryClient;

  before(async () => {
    aws = await openAws();
    client = new QueryClient(aws);
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const ok = (action: string, fields?: Record<string, string>) => client.ok("iam", action, fields);

  async function refused(action: string, fields: Record<string, string>, outcome: string, message: RegExp) {
    const answer = await client.iam(action, fields);
    assert.equal(answer.outcome, outcome, answer.text);
    assert.match(answer.get("Message") ?? "", message);
  }

  it("makes, shows, tags, lists and deletes a user", async () => {
    const tags = { "Tags.member.1.Key": "team", "Tags.member.1.Value": "red" };
    const made = await ok("CreateUser", { UserName: "alice", Path: "/staff/", ...tags });
    assert.equal(made.get("Arn"), `arn:aws:iam::${account}:user/staff/alice`);
    assert.match(made.get("UserId") ?? "", /^AIDA[A-Z2-7]{16}$/);
    assert.match(made.text, /^<CreateUserResponse xmlns="https:\/\/iam\.amazonaws\.com\/doc\/2010-05-08\/">/);
    assert.match(made.get("CreateDate") ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await refused(
      "CreateUser",
      { UserName: "alice" },
      "409 EntityAlreadyExists",
      /^User with name alice already exists\.$/,
    );
    await ok("TagUser", { UserName: "alice", "Tags.member.1.Key": "Team", "Tags.member.1.Value": "blue" });
    assert.deepEqual((await ok("ListUserTags", { UserName: "alice" })).all("Value"), ["blue"]);
    await ok("UntagUser", { UserName: "alice", "TagKeys.member.1": "TEAM" });
    assert.equal((await ok("GetUser", { UserName: "alice" })).text.includes("<Tags>"), false);
    assert.deepEqual((await ok("ListUsers", { PathPrefix: "/staff/" })).all("UserName"), ["alice"]);
    assert.deepEqual((await ok("ListUsers", { PathPrefix: "/other/" })).all("UserName"), []);
    await ok("DeleteUser", { UserName: "alice" });
    await refused("GetUser", { UserName: "alice" }, "404 NoSuchEntity", /^The user with name alice cannot be found\.$/);
  });

  it("keeps users from being deleted with keys or policies", async () => {
    await ok("CreateUser", { UserName: "kept" });
    const key = (await ok("CreateAccessKey", { UserName: "kept" })).get("AccessKeyId") ?? "";
    const remove = (message: RegExp) => refused("DeleteUser", { UserName: "kept" }, "409 DeleteConflict", message);
    await remove(/^Cannot delete entity, must delete access keys first\.$/);
    await ok("DeleteAccessKey", { UserName: "kept", AccessKeyId: key });
    await client.setPolicy("User", "kept", keys);
    await remove(/^Cannot delete entity, must delete policies first\.$/);
    await ok("DeleteUserPolicy", { UserName: "kept", PolicyName: "test" });
    await ok("AttachUserPolicy", { UserName: "kept", PolicyArn: administrator });
    await remove(/^Cannot delete entity, must detach all policies first\.$/);
    await ok("DetachUserPolicy", { UserName: "kept", PolicyArn: administrator });
    await ok("DeleteUser", { UserName: "kept" });
  });

  it("gives access keys that work until they are inactive or deleted", async () => {
    const user = await client.newUser("keys", keys);
    const status = async () => (await aws.call("ListKeys", {}, { as: user })).status;
    assert.equal(await status(), 200);
    const update = { UserName: "keys", AccessKeyId: user.accessKeyId };
    await ok("UpdateAccessKey", { ...update, Status: "Inactive" });
    assert.equal(await status(), 400);
    assert.deepEqual((await ok("ListAccessKeys", { UserName: "keys" })).all("Status"), ["Inactive"]);
    await ok("UpdateAccessKey", { ...update, Status: "Active" });
    assert.equal(await status(), 200);
    await refused("DeleteAccessKey", { ...update, UserName: "kez" }, "404 NoSuchEntity", /cannot be found\.$/);
    await ok("CreateAccessKey", { UserName: "keys" });
    await refused(
      "CreateAccessKey",
      { UserName: "keys" },
      "409 LimitExceeded",
      /^Cannot exceed quota for AccessKeysPerUser: 2$/,
    );
    await ok("DeleteAccessKey", update);
    assert.equal(await status(), 400);
  });

  it("makes, shows, changes and deletes a role, with its documents URL-encoded", async () => {
    const role = {
      RoleName: "app",
      AssumeRolePolicyDocument: trust,
      Description: "the app's",
      MaxSessionDuration: "7200",
    };
    const made = await ok("CreateRole", role);
    assert.equal(decodeURIComponent(made.get("AssumeRolePolicyDocument") ?? ""), trust);
    assert.match(made.get("AssumeRolePolicyDocument") ?? "", /^%7B%22Version%22%3A/);
    assert.deepEqual([made.get("MaxSessionDuration"), made.get("Description")], ["7200", "the app&apos;s"]);
    await client.setPolicy("Role", "app", keys);
    const shown = await ok("GetRolePolicy", { RoleName: "app", PolicyName: "test" });
    assert.equal(decodeURIComponent(shown.get("PolicyDocument") ?? ""), document(keys));
    assert.deepEqual((await ok("ListRolePolicies", { RoleName: "app" })).all("member"), ["test"]);
    await ok("UpdateRole", { RoleName: "app", Description: "new" });
    assert.equal((await ok("GetRole", { RoleName: "app" })).get("Description"), "new");
    assert.deepEqual((await ok("ListInstanceProfilesForRole", { RoleName: "app" })).get("IsTruncated"), "false");
    await ok("DeleteRolePolicy", { RoleName: "app", PolicyName: "test" });
    await ok("DeleteRole", { RoleName: "app" });
    await refused("GetRole", { RoleName: "app" }, "404 NoSuchEntity", /^The role with name app cannot be found\.$/);
  });

  it("refuses malformed policies by name and reason", async () => {
    await ok("CreateUser", { UserName: "malformed" });
    const put = (PolicyDocument: string) => ({ UserName: "malformed", PolicyName: "p", PolicyDocument });
    await refused("PutUserPolicy", put("{"), "400 MalformedPolicyDocument", /invalid JSON/);
    await refused(
      "PutUserPolicy",
      put(document({ ...keys, Effect: "Perhaps" })),
      "400 MalformedPolicyDocument",
      /Effect/,
    );
    const role = { RoleName: "malformed", AssumeRolePolicyDocument: document(keys) };
    await refused("CreateRole", role, "400 MalformedPolicyDocument", /Principal/);
  });

  it("keeps versions of managed policies, of which the default one holds at once", async () => {
    const user = await client.newUser("versions");
    const allowed = async () => (await aws.call("ListKeys", {}, { as: user })).status === 200;
    const made = await ok("CreatePolicy", { PolicyName: "list", Path: "/p/", PolicyDocument: document(keys) });
    const PolicyArn = made.get("Arn") ?? "";
    assert.equal(PolicyArn, `arn:aws:iam::${account}:policy/p/list`);
    assert.equal(await allowed(), false);
    await ok("AttachUserPolicy", { UserName: "versions", PolicyArn });
    await ok("AttachUserPolicy", { UserName: "versions", PolicyArn });
    assert.equal(await allowed(), true);
    assert.equal((await ok("GetPolicy", { PolicyArn })).get("AttachmentCount"), "1");
    const deny = document({ ...keys, Effect: "Deny" });
    await ok("CreatePolicyVersion", { PolicyArn, PolicyDocument: deny });
    assert.equal(await allowed(), true);
    await ok("SetDefaultPolicyVersion", { PolicyArn, VersionId: "v2" });
    assert.equal(await allowed(), false);
    const shown = await ok("GetPolicyVersion", { PolicyArn, VersionId: "v2" });
    assert.deepEqual([decodeURIComponent(shown.get("Document") ?? ""), shown.get("IsDefaultVersion")], [deny, "true"]);
    await refused("DeletePolicyVersion", { PolicyArn, VersionId: "v2" }, "409 DeleteConflict", /default version/);
    await refused(
      "DeletePolicy",
      { PolicyArn },
      "409 DeleteConflict",
      /^Cannot delete a policy attached to entities\.$/,
    );
    assert.deepEqual((await ok("ListEntitiesForPolicy", { PolicyArn })).all("UserName"), ["versions"]);
    await ok("DetachUserPolicy", { UserName: "versions", PolicyArn });
    await refused("DeletePolicy", { PolicyArn }, "409 DeleteConflict", /more than one version/);
    await ok("DeletePolicyVersion", { PolicyArn, VersionId: "v1" });
    await ok("DeletePolicy", { PolicyArn });
    await refused("GetPolicy", { PolicyArn }, "404 NoSuchEntity", /was not found\.$/);
    await refused("AttachUserPolicy", { UserName: "versions", PolicyArn }, "404 NoSuchEntity", /not attachable/);
  });

  it("has the policies of AWS that mean something here", async () => {
    const user = await client.newUser("power");
    await ok("AttachUserPolicy", {
      UserName: "power",
      PolicyArn: "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser",
    });
    assert.equal((await aws.call("CreateKey", {}, { as: user })).status, 200);
    assert.equal((await aws.call("ListKeys", {}, { as: user })).status, 200);
    assert.equal((await client.iam("ListPolicies", {}, user)).outcome, "403 AccessDenied");
    const listed = await ok("ListPolicies", { Scope: "AWS", OnlyAttached: "true" });
    assert.deepEqual(listed.all("PolicyName"), ["AWSKeyManagementServicePowerUser"]);
    assert.match(
      (await ok("GetPolicyVersion", { PolicyArn: administrator, VersionId: "v1" })).get("Document") ?? "",
      /%22Action%22%3A%22%2A%22/,
    );
    await refused("DeletePolicy", { PolicyArn: administrator }, "404 NoSuchEntity", /was not found/);
  });

  it("pages every listing", async () => {
    for (const name of ["pa", "pb", "pc"]) {
      await ok("CreateRole", { RoleName: name, Path: "/paged/", AssumeRolePolicyDocument: trust });
      await ok("CreatePolicy", { PolicyName: name, Path: "/paged/", PolicyDocument: document(keys) });
      await ok("AttachRolePolicy", { RoleName: "pa", PolicyArn: `arn:aws:iam::${account}:policy/paged/${name}` });
      await ok("AttachRolePolicy", { RoleName: name, PolicyArn: administrator });
    }
    const pages: [string, Record<string, string>, string][] = [
      ["ListRoles", {}, "RoleName"],
      ["ListPolicies", {}, "PolicyName"],
      ["ListAttachedRolePolicies", { RoleName: "pa" }, "PolicyName"],
      ["ListEntitiesForPolicy", { PolicyArn: administrator }, "RoleName"],
    ];
    for (const [action, fields, element] of pages) {
      const whole = (await ok(action, fields)).all(element);
      assert.ok(whole.length >= 3, action);
      const seen: string[] = [];
      for (let marker: string | undefined = ""; marker !== undefined; ) {
        const page = await ok(action, { ...fields, MaxItems: "1", ...(marker === "" ? {} : { Marker: marker }) });
        assert.ok(page.all(element).length <= 1, action);
        seen.push(...page.all(element));
        marker = page.get("IsTruncated") === "true" ? page.get("Marker") : undefined;
      }
      assert.deepEqual(seen, whole, action);
    }
  });

  it("keeps identity providers", async () => {
    const made = await ok("CreateOpenIDConnectProvider", {
      Url: "https://issuer.example/id",
      "ClientIDList.member.1": "coffer",
      "ThumbprintList.member.1": "ab".repeat(20),
    });
    const OpenIDConnectProviderArn = made.get("OpenIDConnectProviderArn") ?? "";
    assert.equal(OpenIDConnectProviderArn, `arn:aws:iam::${account}:oidc-provider/issuer.example/id`);
    await ok("AddClientIDToOpenIDConnectProvider", { OpenIDConnectProviderArn, ClientID: "second" });
    await ok("RemoveClientIDFromOpenIDConnectProvider", { OpenIDConnectProviderArn, ClientID: "coffer" });
    const shown = await ok("GetOpenIDConnectProvider", { OpenIDConnectProviderArn });
    assert.deepEqual([shown.get("Url"), shown.all("member")], ["issuer.example/id", ["second", "ab".repeat(20)]]);
    assert.deepEqual((await ok("ListOpenIDConnectProviders")).all("Arn"), [OpenIDConnectProviderArn]);
    await refused("CreateOpenIDConnectProvider", { Url: "http://issuer.example" }, "400 ValidationError", /Invalid/);
    await ok("DeleteOpenIDConnectProvider", { OpenIDConnectProviderArn });
    await refused("GetOpenIDConnectProvider", { OpenIDConnectProviderArn }, "404 NoSuchEntity", /not found/);
  });

  it("answers for a user what it has none of, as Terraform asks before it deletes one", async () => {
    await ok("CreateUser", { UserName: "bare" });
    for (const action of [
      "ListGroupsForUser",
      "ListMFADevices",
      "ListSSHPublicKeys",
      "ListSigningCertificates",
      "ListServiceSpecificCredentials",
    ]) {
      assert.deepEqual((await ok(action, { UserName: "bare" })).all("member"), [], action);
    }
    await refused(
      "GetLoginProfile",
      { UserName: "bare" },
      "404 NoSuchEntity",
      /^Login Profile for User bare cannot be found\.$/,
    );
    await refused("ListVirtualMFADevices", {}, "400 InvalidAction", /not supported/);
  });

  it("shows the caller without a name: a user, the root, not a session", async () => {
    const user = await client.newUser("self", {
      Effect: "Allow",
      Action: "iam:GetUser",
      Resource: `arn:aws:iam::${account}:user/\${aws:username}`,
    });
    assert.equal((await client.iam("GetUser", {}, user)).get("UserName"), "self");
    assert.equal((await client.iam("GetUser", { UserName: "bare" }, user)).outcome, "403 AccessDenied");
    assert.equal((await ok("GetUser")).get("Arn"), `arn:aws:iam::${account}:root`);
  });

  it("records who changed what, in IAM's words", async () => {
    await ok("AttachRolePolicy", { RoleName: "pb", PolicyArn: `arn:aws:iam::${account}:policy/paged/pb` });
    const event = (await aws.test.auditEvents()).at(-1);
    assert.deepEqual(
      [event?.["eventSource"], event?.["eventName"], event?.["awsRegion"], event?.["requestParameters"]],
      [
        "iam.amazonaws.com",
        "AttachRolePolicy",
        "us-east-1",
        { roleName: "pb", policyArn: `arn:aws:iam::${account}:policy/paged/pb` },
      ],
    );
  });

  it("has IAM's quotas", async () => {
    const trustOf = (chars: number) => {
      const short = JSON.stringify({
        Version: "2012-10-17",
        Id: "",
        Statement: [{ Effect: "Deny", Principal: "*", Action: "a:b" }],
      });
      return short.replace('"Id":""', `"Id":"${"x".repeat(chars - short.length)}"`);
    };
    const max = limits.trustPolicyChars.value;
    await ok("CreateRole", { RoleName: "q1", AssumeRolePolicyDocument: trustOf(max) });
    await refused(
      "CreateRole",
      { RoleName: "q2", AssumeRolePolicyDocument: trustOf(max + 1) },
      "409 LimitExceeded",
      /ACLSizePerRole/,
    );
    const path = (chars: number) => `/${"p".repeat(chars - 2)}/`;
    await ok("CreateUser", { UserName: "q1", Path: path(limits.pathChars.value) });
    await refused(
      "CreateUser",
      { UserName: "q2", Path: path(limits.pathChars.value + 1) },
      "400 ValidationError",
      /path/,
    );
    for (let n = 0; n <= limits.attachedPolicies.value; n += 1) {
      const PolicyArn =
        (await ok("CreatePolicy", { PolicyName: `q${n}`, PolicyDocument: document(keys) })).get("Arn") ?? "";
      const attach = { RoleName: "q1", PolicyArn };
      if (n < limits.attachedPolicies.value) await ok("AttachRolePolicy", attach);
      else
        await refused("AttachRolePolicy", attach, "409 LimitExceeded", /^Cannot exceed quota for PoliciesPerRole: 10$/);
    }
    const version = { PolicyArn: `arn:aws:iam::${account}:policy/q0`, PolicyDocument: document(keys) };
    for (let n = 1; n < limits.policyVersions.value; n += 1) await ok("CreatePolicyVersion", version);
    await refused("CreatePolicyVersion", version, "409 LimitExceeded", /can have up to 5 versions/);
    const clients = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`ClientIDList.member.${n + 1}`, `c${n}`]));
    const most = limits.oidcClientIds.value;
    await ok("CreateOpenIDConnectProvider", { Url: "https://a.example", ...clients(most) });
    await refused(
      "CreateOpenIDConnectProvider",
      { Url: "https://b.example", ...clients(most + 1) },
      "409 LimitExceeded",
      /ClientIds/,
    );
  });
});
