import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from "@aws-sdk/client-kms";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

describe("coffer admin", () => {
  let server: ServerUnderTest;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "coffer-admin-"));
    server = await ServerUnderTest.start({ dataDir: join(folder, "data") });
    assert.equal((await rest("POST", "/keys", { key_id: "ledger" })).status, 201);
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  function rest(method: string, path: string, body?: unknown, token = server.credentials.token): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${server.url}${path}`, { method, headers, ...content });
  }

  function coffer(args: readonly string[], token = server.credentials.token): Ran {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, COFFER_ENDPOINT: server.url, COFFER_TOKEN: token };
    const { status, stdout, stderr } = spawnSync(cofferPath, args, { env, encoding: "utf8", timeout: 30_000 });
    return { status, out: stdout, err: stderr };
  }

  function admin<T>(...args: string[]): T {
    const { status, out, err } = coffer(["admin", ...args, "--json"]);
    assert.equal(status, 0, err);
    return JSON.parse(out) as T;
  }

  function put(policy: unknown, ...args: string[]): Ran {
    const file = join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(policy));
    return coffer(["admin", ...args, file]);
  }

  const allow = (action: string) => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
  });

  it("makes a user who may do what its policy says, from the very next request on, and no more", async () => {
    admin("create-user", "ada");
    const { access_key_id, secret_access_key } = admin<Record<string, string>>("create-access-key", "user/ada");
    const { token } = admin<Record<string, string>>("create-token", "user/ada", "--lifetime", "1h");
    assert.equal((await rest("POST", "/encrypt", { key_id: "ledger", plaintext: "x" }, token)).status, 403);
    assert.equal(put(allow("kms:Encrypt"), "put-policy", "user/ada", "encrypt-only").status, 0);
    assert.equal((await rest("POST", "/encrypt", { key_id: "ledger", plaintext: "x" }, token)).status, 200);

    const kms = new KMSClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: access_key_id ?? "", secretAccessKey: secret_access_key ?? "" },
    });
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: "alias/ledger", Plaintext: Buffer.from("x") }),
    );
    await assert.rejects(
      kms.send(new DecryptCommand({ CiphertextBlob })),
      (error) => error instanceof KMSServiceException && error.name === "AccessDeniedException",
    );
    assert.equal(put(allow("kms:*"), "put-policy", "user/ada", "encrypt-only").status, 0);
    await kms.send(new DecryptCommand({ CiphertextBlob }));

    const deny = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
        {
          Effect: "Deny",
          Principal: { AWS: "arn:aws:iam::000000000000:user/ada" },
          Action: "kms:Decrypt",
          Resource: "*",
        },
      ],
    };
    assert.equal(put(deny, "put-key-policy", "ledger").status, 0);
    assert.deepEqual(admin("get-key-policy", "ledger"), deny);
    await assert.rejects(kms.send(new DecryptCommand({ CiphertextBlob })), { name: "AccessDeniedException" });

    admin("delete-principal", "user", "ada");
    assert.equal((await rest("GET", "/keys", undefined, token)).status, 401);
    await assert.rejects(kms.send(new EncryptCommand({ KeyId: "alias/ledger", Plaintext: Buffer.from("x") })), {
      name: "UnrecognizedClientException",
    });
    kms.destroy();
  });

  it("revokes tokens and access keys at once", async () => {
    admin("create-user", "bob");
    put(allow("kms:ListKeys"), "put-policy", "user/bob", "list");
    const { token, accessor } = admin<Record<string, string>>("create-token", "user/bob");
    assert.equal((await rest("GET", "/keys", undefined, token)).status, 200);
    const listed = coffer(["admin", "list-credentials", "user/bob"]).out;
    assert.ok(accessor !== undefined && listed.includes(accessor));
    assert.ok(token !== undefined && !listed.includes(token));
    assert.equal(coffer(["admin", "revoke-token", "user/bob", accessor]).status, 0);
    assert.equal((await rest("GET", "/keys", undefined, token)).status, 401);
  });

  it("rotates the keyring while keys go on working", async () => {
    const encrypted = await rest("POST", "/encrypt", { key_id: "ledger", plaintext: "before" });
    const { ciphertext } = (await encrypted.json()) as { ciphertext: string };
    assert.ok(admin<{ rewrapped: number }>("rotate-keyring").rewrapped > 0);
    admin("rotate-keyring");
    const decrypted = await rest("POST", "/decrypt", { key_id: "ledger", ciphertext });
    assert.equal(((await decrypted.json()) as { plaintext: string }).plaintext, "before");
  });

  it("says what is wrong and what to do", () => {
    const cases: [string[], number, RegExp][] = [
      [["admin", "create-user"], 2, /NAME is missing/],
      [["admin", "create-token", "user/nobody"], 1, /There is no principal .*user\/nobody|not found/i],
      [["admin", "create-token", "nonsense"], 1, /user\/NAME/],
      [["admin", "create-token", "root", "--lifetime", "soon"], 2, /30m, 12h or 90d/],
      [["admin", "create-usr", "x"], 2, /create-user/],
      [["admin", "put-policy", "user/x", "p", "/nonexistent"], 1, /cannot read \/nonexistent/],
    ];
    for (const [args, status, message] of cases) {
      const ran = coffer(args);
      assert.equal(ran.status, status, args.join(" "));
      assert.match(ran.err, message);
      assert.ok(!ran.err.includes("    at "), "no stack");
    }
    assert.match(coffer(["admin", "list-principals"], "hvs.wrong").err, /token is unknown/);
  });

  it("gives the root new credentials while the server is stopped, and only then", async () => {
    const dataDir = join(folder, "data");
    const busy = coffer(["admin", "root-credential", "--data-dir", dataDir]);
    assert.equal(busy.status, 1);
    assert.match(busy.err, /in use|another process/);
    const old = server.credentials.token;
    await server.stop();
    const file = join(folder, "new.json");
    const renewed = coffer(["admin", "root-credential", "--data-dir", dataDir, "--credentials-file", file], old);
    assert.equal(renewed.status, 0, renewed.err);
    server = await ServerUnderTest.start({ dataDir, credentialsFile: file });
    assert.equal((await rest("GET", "/keys")).status, 200);
    assert.equal((await rest("GET", "/keys", undefined, old)).status, 401);
  });
});
