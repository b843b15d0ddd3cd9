import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateAliasCommand, DisableKeyCommand, EnableKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { component } from "@coffer/testkit";
import vault from "node-vault";
import { kmsClient } from "./aws-clients.ts";
import { awsEnvironment } from "./aws-environment.ts";
import { createKey } from "./aws-keys.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const sops = component("sops");

const plaintexts = {
  yaml: "db:\n    user: app\n    password: hunter2\nports:\n    - 1\n    - 2\n",
  json: '{\n\t"db": {\n\t\t"password": "hunter2"\n\t},\n\t"on": true\n}\n',
  env: "USER=app\nPASSWORD=hunter2\n",
} as const;

describe("SOPS", { skip: sops.available ? false : sops.reason }, () => {
  let server: ServerUnderTest;
  let kms: KMSClient;
  const folder = temporaryFolder("sops");
  const inFolder = (name: string) => join(folder, name);
  const arns: string[] = [];
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    kms = kmsClient(server);
    for (const name of ["first", "second"]) {
      const { KeyId, Arn } = await createKey(kms);
      await kms.send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: KeyId }));
      arns.push(Arn);
    }
    const client = vault({ endpoint: server.vaultUrl, token: server.credentials.token });
    await client.mount({ mount_point: "transit", type: "transit" });
  });
  after(async () => {
    kms?.destroy();
    await server?.kill();
  });

  /** Each backend's option, and its two keys. */
  const backends = [
    { name: "AWS KMS", option: "--kms", rule: "kms", keys: () => arns },
    {
      name: "Vault Transit",
      option: "--hc-vault-transit",
      rule: "hc_vault_transit_uri",
      keys: () => ["first", "second"].map((key) => `${server.vaultUrl}/v1/transit/keys/${key}`),
    },
  ] as const;

  function run(...args: string[]): Promise<ProgramResult> {
    assert.ok(sops.available);
    return runProgram(sops.path, ["--disable-version-check", ...args], {
      environment: { ...awsEnvironment(server), VAULT_ADDR: server.vaultUrl, VAULT_TOKEN: server.credentials.token },
      workingDirectory: folder,
    });
  }

  async function ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await run(...args);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  for (const { name, option, rule, keys } of backends) {
    for (const [format, plaintext] of Object.entries(plaintexts)) {
      it(`${name}: encrypts, decrypts and rotates ${format}, and moves it to another key`, async () => {
        const [first = "", second = ""] = keys();
        const [plain, sealed] = [`plain.${format}`, `sealed.${format}`];
        writeFileSync(inFolder(plain), plaintext);
        writeFileSync(inFolder(sealed), await ok("encrypt", option, first, plain));
        const before = readFileSync(inFolder(sealed), "utf8");
        assert.ok(!before.includes("hunter2"));
        assert.equal(await ok("decrypt", sealed), plaintext);

        await ok("rotate", "--in-place", sealed);
        const rotated = readFileSync(inFolder(sealed), "utf8");
        assert.notEqual(rotated, before);
        assert.equal(await ok("decrypt", sealed), plaintext);

        writeFileSync(inFolder(".sops.yaml"), `creation_rules:\n  - ${rule}: ${second}\n`);
        await ok("updatekeys", "--yes", sealed);
        const moved = readFileSync(inFolder(sealed), "utf8");
        const named = name === "AWS KMS" ? second : "second";
        assert.ok(moved.includes(named), moved);
        if (name === "AWS KMS") assert.ok(!moved.includes(first));
        assert.equal(await ok("decrypt", sealed), plaintext);
      });
    }
  }

  it("has a file open only with its encryption context and an enabled key", async () => {
    const [first = ""] = arns;
    writeFileSync(inFolder("context.yaml"), plaintexts.yaml);
    const sealed = await ok("encrypt", "--encryption-context", "env:production", "--kms", first, "context.yaml");
    writeFileSync(inFolder("right.yaml"), sealed);
    writeFileSync(inFolder("wrong.yaml"), sealed.replace("env: production", "env: staging"));
    assert.equal(await ok("decrypt", "right.yaml"), plaintexts.yaml);
    const refused = await run("decrypt", "wrong.yaml");
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /InvalidCiphertextException/);
    await kms.send(new DisableKeyCommand({ KeyId: first }));
    const disabled = await run("decrypt", "right.yaml");
    assert.notEqual(disabled.status, 0);
    assert.match(disabled.stderr, /DisabledException/);
    await kms.send(new EnableKeyCommand({ KeyId: first }));
    assert.equal(await ok("decrypt", "right.yaml"), plaintexts.yaml);
  });
});
