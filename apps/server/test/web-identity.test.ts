import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ListKeysCommand } from "@aws-sdk/client-kms";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { component } from "@coffer/testkit";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { openWebIdentities } from "../src/web-identities.ts";
import { kmsClient, stsClient } from "./aws-clients.ts";
import { awsParts, PythonClients } from "./python-clients.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const cli = component("aws-cli");
const issuer = "https://issuer.example/id";
const certificate = join(import.meta.dirname, "../src/http/fixtures/localhost-cert.pem");

function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

describe("web identities", { skip: python.available ? false : python.reason }, () => {
  const folder = temporaryFolder("web-identity");
  let server: ServerUnderTest;
  let python_: PythonClients;
  let publisher: Server;
  let published: string;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let role: string;

  before(async () => {
    assert.ok(python.available);
    keys = await generateKeyPair("RS256");
    const set = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "RS256", use: "sig" }] };
    publisher = createServer(
      { cert: readFileSync(certificate), key: readFileSync(certificate.replace("-cert", "-key")) },
      (request, response) => {
        const isSet = request.url === "/keys";
        response.end(JSON.stringify(isSet ? set : { issuer: published, jwks_uri: `${published}/keys` }));
      },
    ).listen(0, "127.0.0.1");
    await new Promise((resolve) => publisher.once("listening", resolve));
    published = `https://localhost:${(publisher.address() as AddressInfo).port}`;
    const keysFile = join(folder, "keys.json");
    writeFileSync(keysFile, JSON.stringify({ [issuer]: set }));
    server = await ServerUnderTest.start({
      args: [`--oidc-keys-file=${keysFile}`, "--oidc-allow-private-hosts"],
      environment: { NODE_EXTRA_CA_CERTS: certificate },
    });
    python_ = new PythonClients(python.path);
    role = await makeRole("app", issuer);
  });
  after(async () => {
    publisher?.close();
    python_?.close();
    await server?.kill();
  });

  /** A provider and a role that trusts one subject of it. */
  async function makeRole(name: string, url: string): Promise<string> {
    const iam = awsParts(server, "iam");
    const provider = url.slice("https://".length);
    const made = await python_.aws(iam, "create_open_id_connect_provider", { Url: url, ClientIDList: ["coffer"] });
    const trust = {
      Effect: "Allow",
      Principal: { Federated: made.OpenIDConnectProviderArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { [`${provider}:aud`]: "coffer", [`${provider}:sub`]: "repo:app" } },
    };
    const created = await python_.aws(iam, "create_role", {
      RoleName: name,
      AssumeRolePolicyDocument: document(trust),
    });
    await python_.aws(iam, "put_role_policy", {
      RoleName: name,
      PolicyName: "list",
      PolicyDocument: document({ Effect: "Allow", Action: "kms:ListKeys", Resource: "*" }),
    });
    return created.Role.Arn;
  }

  function sign(changes: JWTPayload = {}, from = issuer, key: CryptoKey = keys.privateKey): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: from, aud: "coffer", sub: "repo:app", iat: now, exp: now + 300, ...changes })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .sign(key);
  }

  function assume(WebIdentityToken: string, RoleArn = role) {
    // Nothing signs this call: whatever credentials the client has are not looked at.
    const client = stsClient(server, { accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: "unknown" });
    return client.send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: "web", WebIdentityToken }));
  }

  async function assertSession(token: string, RoleArn: string): Promise<void> {
    const { Credentials: made, SubjectFromWebIdentityToken, Audience } = await assume(token, RoleArn);
    assert.deepEqual([SubjectFromWebIdentityToken, Audience], ["repo:app", "coffer"]);
    assert.ok(made?.AccessKeyId && made.SecretAccessKey && made.SessionToken);
    const session = {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    };
    assert.deepEqual((await kmsClient(server, session).send(new ListKeysCommand({}))).Keys, []);
    const { Arn } = await stsClient(server, session).send(new GetCallerIdentityCommand({}));
    assert.match(Arn ?? "", /:assumed-role\/\w+\/web$/);
  }

  it("assume a role that trusts their provider, with the keys of a file", async () => {
    await assertSession(await sign(), role);
  });

  it("assume a role with the keys that their issuer publishes", async () => {
    await assertSession(await sign({}, published), await makeRole("published", published));
  });

  it("are asked of no issuer whose host is private, unless the operator allows that", async () => {
    const token = await sign({}, published);
    let connections = 0;
    const count = () => {
      connections += 1;
    };
    publisher.on("connection", count);
    for (const [allowPrivateHosts, asked] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const identities = openWebIdentities({ keysFile: undefined, allowPrivateHosts });
      // This process does not trust the issuer's certificate: what counts is whether it was connected to.
      const verified = identities.verify(token, { issuer: published, nowMs: Date.now() });
      await assert.rejects(verified, { message: "IdentityTokenInvalid" });
      assert.equal(connections, asked);
    }
    publisher.off("connection", count);
  });

  it("are refused with another key, time, audience, issuer, subject or algorithm", async () => {
    const other = await generateKeyPair("RS256");
    const past = Math.floor(Date.now() / 1000) - 600;
    const token = await sign();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
    const now = Math.floor(Date.now() / 1000);
    const confused = await new SignJWT({ iss: issuer, aud: "coffer", sub: "repo:app", iat: now, exp: now + 300 })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .sign(secret);
    const cases: [string, string, string][] = [
      ["another key", await sign({}, issuer, other.privateKey), "InvalidIdentityToken"],
      ["expired", await sign({ iat: past, exp: past + 60 }), "ExpiredTokenException"],
      ["not yet", await sign({ nbf: now + 200 }), "InvalidIdentityToken"],
      ["another audience", await sign({ aud: "other" }), "InvalidIdentityToken"],
      ["another party", await sign({ azp: "other" }), "InvalidIdentityToken"],
      ["an unknown issuer", await sign({}, "https://elsewhere.example"), "InvalidIdentityToken"],
      ["another subject", await sign({ sub: "repo:other" }), "AccessDenied"],
      [
        "another subject beside a claim of nearly that name",
        await sign({ sub: "repo:other", Sub: "repo:app" }),
        "AccessDenied",
      ],
      ["no algorithm", `${none}.${payload}.`, "InvalidIdentityToken"],
      ["a shared secret", confused, "InvalidIdentityToken"],
      [
        "another payload",
        `${header}.${Buffer.from(`{"iss":"${issuer}"}`).toString("base64url")}.${signature}`,
        "InvalidIdentityToken",
      ],
      ["no token", "abcd", "InvalidIdentityToken"],
    ];
    for (const [what, sent, name] of cases) await assert.rejects(assume(sent), { name: new RegExp(`^${name}`) }, what);
    const unknownRole = role.replace("app", "nothing");
    await assert.rejects(assume(token, unknownRole), { name: "AccessDenied" });
    // The provider is one of the account, but not the one that this role trusts.
    const elsewhere = await sign({}, published);
    await assert.rejects(assume(elsewhere), { name: "AccessDenied" });
  });

  it("the AWS CLI assumes a role with a token file", { skip: cli.available ? false : cli.reason }, async () => {
    assert.ok(cli.available);
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, await sign());
    const environment = {
      AWS_ENDPOINT_URL: server.url,
      AWS_DEFAULT_REGION: server.credentials.region,
      AWS_ROLE_ARN: role,
      AWS_ROLE_SESSION_NAME: "cli",
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_DEFAULT_OUTPUT: "json",
      HOME: folder,
    };
    const { status, stdout, stderr } = await runProgram(cli.path, ["sts", "get-caller-identity"], { environment });
    assert.equal(status, 0, stderr);
    assert.match(JSON.parse(stdout).Arn, /:assumed-role\/app\/cli$/);
  });

  it("leave no token in the audit trail", async () => {
    const token = await sign();
    await assume(token);
    const answer = await fetch(`${server.url}/audit/events?limit=1000`, {
      headers: { authorization: `Bearer ${server.credentials.token}` },
    });
    const text = await answer.text();
    assert.match(text, /WebIdentityUser/);
    assert.ok(!text.includes(token.slice(0, 100)) && !text.includes(token.split(".")[2] ?? token));
  });
});
