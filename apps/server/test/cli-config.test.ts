import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient } from "@coffer/envelope";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const root = join(import.meta.dirname, "../../..");
const coffer = join(root, "bin/coffer");
const sops = component("sops");

const plain = `# the shop's settings
database:
  user: app
  password: hunter2 # changed in May
ports: [80, 443]
debug: false
`;

describe("coffer config, exec and git", () => {
  const folder = temporaryFolder("cli-config");
  let server: ServerUnderTest;
  let kms: KmsCaller;
  let environment: Record<string, string>;

  const run = (args: readonly string[], more: Record<string, string> = {}, input?: string): Promise<ProgramResult> =>
    runProgram(coffer, args, {
      environment: { ...environment, ...more },
      workingDirectory: folder,
      ...(input === undefined ? {} : { input }),
    });
  const succeed = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const fail = async (text: RegExp, ...args: string[]): Promise<void> => {
    const { status, stdout, stderr } = await run(args);
    assert.notEqual(status, 0);
    assert.equal(stdout, "");
    assert.match(stderr, text);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  };
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    for (const name of ["first", "second"]) {
      const { KeyMetadata } = await kms.call("CreateKey", {});
      await kms.call("CreateAlias", {
        AliasName: `alias/${name}`,
        TargetKeyId: (KeyMetadata as { KeyId: string }).KeyId,
      });
    }
    environment = { ...awsEnvironment(server), VAULT_ADDR: server.vaultUrl, VAULT_TOKEN: server.credentials.token };
    const mounted = await fetch(`${server.vaultUrl}/v1/sys/mounts/transit`, {
      method: "POST",
      headers: { "x-vault-token": server.credentials.token },
      body: '{"type":"transit"}',
    });
    assert.equal(mounted.status, 204);
    write("settings.yaml", plain);
    await succeed(
      "config",
      "encrypt",
      "--key",
      "alias/first",
      "--vault-key",
      "second",
      "settings.yaml",
      "-o",
      "settings.enc.yaml",
    );
  });
  after(() => server?.kill());

  it("encrypt keeps keys and order, decrypt gives the very file back", async () => {
    const sealed = read("settings.enc.yaml");
    assert.match(sealed, /^database:\n {2}user: ENC\[AES256_GCM,data:/m);
    assert.ok(!sealed.includes("hunter2"));
    assert.equal(statSync(join(folder, "settings.enc.yaml")).mode & 0o777, 0o600);
    assert.equal(await succeed("config", "decrypt", "settings.enc.yaml"), plain);
    assert.equal((await run(["config", "decrypt", "--format", "yaml", "-"], {}, sealed)).stdout, plain);
    // By Transit alone, and by KMS alone.
    assert.equal(
      (await run(["config", "decrypt", "settings.enc.yaml"], { AWS_ENDPOINT_URL: "http://127.0.0.1:2" })).stdout,
      plain,
    );
    assert.equal((await run(["config", "decrypt", "settings.enc.yaml"], { VAULT_ADDR: "" })).stdout, plain);
  });

  it("the real sops reads it, and the reverse", { skip: sops.available ? false : sops.reason }, async () => {
    assert.ok(sops.available);
    const { stdout } = await runProgram(
      sops.path,
      ["decrypt", "--extract", '["database"]["password"]', "settings.enc.yaml"],
      { environment, workingDirectory: folder },
    );
    assert.equal(stdout.trim(), "hunter2");
    const { KeyMetadata } = await kms.call("DescribeKey", { KeyId: "alias/first" });
    const arn = (KeyMetadata as { Arn: string }).Arn;
    const theirs = await runProgram(sops.path, ["encrypt", "--kms", arn, "settings.yaml"], {
      environment,
      workingDirectory: folder,
    });
    write("theirs.yaml", theirs.stdout);
    assert.equal((await succeed("config", "get", "theirs.yaml", "database.password")).trim(), "hunter2");
  });

  it("get and set: one value, whose neighbours keep their ciphertexts", async () => {
    assert.equal(await succeed("config", "get", "settings.enc.yaml", "ports[1]"), "443\n");
    assert.equal(
      await succeed("config", "get", "settings.enc.yaml", '["database"]', "--json"),
      '{"user":"app","password":"hunter2"}\n',
    );
    write("set.yaml", read("settings.enc.yaml"));
    const line = (name: string) =>
      read("set.yaml")
        .split("\n")
        .find((text) => text.includes(`${name}:`));
    const user = line("user");
    const { status, stderr } = await run(
      ["config", "set", "set.yaml", "database.password", "-"],
      {},
      "correct horse\n",
    );
    assert.equal(status, 0, stderr);
    assert.equal(line("user"), user);
    assert.equal(await succeed("config", "get", "set.yaml", "database.password"), "correct horse\n");
    await succeed("config", "set", "set.yaml", "limits.max", "--json", "1234567890123456789");
    assert.equal(await succeed("config", "get", "set.yaml", "limits", "--json"), '{"max":1234567890123456789}\n');
    await fail(/has nothing at database\.nothing/, "config", "get", "set.yaml", "database.nothing");
    await fail(/is not a path/, "config", "get", "set.yaml", "a..b");
  });

  it("creation rules: keys and rules from the nearest .sops.yaml", async () => {
    const { KeyMetadata } = await kms.call("DescribeKey", { KeyId: "alias/second" });
    const arn = (KeyMetadata as { Arn: string }).Arn;
    mkdirSync(join(folder, "rules/prod"), { recursive: true });
    write(
      "rules/.sops.yaml",
      `creation_rules:\n  - path_regex: ^prod/\n    kms: ${arn}\n    encrypted_regex: ^password$\n`,
    );
    write("rules/prod/db.yaml", plain);
    await succeed("config", "encrypt", "-i", "rules/prod/db.yaml");
    assert.match(read("rules/prod/db.yaml"), /user: app\n {2}password: ENC\[/);
    assert.ok(read("rules/prod/db.yaml").includes(arn));
    write("rules/other.yaml", plain);
    await fail(/No creation rule .* matches other\.yaml/, "config", "encrypt", "rules/other.yaml");
    await fail(/name a key with --key/, "config", "encrypt", "settings.yaml");
  });

  it("updatekeys and rotate", async () => {
    write("keys.yaml", read("settings.enc.yaml"));
    const out = await succeed("config", "updatekeys", "--key", "alias/second", "keys.yaml");
    assert.match(out, /^arn:aws:kms:.*\n$/);
    assert.equal(await succeed("config", "decrypt", "keys.yaml"), plain);
    assert.ok(!read("keys.yaml").includes("hc_vault"));
    const before = read("keys.yaml");
    await succeed("config", "rotate", "keys.yaml");
    assert.notEqual(read("keys.yaml"), before);
    assert.equal(await succeed("config", "decrypt", "keys.yaml"), plain);
  });

  it("refuses what was tampered with, is encrypted already, is there already, or is no such file", async () => {
    const sealed = read("settings.enc.yaml");
    const [, user = ""] = /user: (.*)/.exec(sealed) ?? [];
    const [, password = ""] = /password: (ENC\S*)/.exec(sealed) ?? [];
    write("swapped.yaml", sealed.replace(user, password));
    await fail(/^coffer: swapped\.yaml: /, "config", "decrypt", "swapped.yaml");
    write("left-out.yaml", sealed.replace(/^debug: .*\n/m, ""));
    await fail(/changed without SOPS/, "config", "decrypt", "left-out.yaml");
    await fail(/encrypted already/, "config", "encrypt", "--key", "alias/first", "settings.enc.yaml");
    await fail(/is there already; --force/, "config", "decrypt", "settings.enc.yaml", "-o", "settings.yaml");
    await fail(/cannot read nothing\.yaml: ENOENT/, "config", "decrypt", "nothing.yaml");
    await fail(/not encrypted/, "config", "decrypt", "settings.yaml");
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("edit: the editor gets the plaintext, the file keeps the ciphertexts of what did not change", async () => {
    write("edit.yaml", read("settings.enc.yaml"));
    const line = () =>
      read("edit.yaml")
        .split("\n")
        .find((text) => text.includes("user:"));
    const before = line();
    write("edit.sh", '#!/bin/sh\necho "$1" > where\nsed -i s/hunter2/edited/ "$1"\n');
    const edited = await run(["config", "edit", "edit.yaml"], { EDITOR: `sh ${join(folder, "edit.sh")}` });
    assert.equal(edited.status, 0, edited.stderr);
    assert.equal(line(), before);
    assert.equal(await succeed("config", "get", "edit.yaml", "database.password"), "edited\n");
    assert.ok(!existsSync(read("where").trim()));
    const same = read("edit.yaml");
    const untouched = await run(["config", "edit", "edit.yaml"], { EDITOR: "true" });
    assert.match(untouched.stdout, /as it was/);
    for (const [editor, text] of [
      ["false", /ended with status 1/],
      ["sh -c 'printf \"a: [\" > $0'", /cannot be taken/],
    ] as const) {
      const { status, stderr } = await run(["config", "edit", "edit.yaml"], { EDITOR: editor });
      assert.equal(status, 1);
      assert.match(stderr, text);
    }
    assert.equal(read("edit.yaml"), same);
  });

  it("exec: decrypted variables, the program's exit code, its own options", async () => {
    write("vars.json", '{"DB_PASSWORD": "hunter2", "PORT": 80}');
    await succeed("config", "encrypt", "--key", "alias/first", "vars.json", "-o", "vars.enc.json");
    const script = 'printf "%s %s %s" "$DB_PASSWORD" "$PORT" "$1"; exit 7';
    const { status, stdout } = await run([
      "exec",
      "--env-file",
      "vars.enc.json",
      "--",
      "sh",
      "-c",
      script,
      "sh",
      "--help",
    ]);
    assert.deepEqual([status, stdout], [7, "hunter2 80 --help"]);
    const pristine = await run([
      "exec",
      "--pristine",
      "--env-file",
      "vars.enc.json",
      "--",
      "sh",
      "-c",
      "echo $AWS_REGION.$PORT",
    ]);
    assert.equal(pristine.stdout, ".80\n");
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({
      KeyId: "alias/first",
      Plaintext: Buffer.from("from lambda"),
      EncryptionContext: { f: "1" },
    });
    const wrapped = { SECRET: Buffer.from(CiphertextBlob).toString("base64") };
    const lambda = await run(
      ["exec", "--decrypt-env", "SECRET", "--context", "f=1", "--", "printenv", "SECRET"],
      wrapped,
    );
    assert.equal(lambda.stdout, "from lambda\n");
    await fail(/cannot run \/nonexistent: ENOENT/, "exec", "--env-file", "vars.enc.json", "--", "/nonexistent");
    await fail(/database is a map or list/, "exec", "--env-file", "settings.enc.yaml", "--", "true");
    await fail(/name the program/, "exec", "--env-file", "vars.enc.json");
  });

  it("git: plain in the working tree, encrypted in the repository, and quiet", async () => {
    const repository = join(folder, "repository");
    mkdirSync(repository);
    const inside = {
      environment: {
        ...environment,
        PATH: `${join(root, "bin")}:${process.env["PATH"]}`,
        GIT_CONFIG_GLOBAL: "/dev/null",
      },
      workingDirectory: repository,
    };
    const git = async (...args: string[]) => {
      const { status, stdout, stderr } = await runProgram("git", args, inside);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    await git("init", "-q");
    await git("config", "user.email", "dev@example.com");
    await git("config", "user.name", "Dev");
    const installed = await runProgram(coffer, ["git", "install"], inside);
    assert.equal(installed.status, 0, installed.stderr);
    const { KeyMetadata } = await kms.call("DescribeKey", { KeyId: "alias/first" });
    writeFileSync(
      join(repository, ".sops.yaml"),
      `creation_rules:\n  - kms: ${(KeyMetadata as { Arn: string }).Arn}\n`,
    );
    writeFileSync(join(repository, ".gitattributes"), "secrets.yaml filter=coffer diff=coffer\n");
    writeFileSync(join(repository, "secrets.yaml"), plain);
    await git("add", ".");
    await git("commit", "-qm", "first");
    const stored = await git("cat-file", "blob", "HEAD:secrets.yaml");
    assert.ok(!stored.includes("hunter2") && stored.includes("ENC[AES256_GCM"));
    // Touched and not changed: the very same blob.
    writeFileSync(join(repository, "secrets.yaml"), plain);
    await git("add", "secrets.yaml");
    assert.equal(await git("status", "--porcelain"), "");
    writeFileSync(join(repository, "secrets.yaml"), plain.replace("hunter2", "hunter3"));
    assert.match(await git("diff"), /-\s+password: hunter2.*\n\+\s+password: hunter3/);
    await git("commit", "-qam", "second");
    const changed = (await git("cat-file", "blob", "HEAD:secrets.yaml"))
      .split("\n")
      .filter((text) => !stored.includes(text));
    assert.ok(changed.length <= 3, changed.join("\n"));
    await git("checkout", "-q", "HEAD~1");
    assert.equal(readFileSync(join(repository, "secrets.yaml"), "utf8"), plain);
  });
});
