import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { presignRequest, type SigningCredentials } from "@coffer/sigv4";
import { type AwsTest, credentialsOf, document, openAws, QueryClient } from "./aws-client.ts";

const account = "000000000000";
const everything = { Effect: "Allow", Action: "*", Resource: "*" };
const keys = { Effect: "Allow", Action: "kms:*", Resource: "*" };
const mayAssume = { Effect: "Allow", Action: "sts:*", Resource: "*" };
const trustAccount = { Principal: { AWS: account } };

describe("sessions", () => {
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

  /** `ok`, or the type of the refusal, of a call of KMS. */
  async function kms(as: SigningCredentials, operation = "ListKeys", input: object = {}): Promise<string> {
    const answer = await aws.call(operation, input, { as });
    return answer.status === 200 ? "ok" : String(answer.json["__type"]);
  }

  function assume(RoleArn: string, fields: Readonly<Record<string, string>> = {}, as: SigningCredentials = alice) {
    return client.sts("AssumeRole", { RoleArn, RoleSessionName: "test", ...fields }, as);
  }

  describe("of AssumeRole", () => {
    it("act as the role, and tell so", async () => {
      const role = await client.newRole("reader", trustAccount, keys);
      const answer = await assume(role, { RoleSessionName: "s@1" });
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.get("AccessKeyId") ?? "", /^ASIA[A-Z2-7]{16}$/);
      assert.equal(answer.get("Arn"), `arn:aws:sts::${account}:assumed-role/reader/s@1`);
      assert.match(answer.get("AssumedRoleId") ?? "", /^AROA[A-Z2-7]{16}:s@1$/);
      assert.equal(answer.get("PackedPolicySize"), undefined);
      const session = await client.assume(role, alice, { RoleSessionName: "s@1" });
      assert.equal(await kms(session), "ok");
      assert.equal(await kms(alice), "AccessDeniedException");
      const identity = await client.ok("sts", "GetCallerIdentity", {}, session);
      assert.equal(identity.get("Arn"), `arn:aws:sts::${account}:assumed-role/reader/s@1`);
      assert.equal(identity.get("UserId"), answer.get("AssumedRoleId"));
      const info = await client.ok("sts", "GetAccessKeyInfo", { AccessKeyId: session.accessKeyId });
      assert.equal(info.get("Account"), account);
    });

    it("are recorded with their issuer, and without their secrets", async () => {
      const role = await client.newRole("recorded", trustAccount, keys);
      const session = await client.assume(role, alice);
      await kms(session);
      const events = await aws.test.auditEvents();
      const issued = events.findLast(({ eventName }) => eventName === "AssumeRole");
      assert.equal(issued?.["eventSource"], "sts.amazonaws.com");
      const requested = issued?.["requestParameters"] as Record<string, unknown> | undefined;
      assert.equal(requested?.["roleArn"], role);
      const caller = events.at(-1)?.["userIdentity"] as Record<string, Record<string, unknown>> | undefined;
      const { type, sessionContext } = caller ?? {};
      assert.equal(type, "AssumedRole");
      assert.deepEqual((sessionContext?.["sessionIssuer"] as Record<string, unknown> | undefined)?.["arn"], role);
      const text = JSON.stringify(events);
      assert.ok(!text.includes(session.secretAccessKey) && !text.includes(session.sessionToken ?? ""));
    });

    it("end with their time, and are refused as AWS does", async () => {
      const role = await client.newRole("short", trustAccount, keys);
      const session = await client.assume(role, alice, { DurationSeconds: "900" });
      assert.equal(await kms(session), "ok");
      aws.test.clock.advance(900_000);
      assert.equal(await kms(session), "ExpiredTokenException");
      assert.equal((await client.sts("GetCallerIdentity", {}, session)).outcome, "403 ExpiredToken");
    });

    it("last as long as the role allows", async () => {
      const role = await client.newRole("long", trustAccount, mayAssume);
      const tooLong = await assume(role, { DurationSeconds: "3601" });
      assert.equal(tooLong.outcome, "400 ValidationError");
      assert.match(tooLong.text, /exceeds the MaxSessionDuration set for this role/);
      await client.ok("iam", "UpdateRole", { RoleName: "long", MaxSessionDuration: "7200" });
      const session = await client.assume(role, alice, { DurationSeconds: "7200" });
      const chained = await assume(role, { DurationSeconds: "3601" }, session);
      assert.match(chained.text, /exceeds the 1 hour session limit for roles assumed by role chaining/);
      assert.equal((await assume(role, { DurationSeconds: "3600" }, session)).outcome, "200");
      assert.equal((await assume(role, { DurationSeconds: "899" })).outcome, "400 ValidationError");
    });

    it("end at once when the role is deleted, and do not come back with its name", async () => {
      const role = await client.newRole("gone", trustAccount, keys);
      const session = await client.assume(role, alice);
      assert.equal(await kms(session), "ok");
      await client.ok("iam", "DeleteRolePolicy", { RoleName: "gone", PolicyName: "test" });
      assert.equal(await kms(session), "AccessDeniedException");
      await client.ok("iam", "DeleteRole", { RoleName: "gone" });
      assert.equal(await kms(session), "UnrecognizedClientException");
      await client.newRole("gone", trustAccount, keys);
      assert.equal(await kms(session), "UnrecognizedClientException");
    });

    it("are revoked by a policy on aws:TokenIssueTime", async () => {
      const role = await client.newRole("revoked", trustAccount, keys);
      const old = await client.assume(role, alice);
      aws.test.clock.advance(2000);
      const before = new Date(aws.test.clock.nowMs() - 1000).toISOString();
      const deny = {
        Effect: "Deny",
        Action: "*",
        Resource: "*",
        Condition: { DateLessThan: { "aws:TokenIssueTime": before } },
      };
      await client.setPolicy("Role", "revoked", keys, deny);
      assert.equal(await kms(old), "AccessDeniedException");
      assert.equal(await kms(await client.assume(role, alice)), "ok");
    });

    it("take a presigned request", async () => {
      const session = await client.assume(await client.newRole("presigned", trustAccount), alice);
      const headers = new Map([["host", "localhost:8080"]]);
      const query = "Action=GetCallerIdentity&Version=2011-06-15";
      const request = { method: "GET", path: "/", query, headers, body: new Uint8Array() };
      const signed = presignRequest(request, session, aws.scope({ service: "sts" }), 60);
      assert.equal((await aws.send({ ...request, query: signed })).status, 200);
      const swapped = signed.replace(/X-Amz-Security-Token=[^&]+/, "X-Amz-Security-Token=abcd");
      assert.equal((await aws.send({ ...request, query: swapped })).status, 403);
    });
  });

  describe("are refused", () => {
    it("with any bit of the token changed, without it, and with another's", async () => {
      const role = await client.newRole("tampered", trustAccount, keys);
      const session = await client.assume(role, alice);
      const other = await client.assume(role, alice);
      const token = session.sessionToken ?? "";
      const bytes = Buffer.from(token, "base64");
      for (const at of [0, 1, 40, 70, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.equal(
          await kms({ ...session, sessionToken: changed.toString("base64") }),
          "UnrecognizedClientException",
        );
      }
      const { accessKeyId, secretAccessKey } = session;
      assert.equal(await kms({ accessKeyId, secretAccessKey }), "UnrecognizedClientException");
      assert.equal(await kms({ ...session, sessionToken: other.sessionToken ?? "" }), "UnrecognizedClientException");
      assert.equal(await kms({ ...alice, sessionToken: token }), "UnrecognizedClientException");
      assert.equal(await kms({ ...session, secretAccessKey: other.secretAccessKey }), "InvalidSignatureException");
      assert.equal(await kms(session), "ok");
    });

    it("with a token of another instance", async () => {
      const elsewhere = await openAws();
      const there = new QueryClient(elsewhere);
      const bob = await there.newUser("alice", mayAssume);
      const session = await there.assume(await there.newRole("tampered", trustAccount, keys), bob);
      assert.equal(await kms(session), "UnrecognizedClientException");
      await elsewhere.close();
    });

    it("with policies and tags that do not fit into a token", async () => {
      const role = await client.newRole("packed", trustAccount, keys);
      const packed = (chars: number) => assume(role, { Policy: document(keys).padEnd(chars) });
      const small = await packed(1000);
      assert.ok(Number(small.get("PackedPolicySize")) < 100, small.text);
      assert.equal((await packed(limits.sessionTokenChars.value)).outcome, "400 PackedPolicyTooLarge");
    });
  });

  describe("are narrowed", () => {
    it("by a session policy, which cannot widen them", async () => {
      const role = await client.newRole("narrow", trustAccount, {
        ...keys,
        Action: ["kms:ListKeys", "kms:ListAliases"],
      });
      const narrow = await client.assume(role, alice, { Policy: document({ ...keys, Action: "kms:ListKeys" }) });
      assert.deepEqual([await kms(narrow), await kms(narrow, "ListAliases")], ["ok", "AccessDeniedException"]);
      const wide = await client.assume(role, alice, { Policy: document(everything) });
      assert.equal(await kms(wide, "CreateKey"), "AccessDeniedException");
      assert.equal((await client.iam("ListUsers", {}, wide)).outcome, "403 AccessDenied");
    });

    it("by managed session policies, as they are now", async () => {
      const role = await client.newRole("managed-session", trustAccount, everything);
      const made = await client.ok("iam", "CreatePolicy", {
        PolicyName: "only-list",
        PolicyDocument: document({ ...keys, Action: "kms:ListKeys" }),
      });
      const PolicyArn = made.get("Arn") ?? "";
      const session = await client.assume(role, alice, { "PolicyArns.member.1.arn": PolicyArn });
      assert.deepEqual([await kms(session), await kms(session, "ListAliases")], ["ok", "AccessDeniedException"]);
      await client.ok("iam", "CreatePolicyVersion", {
        PolicyArn,
        PolicyDocument: document({ ...keys, Action: "kms:ListAliases" }),
        SetAsDefault: "true",
      });
      assert.deepEqual([await kms(session), await kms(session, "ListAliases")], ["AccessDeniedException", "ok"]);
      await client.ok("iam", "DeletePolicyVersion", { PolicyArn, VersionId: "v1" });
      await client.ok("iam", "DeletePolicy", { PolicyArn });
      assert.equal(await kms(session, "ListAliases"), "AccessDeniedException");
    });

    it("by the role's permissions boundary", async () => {
      const role = await client.newRole("bounded", trustAccount, everything);
      const session = await client.assume(role, alice);
      assert.equal(await kms(session, "ListAliases"), "ok");
      const made = await client.ok("iam", "CreatePolicy", {
        PolicyName: "most",
        PolicyDocument: document({ ...keys, Action: "kms:ListKeys" }),
      });
      const PermissionsBoundary = made.get("Arn") ?? "";
      await client.ok("iam", "PutRolePermissionsBoundary", { RoleName: "bounded", PermissionsBoundary });
      assert.deepEqual([await kms(session), await kms(session, "ListAliases")], ["ok", "AccessDeniedException"]);
      const inUse = await client.iam("DeletePolicy", { PolicyArn: PermissionsBoundary });
      assert.equal(inUse.outcome, "409 DeleteConflict");
      await client.ok("iam", "DeleteRolePermissionsBoundary", { RoleName: "bounded" });
      assert.equal(await kms(session, "ListAliases"), "ok");
    });
  });

  describe("carry", () => {
    const tagged = {
      Effect: "Allow",
      Action: "kms:ListKeys",
      Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "red" } },
    };

    it("tags, which policies see, and which need sts:TagSession", async () => {
      const role = await client.newRole("tagged", trustAccount, tagged);
      const tag = { "Tags.member.1.Key": "Team", "Tags.member.1.Value": "red" };
      assert.equal((await assume(role, tag)).outcome, "403 AccessDenied");
      const AssumeRolePolicyDocument = document({
        Effect: "Allow",
        ...trustAccount,
        Action: ["sts:AssumeRole", "sts:TagSession"],
      });
      await client.ok("iam", "UpdateAssumeRolePolicy", {
        RoleName: "tagged",
        PolicyDocument: AssumeRolePolicyDocument,
      });
      assert.equal(await kms(await client.assume(role, alice, tag)), "ok");
      assert.equal(await kms(await client.assume(role, alice)), "AccessDeniedException");
      await client.ok("iam", "TagRole", {
        RoleName: "tagged",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "red",
      });
      assert.equal(await kms(await client.assume(role, alice)), "ok");
      const blue = { ...tag, "Tags.member.1.Value": "blue" };
      assert.equal(await kms(await client.assume(role, alice, blue)), "AccessDeniedException");
    });

    it("transitive tags on to the next role, where nobody can change them", async () => {
      const all = {
        Principal: { AWS: account },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      };
      const first = await client.newRole("first", all, mayAssume);
      const second = await client.newRole("second", all, tagged);
      const tag = { "Tags.member.1.Key": "team", "Tags.member.1.Value": "red" };
      const transitive = await client.assume(first, alice, { ...tag, "TransitiveTagKeys.member.1": "team" });
      assert.equal(await kms(await client.assume(second, transitive)), "ok");
      const changed = await assume(second, { ...tag, "Tags.member.1.Value": "blue" }, transitive);
      assert.equal(changed.outcome, "400 InvalidParameterValue");
      const plain = await client.assume(first, alice, tag);
      assert.equal(await kms(await client.assume(second, plain)), "AccessDeniedException");
    });

    it("a source identity that no further role changes", async () => {
      const first = `arn:aws:iam::${account}:role/first`;
      const session = await client.assume(first, alice, { SourceIdentity: "alice" });
      const second = `arn:aws:iam::${account}:role/second`;
      const chained = await assume(second, {}, session);
      assert.equal(chained.get("SourceIdentity"), "alice");
      assert.equal((await assume(second, { SourceIdentity: "bob" }, session)).outcome, "403 AccessDenied");
    });
  });

  describe("of GetSessionToken", () => {
    it("act as the user, but call neither IAM nor most of STS", async () => {
      const admin = await client.newUser("admin", everything);
      const answer = await client.ok("sts", "GetSessionToken", {}, admin);
      const session = credentialsOf(answer);
      assert.equal(await kms(session), "ok");
      assert.equal((await client.sts("GetCallerIdentity", {}, session)).get("Arn"), admin.arn);
      assert.equal((await client.iam("ListUsers", {}, session)).outcome, "403 InvalidClientTokenId");
      assert.equal((await client.sts("GetSessionToken", {}, session)).outcome, "403 AccessDenied");
      assert.equal((await client.iam("ListUsers", {}, admin)).outcome, "200");
      await client.ok("iam", "DeleteUserPolicy", { UserName: "admin", PolicyName: "test" });
      assert.equal(await kms(session), "AccessDeniedException");
    });

    it("cannot be had with a role's session", async () => {
      const role = await client.newRole("no-token", trustAccount, everything);
      const session = await client.assume(role, alice);
      const answer = await client.sts("GetSessionToken", {}, session);
      assert.equal(answer.outcome, "403 AccessDenied");
      assert.equal(answer.get("Message"), "Cannot call GetSessionToken with session credentials");
    });
  });

  describe("privilege escalation", () => {
    it("by assuming a role that trusts somebody else, or that is not there", async () => {
      const role = await client.newRole("others", { Principal: { AWS: "111122223333" } }, everything);
      const refused = await assume(role);
      const missing = await assume(`arn:aws:iam::${account}:role/nowhere`);
      assert.deepEqual([refused.outcome, missing.outcome], ["403 AccessDenied", "403 AccessDenied"]);
      const wording = (text: string | undefined) => text?.replace(/role\/\w+/, "role/X");
      assert.equal(wording(refused.get("Message")), wording(missing.get("Message")));
    });

    it("by assuming a role that trusts the account, without a policy that allows it", async () => {
      const role = await client.newRole("account-only", trustAccount, everything);
      const bob = await client.newUser("bob");
      assert.equal((await assume(role, {}, bob)).outcome, "403 AccessDenied");
      const named = await client.newRole("names-bob", { Principal: { AWS: bob.arn } }, keys);
      assert.equal((await assume(named, {}, bob)).outcome, "200");
    });

    it("by taking the name of a deleted user whom a role trusts", async () => {
      const carol = await client.newUser("carol", mayAssume);
      const role = await client.newRole("names-carol", { Principal: { AWS: carol.arn } }, keys);
      assert.equal((await assume(role, {}, carol)).outcome, "200");
      await client.ok("iam", "DeleteAccessKey", { UserName: "carol", AccessKeyId: carol.accessKeyId });
      await client.ok("iam", "DeleteUserPolicy", { UserName: "carol", PolicyName: "test" });
      await client.ok("iam", "DeleteUser", { UserName: "carol" });
      const impostor = await client.newUser("carol", mayAssume);
      assert.equal((await assume(role, {}, impostor)).outcome, "403 AccessDenied");
    });

    it("by the confused deputy: a role with an external id asks for it", async () => {
      const role = await client.newRole("deputy", {
        ...trustAccount,
        Condition: { StringEquals: { "sts:ExternalId": "tenant-7" } },
      });
      assert.equal((await assume(role)).outcome, "403 AccessDenied");
      assert.equal((await assume(role, { ExternalId: "tenant-8" })).outcome, "403 AccessDenied");
      assert.equal((await assume(role, { ExternalId: "tenant-7" })).outcome, "200");
    });

    it("by the root: it may not assume roles", async () => {
      const role = await client.newRole("not-root", trustAccount, everything);
      const answer = await assume(role, {}, aws.root);
      assert.equal(answer.get("Message"), "Roles may not be assumed by root accounts.");
    });

    it("by an explicit deny of the caller that the trust policy overrules", async () => {
      const denied = await client.newUser("denied", { Effect: "Deny", Action: "sts:*", Resource: "*" });
      const role = await client.newRole("trusts-denied", { Principal: { AWS: denied.arn } }, everything);
      assert.equal((await assume(role, {}, denied)).outcome, "403 AccessDenied");
    });

    it("by putting policies on oneself", async () => {
      const mallory = await client.newUser("mallory", keys);
      const tries: [string, Record<string, string>][] = [
        ["AttachUserPolicy", { UserName: "mallory", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }],
        ["PutUserPolicy", { UserName: "mallory", PolicyName: "p", PolicyDocument: document(everything) }],
        ["CreateAccessKey", { UserName: "alice" }],
        ["CreateAccessKey", {}],
        [
          "UpdateAssumeRolePolicy",
          { RoleName: "others", PolicyDocument: document({ Effect: "Allow", Principal: "*", Action: "*" }) },
        ],
        ["DeleteUserPermissionsBoundary", { UserName: "mallory" }],
        [
          "CreatePolicyVersion",
          {
            PolicyArn: `arn:aws:iam::${account}:policy/most`,
            PolicyDocument: document(everything),
            SetAsDefault: "true",
          },
        ],
        ["CreateUser", { UserName: "accomplice" }],
      ];
      for (const [action, fields] of tries) {
        assert.equal((await client.iam(action, fields, mallory)).outcome, "403 AccessDenied", action);
      }
    });

    it("by a boundary taken off whom a policy keeps under one", async () => {
      const boundary = `arn:aws:iam::${account}:policy/most`;
      const delegate = await client.newUser("delegate", {
        Effect: "Allow",
        Action: ["iam:CreateUser", "iam:PutUserPermissionsBoundary"],
        Resource: "*",
        Condition: { StringEquals: { "iam:PermissionsBoundary": boundary } },
      });
      const create = (more: Record<string, string>) =>
        client.iam("CreateUser", { UserName: "made", ...more }, delegate);
      assert.equal((await create({})).outcome, "403 AccessDenied");
      const other = { PermissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess" };
      assert.equal((await create(other)).outcome, "403 AccessDenied");
      assert.equal((await create({ PermissionsBoundary: boundary })).outcome, "200");
      assert.equal(
        (await client.iam("PutUserPermissionsBoundary", { UserName: "made", ...other }, delegate)).outcome,
        "403 AccessDenied",
      );
      assert.equal(
        (await client.iam("DeleteUserPermissionsBoundary", { UserName: "made" }, delegate)).outcome,
        "403 AccessDenied",
      );
    });
  });
});
