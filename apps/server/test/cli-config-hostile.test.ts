import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { FilesUnderTest } from "./cli-files-under-test.ts";
import { temporaryFolder } from "./run-program.ts";
import { cofferPath } from "./server-under-test.ts";

const secret = "correct-horse-battery";
const plain = `# settings\nuser: 'app'\npassword: ${secret}\n`;

describe("coffer config, exec and git under bad conditions", () => {
  const folder = temporaryFolder("cli-config-hostile");
  const dataDir = join(temporaryFolder("cli-config-data"), "data");
  let files: FilesUnderTest;

  /** How many requests to decrypt the audit trail has. */
  const decryptCalls = (): number => {
    const trails = readdirSync(join(dataDir, "audit")).filter((name) => name.endsWith(".jsonl"));
    const lines = trails.flatMap((name) => readFileSync(join(dataDir, "audit", name), "utf8").split("\n"));
    return lines.filter((line) => line.includes('"eventName":"Decrypt"')).length;
  };
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const write = (name: string, text: string, mode = 0o600) => writeFileSync(join(folder, name), text, { mode });
  const succeed = async (args: readonly string[], environment: Record<string, string> = {}): Promise<string> => {
    const { status, stdout, stderr } = await files.run(args, { environment });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const fail = async (text: RegExp, args: readonly string[], environment: Record<string, string> = {}) => {
    const result = await files.run(args, { environment });
    assert.notEqual(result.status, 0, result.stdout);
    assert.match(result.stderr, text);
    return result;
  };
  /** Makes an editor of a shell text, in which $1 is the file. */
  const editor = (text: string): Record<string, string> => {
    write("editor.sh", `echo "$1" > where\n${text}\n`);
    return { EDITOR: `sh ${join(folder, "editor.sh")}` };
  };
  const editedFolder = () => join(read("where").trim(), "..");

  before(async () => {
    files = await FilesUnderTest.start(folder, { dataDir });
    write("plain.yaml", plain);
    await succeed(["config", "encrypt", "--key", "alias/files", "plain.yaml", "-o", "sealed.yaml"]);
  });
  after(async () => {
    await files?.server.kill();
  });

  it("edit leaves no plaintext behind, whatever the editor leaves beside it", async () => {
    const before = read("sealed.yaml");
    const litter = `d=$(dirname "$1"); mkdir "$d/sub"; cp "$1" "$d/sub/copy"; cp "$1" "$d/backup~"; chmod 400 "$d/backup~"
ln -s /nonexistent/lock "$d/.#lock"; ln -s "$PWD/target" "$d/link"; stat -c %a "$1" "$d" > modes`;
    write("target", "untouched");
    await succeed(["config", "edit", "sealed.yaml"], editor(litter));
    assert.equal(read("modes"), "600\n700\n");
    assert.equal(existsSync(editedFolder()), false);
    assert.equal(read("target"), "untouched");
    await fail(/ended with status 3; nothing/, ["config", "edit", "sealed.yaml"], editor(`${litter}\nexit 3`));
    assert.equal(existsSync(editedFolder()), false);
    await fail(/ended with SIGKILL|status 137; nothing/, ["config", "edit", "sealed.yaml"], editor("kill -9 $$"));
    assert.equal(existsSync(editedFolder()), false);
    await fail(/cannot be read: ENOENT; nothing/, ["config", "edit", "sealed.yaml"], editor('rm "$1"'));
    assert.equal(read("sealed.yaml"), before);
  });

  it("edit opens again after a syntax error, and gives up when nothing changes", async () => {
    write("again.yaml", read("sealed.yaml"));
    const twice = editor('if [ -e once ]; then echo "user: new" > "$1"; else touch once; echo "a: [" > "$1"; fi');
    const { status, stderr } = await files.run(["config", "edit", "again.yaml"], { environment: twice });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^again\.yaml: /);
    assert.equal(await succeed(["config", "decrypt", "again.yaml"]), "user: new\n");
    const same = read("again.yaml");
    for (const text of ["a: [", "sops: mine"]) {
      await fail(/cannot be taken/, ["config", "edit", "again.yaml"], editor(`echo "${text}" > "$1"`));
      assert.equal(read("again.yaml"), same);
    }
  });

  it("edit writes nothing over what somebody else changed meanwhile, and makes new files", async () => {
    write("race.yaml", read("sealed.yaml"));
    const racing = editor('echo "user: mine" > "$1"; echo "# theirs" >> race.yaml');
    await fail(/changed by somebody else/, ["config", "edit", "race.yaml"], racing);
    assert.match(read("race.yaml"), /# theirs\n$/);
    for (const [name, text, value] of [
      ["new.yaml", "a: x", "x\n"],
      ["new.toml", "a = 'x'", "x\n"],
      ["new.env", "a=x", "x\n"],
      ["new.json", '{\\"a\\": \\"x\\"}', "x\n"],
    ] as const) {
      await succeed(["config", "edit", "--key", "alias/files", name], editor(`echo "${text}" > "$1"`));
      assert.equal(await succeed(["config", "get", name, "a"]), value);
    }
    await succeed(["config", "edit", "--key", "alias/files", "none.yaml"], editor("true"));
    assert.equal(existsSync(join(folder, "none.yaml")), false);
  });

  for (const [signal, exitCode] of [
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    it(`an edit that ${signal} ends leaves the file and no plaintext`, async () => {
      const before = read("sealed.yaml");
      write("wait.sh", 'echo "$1"\nread line < "$PWD/never"\n');
      await files.shell("test -p never || mkfifo never");
      const EDITOR = `exec sh ${join(folder, "wait.sh")}`;
      const { program } = files.start(["config", "edit", "sealed.yaml"], { EDITOR });
      const path = (await program.line(/sealed\.yaml$/)).trim();
      assert.equal(readFileSync(path, "utf8").includes(secret), true);
      program.signal(signal);
      assert.equal(await program.ended, exitCode);
      assert.equal(existsSync(join(path, "..")), false);
      assert.equal(read("sealed.yaml"), before);
    });
  }

  it("an edit outlives a SIGQUIT, as its editor may, and leaves no plaintext", async () => {
    write("wait.sh", 'echo "$1"\nread line < "$PWD/quit"\n');
    await files.shell("mkfifo quit");
    const { program } = files.start(["config", "edit", "sealed.yaml"], {
      EDITOR: `exec sh ${join(folder, "wait.sh")}`,
    });
    const path = (await program.line(/sealed\.yaml$/)).trim();
    program.signal("SIGQUIT");
    await files.shell("echo > quit");
    assert.equal(await program.ended, 0);
    assert.equal(existsSync(join(path, "..")), false);
  });

  it("exec passes signals and their exit codes on, and its input, and nothing is on disk", async () => {
    write("vars.env", `TOKEN=${secret}\nMULTI=a\\nb\n`);
    await succeed(["config", "encrypt", "-i", "--key", "alias/files", "vars.env"]);
    const trap = 'trap "echo got; exit 9" TERM; echo ready $TOKEN; while :; do read line || sleep 0.01; done';
    const { program } = files.start(["exec", "--env-file", "vars.env", "--", "sh", "-c", trap]);
    await program.line(new RegExp(`^ready ${secret}$`));
    program.signal("SIGTERM");
    await program.line(/^got$/);
    assert.equal(await program.ended, 9);
    const killed = await files.run(["exec", "--env-file", "vars.env", "--", "sh", "-c", "kill -INT $$"]);
    assert.equal(killed.status, 130);
    const echoed = await files.run(["exec", "--env-file", "vars.env", "--", "sh", "-c", 'cat; printf "%s" "$MULTI"'], {
      input: "from outside\n",
    });
    assert.equal(echoed.stdout, "from outside\na\nb");
    assert.deepEqual(filesWith(folder, secret), ["plain.yaml"]);
  });

  it("exec refuses what is no variable, and takes every flat format", async () => {
    for (const [name, text] of [
      ["flat.toml", "A = 'x'\nN = 5\nB = true\n"],
      ["flat.ini", "A = x\n[more]\nN = 5\nB = true\n"],
      ["flat.yaml", "A: x\nN: 5\nB: true\n"],
    ] as const) {
      write(name, text);
      await succeed(["config", "encrypt", "-i", "--key", "alias/files", name]);
      const shown = await succeed(["exec", "--env-file", name, "--", "sh", "-c", 'echo "$A $N $B"']);
      assert.equal(shown, "x 5 true\n");
    }
    for (const [name, text, problem] of [
      ["export.env", "export A=x\n", /"export A" is no name of a variable/],
      ["twice.ini", "[a]\nX = 1\n[b]\nX = 2\n", /X stands in two sections/],
      ["nested.toml", "[a]\nX = 1\n", /a is a map or list/],
      ["zero.json", '{"A": "\\u0000"}', /zero character/],
    ] as const) {
      write(name, text);
      await succeed(["config", "encrypt", "-i", "--key", "alias/files", name]);
      await fail(problem, ["exec", "--env-file", name, "--", "true"]);
    }
  });

  it("another's keys, another server and no server are told apart", async () => {
    const { server } = files;
    await fail(/^coffer: sealed\.yaml: .*arn:aws:kms/, ["config", "decrypt", "sealed.yaml"], {
      AWS_SECRET_ACCESS_KEY: "x".repeat(40),
    });
    await fail(/^coffer: sealed\.yaml: /, ["config", "decrypt", "sealed.yaml"], {
      AWS_ENDPOINT_URL: "http://127.0.0.1:2",
    });
    // The address in a file never gets the token by itself.
    const sealed = read("sealed.yaml").replace(
      /^ {4}kms:$/m,
      `    hc_vault:\n        - vault_address: ${server.url}\n          engine_path: transit\n          key_name: x\n          created_at: "2026-11-23T10:00:00Z"\n          enc: vault:v1:AAAA\n    kms:`,
    );
    write(
      "foreign.yaml",
      sealed.replace(/^ +- arn: .*$/m, "        - arn: arn:aws:kms:us-east-1:000000000000:key/none"),
    );
    await fail(/names the Vault server/, ["config", "decrypt", "foreign.yaml"], {
      VAULT_ADDR: "http://127.0.0.1:3",
      VAULT_TOKEN: "token",
    });
  });

  it("every format is encrypted, read, changed and decrypted to what it was", async () => {
    for (const [name, text, path] of [
      ["f.env", "# c\nA=x\nB='y'\n", "A"],
      ["f.ini", "; c\n[s]\nA = x\nB = `y;z`\n", "s.A"],
      ["f.toml", '# c\n[s]\nA = "x"\nB = [1, 2.5] # d\n', "s.A"],
      ["f.json", '{\n  "A": "x",\n  "B": [1, null]\n}\n', "A"],
      ["f.bin", "\u0001binary", undefined],
    ] as const) {
      write(name, text);
      await succeed(["config", "encrypt", "--key", "alias/files", name, "-o", `${name}.sealed`, "--force"]);
      const format = name === "f.bin" ? "binary" : ({ env: "dotenv" }[name.slice(2)] ?? name.slice(2));
      const decrypt = ["config", "decrypt", "--format", format, `${name}.sealed`];
      assert.equal(await succeed(decrypt), text);
      if (path === undefined) continue;
      await succeed(["config", "set", "--format", format, `${name}.sealed`, path, "changed"]);
      assert.equal(await succeed(["config", "get", "--format", format, `${name}.sealed`, path]), "changed\n");
      await succeed(["config", "set", "--format", format, `${name}.sealed`, path, "x"]);
      assert.equal(await succeed(decrypt), text);
    }
  });

  it("git: spellings and keys that are away make no changes; a tampered file is not checked out", async () => {
    const repository = join(folder, "repository");
    mkdirSync(repository);
    const { KeyMetadata } = await files.kms.call("DescribeKey", { KeyId: "alias/files" });
    const { Arn } = KeyMetadata as { Arn: string };
    writeFileSync(join(repository, ".sops.yaml"), `creation_rules:\n  - kms: ${Arn}\n`);
    writeFileSync(join(repository, ".gitattributes"), "*secret* filter=coffer diff=coffer\n");
    writeFileSync(join(repository, "-secret.yaml"), plain);
    writeFileSync(join(repository, "my secret's.env"), `TOKEN=${secret}\n`);
    const bin = join(cofferPath, "..");
    const setUp = `cd repository; PATH=${bin}:$PATH; export PATH GIT_CONFIG_GLOBAL=/dev/null
git() { command git -c user.name=Dev -c user.email=dev@example.com "$@"; }\n`;
    const git = async (text: string) => files.shell(`${setUp}set -e\n${text}`);
    const ok = async (text: string): Promise<string> => {
      const { status, stdout, stderr } = await git(text);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    await ok("git init -q .; coffer git install; git add .; git commit -qm one");
    const stored = await ok('git cat-file blob HEAD:-secret.yaml; git cat-file blob "HEAD:my secret\'s.env"');
    assert.equal(stored.includes(secret), false);
    assert.match(stored, /user: ?.*ENC\[/);
    // A fresh checkout spells values in SOPS's way: that is no change, nor is a file that was only touched.
    await ok("rm ./*secret*; git checkout -q .; touch ./*secret*");
    assert.equal(await ok("git status --porcelain; git add -A; git status --porcelain"), "");
    writeFileSync(join(repository, "-secret.yaml"), plain);
    assert.equal(await ok("git add -A; git status --porcelain"), "");
    assert.deepEqual(filesWith(join(repository, ".git"), secret), []);
    // Without the key: ciphertext in the working tree, which is no change either.
    const away = "export AWS_ENDPOINT_URL=http://127.0.0.1:2\n";
    const { status, stderr } = await git(`${away}rm ./*secret*; git checkout -q .; git add -A; git status --porcelain`);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /It stays encrypted/);
    assert.match(readFileSync(join(repository, "-secret.yaml"), "utf8"), /ENC\[/);
    assert.equal(await ok("git status --porcelain"), "");
    assert.match(await ok(`git log -p --format= -- -secret.yaml`), new RegExp(`^\\+password: ${secret}$`, "m"));
    // A blob that somebody changed.
    await ok(
      "git cat-file blob HEAD:-secret.yaml | sed 's/^password: ENC.*/password: x/' > ../bad; git config filter.coffer.clean cat; git config filter.coffer.smudge cat; cp ../bad ./-secret.yaml; git add -A; git commit -qm bad",
    );
    const tampered = await git("coffer git install > /dev/null; rm ./-secret.yaml; git checkout -q .");
    assert.notEqual(tampered.status, 0);
    assert.match(tampered.stderr, /was changed without SOPS/);
  });

  it("updatekeys shows what a file says of its keys without its control characters", async () => {
    await succeed(["config", "encrypt", "--key", "alias/files", "plain.yaml", "-o", "escaped.yaml"]);
    const arn = /arn:aws:kms:\S+/.exec(read("escaped.yaml"))?.[0];
    const rule = `creation_rules: [{key_groups: [{kms: [{arn: "${arn}", context: {app: "\\e[2J"}}]}]}]\n`;
    write(".sops.yaml", rule);
    const out = await succeed(["config", "updatekeys", "escaped.yaml"]);
    rmSync(join(folder, ".sops.yaml"));
    assert.equal(out, `${arn}|app:?[2J\n`);
  });

  it("an error shows what a file says without its control characters", async () => {
    const key = `{ arn: "arn\\e[2J", enc: "", created_at: "2026-11-23T10:00:00Z" }`;
    write(
      "error.yaml",
      `a: b\nsops: { kms: [${key}], lastmodified: "2026-11-23T10:00:00Z", mac: x, version: 3.13.3 }\n`,
    );
    const { stderr } = await fail(/arn\?\[2J/, ["config", "decrypt", "error.yaml"]);
    assert.equal(stderr.includes("\u001b"), false);
  });

  it("a file of a thousand values takes one call to decrypt", async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `key${index}: value ${index}`);
    write("many.yaml", `${lines.join("\n")}\n`);
    await succeed(["config", "encrypt", "-i", "--key", "alias/files", "many.yaml"]);
    const before = decryptCalls();
    assert.equal(await succeed(["config", "decrypt", "many.yaml"]), `${lines.join("\n")}\n`);
    assert.equal(decryptCalls() - before, 1);
  });

  it("nothing of all this is left in the folders for temporary files", async () => {
    const folders = ["/dev/shm", tmpdir()].filter((each) => existsSync(each));
    for (const each of folders) {
      const left = readdirSync(each).filter((name) => /^coffer-[A-Za-z0-9]{6}$/.test(name));
      assert.deepEqual(
        left.filter((name) => filesWith(join(each, name), secret).length > 0),
        [],
      );
    }
    assert.deepEqual(
      filesWith(folder, secret).filter((name) => !/^(?:plain\.yaml|repository\/[^.])/.test(name)),
      [],
    );
  });
});

/** Names, from the folder on, of the files below it that hold a text. */
function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return stat?.isFile() && readFileSync(join(folder, name)).includes(text);
  });
}
