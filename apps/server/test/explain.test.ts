import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { EncryptCommand, KMSClient, KMSServiceException } from "@aws-sdk/client-kms";
import { makeUser, rest, restBody, type TestUser } from "./rest-client.ts";
import { cleanEnvironment } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

const secret = "what nobody else may see";

describe("coffer explain and coffer policy simulate", () => {
  let server: ServerUnderTest;
  let ada: TestUser;
  let kms: KMSClient;

  before(async () => {
    server = await ServerUnderTest.start();
    await restBody(server, "POST", "/keys", { key_id: "ledger" });
    ada = await makeUser(server, "ada");
    await restBody(server, "PUT", "/admin/policies/finance?principal=user/ada", {
      Version: "2012-10-17",
      Statement: {
        Sid: "finance",
        Effect: "Allow",
        Action: "kms:Encrypt",
        Resource: "*",
        Condition: { StringEquals: { "kms:EncryptionContext:dept": "finance" } },
      },
    });
    const transit = { method: "POST", headers: { "x-vault-token": server.credentials.token } };
    const mounted = await fetch(`${server.vaultUrl}/v1/sys/mounts/transit`, { ...transit, body: '{"type":"transit"}' });
    assert.equal(mounted.status, 204);
    kms = new KMSClient({ endpoint: server.url, region: "us-east-1", credentials: ada });
  });
  after(async () => {
    kms?.destroy();
    await server?.kill();
  });

  function coffer(args: readonly string[], token = server.credentials.token): Ran {
    const env = cleanEnvironment({ COFFER_ENDPOINT: server.url, COFFER_TOKEN: token });
    const { status, stdout, stderr } = spawnSync(cofferPath, args, { env, encoding: "utf8", timeout: 30_000 });
    return { status, out: stdout, err: stderr };
  }

  /** Encrypts as ada, through each API; gives the request id of the answer. */
  const ways: readonly (readonly [wire: string, (dept: string) => Promise<string>])[] = [
    [
      "aws",
      async (dept) => {
        const input = { KeyId: "alias/ledger", Plaintext: Buffer.from(secret), EncryptionContext: { dept } };
        try {
          return (await kms.send(new EncryptCommand(input))).$metadata.requestId ?? "";
        } catch (error) {
          assert.ok(error instanceof KMSServiceException);
          assert.equal(error.name, "AccessDeniedException");
          return error.$metadata.requestId ?? "";
        }
      },
    ],
    [
      "rest",
      async (dept) => {
        const body = { key_id: "ledger", plaintext: secret, context: { dept } };
        const { headers } = await rest(server, "POST", "/encrypt", body, ada.token);
        return headers.get("x-request-id") ?? "";
      },
    ],
    [
      "vault",
      async () => {
        const answer = await fetch(`${server.vaultUrl}/v1/transit/encrypt/ledger`, {
          method: "POST",
          headers: { "x-vault-token": ada.token },
          body: JSON.stringify({ plaintext: Buffer.from(secret).toString("base64") }),
        });
        assert.equal(answer.status, 403);
        return answer.headers.get("x-request-id") ?? "";
      },
    ],
  ];

  for (const [wire, encrypt] of ways) {
    it(`explains what was denied through ${wire}`, async () => {
      const requestId = await encrypt("sales");
      assert.notEqual(requestId, "");
      const { status, out, err } = coffer(["explain", requestId]);
      assert.equal(status, 0, err);
      assert.match(out, new RegExp(`through ${wire} at .*, by ${ada.arn} from 127\\.0\\.0\\.1`));
      assert.match(out, /denied: kms:Encrypt on arn:aws:kms:us-east-1:\d{12}:key\//);
      assert.match(
        out,
        /identity policy 1, statement 1 \(Sid "finance"\) does not match: its condition StringEquals of kms:EncryptionContext:dept/,
      );
      assert.match(out, /expects "finance"/);
      assert.match(out, wire === "vault" ? /the request has none/ : /the request has "sales"/);
      assert.match(out, /The least that would allow it:\n {4}a grant on arn:/);
      assert.match(out, new RegExp(`Or:\\n {4}a statement in the identity policy of ${ada.arn}:`));
      assert.ok(!out.includes(secret) && !out.includes(Buffer.from(secret).toString("base64")));
      assert.ok(!out.includes(ada.token) && !out.includes(ada.secretAccessKey));
    });
  }

  it("explains what the policies of a Vault token denied, and what is suggested works", async () => {
    const vault = async (method: string, path: string, body: unknown, token = server.credentials.token) => {
      const headers = { "x-vault-token": token };
      return fetch(`${server.vaultUrl}/v1/${path}`, { method, headers, body: JSON.stringify(body) });
    };
    const policy = (text: string) => vault("PUT", "sys/policies/acl/dev", { policy: text });
    const rules = '# What developers may do.\npath "transit/*" { capabilities = ["read"] }';
    assert.equal((await policy(rules)).status, 204);
    await vault("POST", "sys/auth/approle", { type: "approle" });
    const role = { policies: "dev", bind_secret_id: false, secret_id_bound_cidrs: "127.0.0.0/8", role_id: "dev" };
    await vault("POST", "auth/approle/role/dev", role);
    const { auth } = (await (await vault("POST", "auth/approle/login", { role_id: "dev" })).json()) as {
      auth: { client_token: string };
    };
    const encrypt = async () => {
      const plaintext = Buffer.from(secret).toString("base64");
      return vault("POST", "transit/encrypt/ledger", { plaintext }, auth.client_token);
    };
    const denied = await encrypt();
    assert.equal(denied.status, 403);
    const { status, out, err } = coffer(["explain", denied.headers.get("x-request-id") ?? ""]);
    assert.equal(status, 0, err);
    assert.match(out, /denied: update on transit\/encrypt\/ledger\n/);
    assert.match(out, /because the rules for this path lack the capability\n/);
    assert.match(out, /policy dev, line 2: path "transit\/\*" has read\n/);
    assert.match(out, /The token's policies: default, dev\n/);
    const [, least] = /in one of these policies:\n {4}(.+)\n/.exec(out) ?? [];
    assert.equal(least, 'path "transit/encrypt/ledger" { capabilities = ["read", "update"] }');
    assert.ok(!out.includes(auth.client_token) && !out.includes(secret));
    assert.equal((await policy(`${rules}\n${least}`)).status, 204);
    const allowed = await encrypt();
    assert.equal(allowed.status, 200, await allowed.text());
    const { out: after } = coffer(["explain", allowed.headers.get("x-request-id") ?? ""]);
    assert.match(after, /allowed: update on transit\/encrypt\/ledger\n {2}because a rule gives the capability\n/);
    assert.match(after, /policy dev, line 3: path "transit\/encrypt\/ledger" has read, update\n/);
  });

  it("explains what was allowed, and what is suggested works", async () => {
    const [, encrypt] = ways[0]!;
    const { status, out } = coffer(["explain", await encrypt("finance"), "--json"]);
    assert.equal(status, 0);
    const { events } = JSON.parse(out);
    assert.equal(events.length, 1);
    assert.deepEqual(events[0].decisions[0].by, { source: "identity-policy", policy: 0, statement: 0, sid: "finance" });

    const denied = JSON.parse(coffer(["explain", await encrypt("legal"), "--json"]).out);
    const remedies = denied.events[0].decisions[0].remedies as { steps: { add: string; statement?: unknown }[] }[];
    const [step] = remedies.find(({ steps }) => steps[0]?.add === "statement")?.steps ?? [];
    await restBody(server, "PUT", "/admin/policies/legal?principal=user/ada", {
      Version: "2012-10-17",
      Statement: step?.statement,
    });
    const after = JSON.parse(coffer(["explain", await encrypt("legal"), "--json"]).out);
    assert.equal(after.events[0].decisions[0].allowed, true);
    const other = JSON.parse(coffer(["explain", await encrypt("ops"), "--json"]).out);
    assert.equal(other.events[0].decisions[0].allowed, false);
  });

  it("says when there is no such request, and shows nothing to others", async () => {
    const missing = coffer(["explain", "00000000-0000-4000-8000-000000000000"]);
    assert.equal(missing.status, 1);
    assert.match(missing.err, /no audit record has the request id 00000000/);
    const requestId = await ways[1]![1]("sales");
    for (const args of [
      ["explain", requestId],
      ["policy", "simulate", "--principal=root", "--action=kms:Encrypt", "--key=ledger"],
    ]) {
      const { status, out, err } = coffer(args, ada.token);
      assert.deepEqual([status, out], [1, ""]);
      assert.match(err, /[Nn]o policy allows/);
    }
    assert.equal(coffer(["explain"]).status, 2);
  });

  it("says beforehand what would be decided, with the exit code as well", () => {
    const ask = (...more: string[]) =>
      coffer(["policy", "simulate", "--principal=user/ada", "--action=kms:Encrypt", "--key=ledger", ...more]);
    const allowed = ask("--context", "dept=finance");
    assert.equal(allowed.status, 0, allowed.err);
    assert.match(
      allowed.out,
      /^allowed: kms:Encrypt on arn:.*\n {2}because a policy of the caller allows it: identity policy 1/,
    );
    const denied = ask("--context", "dept=a=b");
    assert.equal(denied.status, 1);
    assert.match(denied.out, /the request has "a=b"/);
    const other = ask("--condition", "kms:EncryptionContext:dept=finance");
    assert.equal(other.status, 0);
    const json = ask("--json");
    assert.equal(json.status, 1);
    const told = JSON.parse(json.out);
    assert.deepEqual([told.allowed, told.absent_condition_keys], [false, ["kms:encryptioncontext:dept"]]);
    const misspelt = coffer(["policy", "simulate", "--principal=user/ada", "--action=kms:Encypt", "--key=ledger"]);
    assert.equal(misspelt.status, 1);
    assert.match(misspelt.out, /AWS KMS has no action kms:Encypt: .*\. Did you mean kms:Encrypt, kms:Decrypt/);
    assert.equal(coffer(["policy", "simulate", "--action=kms:Encrypt"]).status, 2);
    assert.equal(ask("--context", "nothing").status, 2);
  });
});
