import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ListAliasesCommand, ListKeysCommand } from "@aws-sdk/client-kms";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { component } from "@coffer/testkit";
import { kmsClient, stsClient } from "./aws-clients.ts";
import { type AwsClientParts, awsParts, PythonClients, PythonError } from "./python-clients.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const cli = component("aws-cli");
const skip = python.available ? false : python.reason;

function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

describe("roles and sessions, with AWS's own clients", { skip }, () => {
  let server: ServerUnderTest;
  let clients: PythonClients;
  let iam: AwsClientParts;
  let user: { AccessKeyId: string; SecretAccessKey: string };
  const role = () => `arn:aws:iam::${server.credentials.account}:role/team/reader`;

  before(async () => {
    assert.ok(python.available);
    server = await ServerUnderTest.start();
    clients = new PythonClients(python.path);
    iam = awsParts(server, "iam");
    // As Terraform makes aws_iam_user, aws_iam_access_key, aws_iam_role, aws_iam_policy and its attachment.
    await clients.aws(iam, "create_user", { UserName: "alice", Path: "/", Tags: [{ Key: "team", Value: "red" }] });
    user = (await clients.aws(iam, "create_access_key", { UserName: "alice" })).AccessKey;
    const assume = { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" };
    await clients.aws(iam, "put_user_policy", {
      UserName: "alice",
      PolicyName: "assume",
      PolicyDocument: document(assume),
    });
    const trust = { Effect: "Allow", Principal: { AWS: server.credentials.account }, Action: "sts:AssumeRole" };
    await clients.aws(iam, "create_role", {
      RoleName: "reader",
      Path: "/team/",
      AssumeRolePolicyDocument: document(trust),
      MaxSessionDuration: 7200,
    });
    const { Policy } = await clients.aws(iam, "create_policy", {
      PolicyName: "list",
      PolicyDocument: document({ Effect: "Allow", Action: ["kms:ListKeys", "kms:ListAliases"], Resource: "*" }),
    });
    await clients.aws(iam, "attach_role_policy", { RoleName: "reader", PolicyArn: Policy.Arn });
  });
  after(async () => {
    clients?.close();
    await server?.kill();
  });

  it("boto3 reads back documents and pages", async () => {
    const { Role } = await clients.aws(iam, "get_role", { RoleName: "reader" });
    assert.equal(Role.Arn, role());
    assert.equal(Role.AssumeRolePolicyDocument.Statement[0].Action, "sts:AssumeRole");
    assert.equal(Role.MaxSessionDuration, 7200);
    const pages = await clients.awsPages(iam, "list_policies", 1);
    const names = pages.flatMap(({ Policies }) => Policies.map(({ PolicyName }: { PolicyName: string }) => PolicyName));
    assert.deepEqual(names, ["list", "AWSKeyManagementServicePowerUser", "AdministratorAccess"]);
    await assert.rejects(clients.aws(iam, "get_role", { RoleName: "nobody" }), (error) => {
      assert.ok(error instanceof PythonError);
      assert.deepEqual([error.code, error.status], ["NoSuchEntity", 404]);
      return true;
    });
  });

  it("boto3 assumes a role, narrowed by a session policy", async () => {
    const sts = awsParts(server, "sts", {
      ...server.credentials,
      accessKeyId: user.AccessKeyId,
      secretAccessKey: user.SecretAccessKey,
    });
    const { Credentials, AssumedRoleUser } = await clients.aws(sts, "assume_role", {
      RoleArn: role(),
      RoleSessionName: "boto",
      Policy: document({ Effect: "Allow", Action: "kms:ListKeys", Resource: "*" }),
    });
    assert.equal(AssumedRoleUser.Arn, `arn:aws:sts::${server.credentials.account}:assumed-role/reader/boto`);
    const session = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
    const kms = kmsClient(server, session);
    assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, []);
    await assert.rejects(kms.send(new ListAliasesCommand({})), { name: "AccessDeniedException" });
  });

  it("the AWS SDK for JavaScript assumes a role; a deleted one ends its session at once", async () => {
    const trust = { Effect: "Allow", Principal: { AWS: server.credentials.account }, Action: "sts:AssumeRole" };
    await clients.aws(iam, "create_role", { RoleName: "brief", AssumeRolePolicyDocument: document(trust) });
    const alice = { accessKeyId: user.AccessKeyId, secretAccessKey: user.SecretAccessKey };
    const { Credentials: made } = await stsClient(server, alice).send(
      new AssumeRoleCommand({ RoleArn: role().replace("team/reader", "brief"), RoleSessionName: "js" }),
    );
    assert.ok(made?.AccessKeyId && made.SecretAccessKey && made.SessionToken && made.Expiration);
    const session = {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    };
    const identity = await stsClient(server, session).send(new GetCallerIdentityCommand({}));
    assert.match(identity.Arn ?? "", /:assumed-role\/brief\/js$/);
    await clients.aws(iam, "delete_role", { RoleName: "brief" });
    await assert.rejects(stsClient(server, session).send(new GetCallerIdentityCommand({})), {
      name: "InvalidClientTokenId",
    });
    const flipped = `${made.SessionToken.slice(0, 60)}${made.SessionToken[60] === "A" ? "B" : "A"}${made.SessionToken.slice(61)}`;
    await assert.rejects(kmsClient(server, { ...session, sessionToken: flipped }).send(new ListKeysCommand({})), {
      name: "UnrecognizedClientException",
    });
  });

  it("the AWS CLI assumes the role of a profile", { skip: cli.available ? false : cli.reason }, async () => {
    assert.ok(cli.available);
    const folder = temporaryFolder("aws-sessions");
    const config = join(folder, "config");
    const credentials = join(folder, "credentials");
    const { region } = server.credentials;
    writeFileSync(
      credentials,
      `[alice]\naws_access_key_id=${user.AccessKeyId}\naws_secret_access_key=${user.SecretAccessKey}\n`,
    );
    writeFileSync(
      config,
      `[profile alice]\nregion=${region}\n[profile reader]\nregion=${region}\nrole_arn=${role()}\nsource_profile=alice\nrole_session_name=cli\n`,
    );
    const environment = {
      AWS_ENDPOINT_URL: server.url,
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_DEFAULT_OUTPUT: "json",
      HOME: folder,
    };
    const run = (...args: string[]) => runProgram(cli.path, args, { environment });
    const who = await run("--profile", "reader", "sts", "get-caller-identity");
    assert.equal(who.status, 0, who.stderr);
    assert.match(JSON.parse(who.stdout).Arn, /:assumed-role\/reader\/cli$/);
    const listed = await run("--profile", "reader", "kms", "list-keys");
    assert.equal(listed.status, 0, listed.stderr);
    const refused = await run("--profile", "reader", "iam", "list-users");
    assert.match(
      refused.stderr,
      /\(AccessDenied\) when calling the ListUsers operation: User: .*assumed-role\/reader\/cli/,
    );
  });

  it("boto3 takes everything away again, as Terraform does", async () => {
    const PolicyArn = `arn:aws:iam::${server.credentials.account}:policy/list`;
    for (const [operation, input] of [
      ["list_instance_profiles_for_role", { RoleName: "reader" }],
      ["detach_role_policy", { RoleName: "reader", PolicyArn }],
      ["delete_role", { RoleName: "reader" }],
      ["list_policy_versions", { PolicyArn }],
      ["delete_policy", { PolicyArn }],
      ["list_groups_for_user", { UserName: "alice" }],
      ["list_mfa_devices", { UserName: "alice" }],
      ["list_ssh_public_keys", { UserName: "alice" }],
      ["list_signing_certificates", { UserName: "alice" }],
      ["list_service_specific_credentials", { UserName: "alice" }],
      ["delete_user_policy", { UserName: "alice", PolicyName: "assume" }],
      ["delete_access_key", { UserName: "alice", AccessKeyId: user.AccessKeyId }],
      ["delete_user", { UserName: "alice" }],
    ] as const) {
      await clients.aws(iam, operation, input);
    }
    assert.deepEqual((await clients.aws(iam, "list_users")).Users, []);
  });
});
