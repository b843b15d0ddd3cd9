import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { OperatorError } from "../operator-error.ts";
import type { Settings } from "./build-settings.ts";
import { loadSettings, type SettingSources } from "./load-settings.ts";
import { readPassphrase } from "./read-passphrase.ts";
import { exampleFile } from "./render-docs.ts";
import { settingRowsByName } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "coffer-config-"));
after(() => rmSync(folder, { recursive: true }));

const home = { homeDirectory: "/home/ada", workingDirectory: "/work" };

let files = 0;
function configFile(text: string): string {
  const path = join(folder, `${files++}.toml`);
  writeFileSync(path, text);
  return path;
}

interface Case extends Partial<Pick<SettingSources, "args" | "environment">> {
  readonly file?: string;
}

function load({ args = [], environment = {}, file }: Case): Settings {
  const all = file === undefined ? args : [...args, "--config", configFile(file)];
  return loadSettings({ args: all, environment, ...home });
}

describe("loadSettings", () => {
  it("has a default for everything", () => {
    assert.deepEqual(load({}), {
      dev: false,
      persistent: {
        dataDir: "/home/ada/.coffer",
        seal: { kind: "keyfile", keyFile: "/home/ada/.coffer/seal/keyfile" },
        audit: {
          durability: "disk",
          directory: "/home/ada/.coffer/audit",
          devicesDirectory: "/home/ada/.coffer/audit-devices",
        },
        store: { durability: "disk" },
        relay: undefined,
      },
      listen: [
        { host: "127.0.0.1", port: 8080 },
        { host: "127.0.0.1", port: 8200 },
      ],
      tls: undefined,
      requestClientCertificates: false,
      credentialsFile: undefined,
      attestationRootsFile: undefined,
      account: "000000000000",
      region: "us-east-1",
      oidcKeysFile: undefined,
      oidcAllowPrivateHosts: false,
      xks: { uriPath: undefined, rootsFile: undefined, timeoutMs: undefined, client: undefined },
      requestRates: undefined,
      resourceQuotas: { keys: undefined, grantsPerKey: undefined },
      limits: load({}).limits,
      logLevel: "info",
    });
    assert.equal(load({}).limits.maxBodyBytes, 1_048_576);
  });

  it("request quotas are AWS's own, others, or some of each", () => {
    const rates = (...args: string[]) => load({ args: args.flatMap((arg) => ["--request-quotas", arg]) }).requestRates;
    assert.deepEqual([...(rates("CreateKey=2.5") ?? [])], [["CreateKey", 2.5]]);
    const changed = rates("aws", "CreateKey=100,cryptographic-rsa=7");
    assert.deepEqual(
      ["CreateKey", "cryptographic-rsa", "CreateAlias"].map((name) => changed?.get(name)),
      [100, 7, 5],
    );
    const file = '[quotas]\nrequests = ["aws", "GenerateDataKeyPair/RSA_4096=1"]\n';
    assert.equal(load({ file }).requestRates?.get("GenerateDataKeyPair/RSA_4096"), 1);
    for (const wrong of [
      "off",
      "CreateKey",
      "CreateKey=0",
      "CreateKey=-1",
      "CreateKey=1e9",
      "Nothing=1",
      "constructor=1",
    ]) {
      assert.throws(() => rates(wrong), /is no quota\. Allowed: aws, or a name and a rate/, wrong);
    }
  });

  it("lets a flag win over the environment, that over the file, that over the default", () => {
    const file = 'region = "eu-west-1"\n';
    const environment = { COFFER_REGION: "eu-west-2" };
    assert.equal(load({ file }).region, "eu-west-1");
    assert.equal(load({ file, environment }).region, "eu-west-2");
    assert.equal(load({ file, environment, args: ["--region", "eu-west-3"] }).region, "eu-west-3");
  });

  it("replaces a list as a whole instead of joining its sources", () => {
    const environment = { COFFER_LISTEN: "127.0.0.1:1, [::1]:2" };
    assert.deepEqual(load({ environment }).listen, [
      { host: "127.0.0.1", port: 1 },
      { host: "::1", port: 2 },
    ]);
    assert.deepEqual(load({ environment, args: ["--listen", "localhost:3", "--listen=127.1.2.3:4"] }).listen, [
      { host: "localhost", port: 3 },
      { host: "127.1.2.3", port: 4 },
    ]);
  });

  it("reads every kind of value from a file, and paths from the file's folder", () => {
    const settings = load({
      file: 'dev = false\nlisten = ["127.0.0.1:0"]\ndata_dir = "data"\n[audit]\ndurability = "os"\n[limits]\nmax_body_bytes = 2048\n',
    });
    assert.deepEqual(settings.listen, [{ host: "127.0.0.1", port: 0 }]);
    assert.equal(settings.persistent?.dataDir, join(folder, "data"));
    assert.deepEqual(settings.persistent?.audit, {
      durability: "os",
      directory: join(folder, "data/audit"),
      devicesDirectory: join(folder, "data/audit-devices"),
    });
    assert.equal(settings.limits.maxBodyBytes, 2048);
  });

  it("loads the example of the documentation", () => {
    assert.equal(load({ file: exampleFile.join("\n") }).persistent?.dataDir, "/var/lib/coffer");
  });

  it("resolves ~/ and relative paths", () => {
    assert.equal(load({ args: ["--data-dir=~/keys"] }).persistent?.dataDir, "/home/ada/keys");
    assert.equal(load({ args: ["--data-dir=keys"] }).persistent?.dataDir, "/work/keys");
  });

  it("takes an empty variable for one that is not given, and a switch off again with --no-", () => {
    assert.equal(load({ environment: { COFFER_REGION: "" } }).region, "us-east-1");
    assert.equal(load({ environment: { COFFER_DEV: "true" } }).dev, true);
    assert.equal(load({ environment: { COFFER_DEV: "true" }, args: ["--no-dev"] }).dev, false);
  });

  it("leaves the variables of the command line alone", () => {
    const environment = { COFFER_TOKEN: "t", COFFER_ENDPOINT: "http://x", COFFER_CREDENTIALS_FILE: "/c.json" };
    assert.equal(load({ environment }).credentialsFile, "/c.json");
    assert.equal(load({ environment, args: ["--dev"] }).persistent, undefined);
  });

  it("keeps nothing on disk in dev mode", () => {
    const settings = load({ args: ["--dev"] });
    assert.equal(settings.dev, true);
    assert.equal(settings.persistent, undefined);
  });

  it("never lets the headers take longer than the whole request", () => {
    const { limits } = load({ args: ["--request-timeout-ms", "500"] });
    assert.deepEqual([limits.requestTimeoutMs, limits.headersTimeoutMs], [500, 500]);
  });

  it("takes the passphrase from one place", () => {
    const seal = (c: Case) => load(c).persistent?.seal;
    assert.deepEqual(seal({ args: ["--seal", "passphrase", "--seal-passphrase-file", "/p"] }), {
      kind: "passphrase",
      source: { kind: "file", file: "/p" },
    });
    assert.deepEqual(seal({ args: ["--seal=shamir"] }), { kind: "shamir" });
    assert.deepEqual(seal({ args: ["--seal=passphrase"], environment: { COFFER_SEAL_PASSPHRASE: "x" } }), {
      kind: "passphrase",
      source: { kind: "environment", variable: "COFFER_SEAL_PASSPHRASE" },
    });
  });

  it("has no two settings with one flag, variable or place", () => {
    for (const part of ["flag", "environment", "file"] as const) {
      const given = [...settingRowsByName.values()].map((row) => row[part]).filter((text) => text !== undefined);
      assert.equal(new Set(given).size, given.length, part);
    }
  });
});

describe("loadSettings, refusals", () => {
  const refusals: readonly (Case & { readonly says: RegExp; readonly exitCode?: 1 | 2 })[] = [
    { args: ["--listne", "127.0.0.1:1"], says: /^unknown flag --listne\. Did you mean --listen\?$/, exitCode: 2 },
    { args: ["--frobnicate"], says: /^unknown flag --frobnicate\.$/, exitCode: 2 },
    { args: ["-d"], says: /^unknown flag -d\.$/, exitCode: 2 },
    { args: ["--no-listen"], says: /^unknown flag --no-listen\./, exitCode: 2 },
    { args: ["extra"], says: /^unexpected argument "extra"\.$/, exitCode: 2 },
    { args: ["--region"], says: /^--region needs a value: --region NAME\.$/, exitCode: 2 },
    { args: ["--region", "--dev"], says: /^--region needs a value/, exitCode: 2 },
    { args: ["--dev=true"], says: /^--dev takes no value\.$/, exitCode: 2 },
    { args: ["--region", "a-b-1", "--region", "a-b-2"], says: /^--region is given twice\.$/, exitCode: 2 },
    {
      args: ["--listen", "8080"],
      says: /^listen \(--listen\): "8080" has no host; write 127\.0\.0\.1:8080\. Allowed: HOST:PORT/,
      exitCode: 2,
    },
    { args: ["--listen", ":8080"], says: /has no host; write 127\.0\.0\.1:8080, or 0\.0\.0\.0:8080/, exitCode: 2 },
    { args: ["--listen", "127.0.0.1"], says: /has no port/, exitCode: 2 },
    { args: ["--listen", "127.0.0.1:70000"], says: /port 70000 is above 65535/, exitCode: 2 },
    { args: ["--listen", "999.0.0.1:1"], says: /is not an IPv4 address/, exitCode: 2 },
    { args: ["--listen", "::1"], says: /write \[::1\]:8080/, exitCode: 2 },
    { args: ["--listen", "[zz]:1"], says: /is not an IPv6 address/, exitCode: 2 },
    { args: ["--listen", "a_b:1"], says: /is not a host name/, exitCode: 2 },
    {
      args: ["--listen", "0.0.0.0:8080"],
      says: /^listen \(--listen\): other machines reach 0\.0\.0\.0:8080, .*--allow-plaintext/,
      exitCode: 2,
    },
    { args: ["--listen", "[::]:8080"], says: /other machines reach \[::\]:8080/, exitCode: 2 },
    { args: ["--listen", "kms.internal:8080"], says: /other machines reach kms\.internal:8080/, exitCode: 2 },
    { args: ["--listen", "127.example.org:1"], says: /other machines reach/, exitCode: 2 },
    {
      args: ["--dev", "--listen", "0.0.0.0:1", "--allow-plaintext"],
      says: /dev mode listens on loopback only/,
      exitCode: 2,
    },
    {
      args: ["--dev", "--data-dir", "/d"],
      says: /^dataDir \(--data-dir\): dev mode keeps everything in memory/,
      exitCode: 2,
    },
    {
      args: ["--dev"],
      environment: { COFFER_SEAL: "keyfile" },
      says: /^seal\.kind \(environment variable COFFER_SEAL\): dev mode/,
    },
    {
      args: ["--tls-cert-file", "c"],
      says: /^tls\.certFile \(--tls-cert-file\): TLS needs tls\.keyFile too\.$/,
      exitCode: 2,
    },
    { args: ["--tls-key-file", "c"], says: /TLS needs tls\.certFile too/, exitCode: 2 },
    {
      args: ["--seal", "keyfil"],
      says: /^seal\.kind \(--seal\): "keyfil" is unknown\. Allowed: keyfile or passphrase or shamir\.$/,
      exitCode: 2,
    },
    {
      args: ["--seal", "passphrase"],
      says: /needs a passphrase: give --seal-passphrase-file or set COFFER_SEAL_PASSPHRASE/,
      exitCode: 2,
    },
    {
      args: ["--seal=shamir", "--seal-passphrase-file", "p"],
      says: /the shamir seal has no passphrase/,
      exitCode: 2,
    },
    { args: ["--seal=shamir", "--seal-key-file", "p"], says: /the shamir seal has no key file/, exitCode: 2 },
    { args: ["--seal-passphrase-file", "p"], says: /the keyfile seal has no passphrase/, exitCode: 2 },
    { args: ["--seal=passphrase", "--seal-key-file=k"], says: /the passphrase seal has no key file/, exitCode: 2 },
    {
      args: ["--seal=passphrase", "--seal-passphrase-file=k"],
      environment: { COFFER_SEAL_PASSPHRASE: "x" },
      says: /COFFER_SEAL_PASSPHRASE is set as well/,
      exitCode: 2,
    },
    { args: ["--account", "12"], says: /Allowed: 12 digits/, exitCode: 2 },
    { args: ["--max-body-bytes", "1e6"], says: /"1e6" is not a whole number/, exitCode: 2 },
    {
      args: ["--max-body-bytes", "12"],
      says: /12 is out of range\. Allowed: a whole number from 1024 to 67108864\.$/,
      exitCode: 2,
    },
    {
      args: ["--config", "/nowhere/coffer.toml"],
      says: /^cannot read the configuration file \/nowhere\/coffer\.toml: ENOENT\.$/,
    },
    {
      environment: { COFFER_LISTENS: "127.0.0.1:1" },
      says: /^unknown environment variable COFFER_LISTENS\. Did you mean COFFER_LISTEN\?$/,
    },
    {
      environment: { COFFER_AUDIT_DURABILITY: "none" },
      says: /^audit\.durability \(environment variable COFFER_AUDIT_DURABILITY\): "none" is unknown\. Allowed: disk or os\.$/,
    },
    { environment: { COFFER_DEV: "yes" }, says: /"yes" is neither true nor false/ },
    {
      file: "\n[audit]\n# why\ndurabilty = 'os'\n",
      says: /^audit\.durabilty \(.*\.toml:4\): unknown setting\. Did you mean audit\.durability\?$/,
    },
    { file: "config = 'x'\n", says: /\.toml:1\): unknown setting\./ },
    { file: "__proto__ = 1\n", says: /^__proto__ \(.*: unknown setting/ },
    { file: "listen = '127.0.0.1:1'\n", says: /is not a list/ },
    { file: "listen = [1]\n", says: /1 is not a text/ },
    { file: "listen = []\n", says: /the list is empty/ },
    { file: "dev = 'true'\n", says: /\.toml:1\): "true" is neither true nor false/ },
    { file: "region = 7\n", says: /7 is not a text/ },
    { file: "[limits]\nmax_connections = 1.5\n", says: /\.toml:2\): 1\.5 is not a whole number/ },
    { file: "[limits]\nmax_connections = '10'\n", says: /"10" is not a whole number/ },
    { file: "a = 1\na = = 2\n", says: /^configuration file \(.*\.toml:2\): not valid TOML: / },
  ];
  for (const { says, exitCode = 1, ...input } of refusals) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      assert.throws(
        () => load(input),
        (error: unknown) => {
          assert.ok(error instanceof OperatorError, String(error));
          assert.match(error.message, says);
          assert.ok(!error.message.includes("\n"), "one line");
          assert.equal(error.exitCode, exitCode);
          return true;
        },
      );
    });
  }

  it("allows what TLS or a proxy in front protects", () => {
    const listen = ["--listen", "0.0.0.0:8080"];
    assert.equal(load({ args: [...listen, "--allow-plaintext"] }).listen[0]?.host, "0.0.0.0");
    const settings = load({ args: [...listen, "--tls-cert-file", "/c.pem", "--tls-key-file", "/k.pem"] });
    assert.deepEqual(settings.tls, { certFile: "/c.pem", keyFile: "/k.pem" });
  });
});

describe("readPassphrase", () => {
  const read = (bytes: string): string => {
    const path = join(folder, "passphrase");
    writeFileSync(path, bytes);
    return readPassphrase({ kind: "file", file: path }, {}).use((secret) => secret.toString("utf8"));
  };

  it("drops one line end at the end of the file and nothing else", () => {
    assert.equal(read("correct horse"), "correct horse");
    assert.equal(read("correct horse\n"), "correct horse");
    assert.equal(read("correct horse\r\n"), "correct horse");
    assert.equal(read(" two\nlines \n\n"), " two\nlines \n");
  });

  it("takes the variable out of the environment", () => {
    const environment: Record<string, string | undefined> = { COFFER_SEAL_PASSPHRASE: "pä" };
    const secret = readPassphrase({ kind: "environment", variable: "COFFER_SEAL_PASSPHRASE" }, environment);
    assert.equal(
      secret.use((bytes) => bytes.toString("utf8")),
      "pä",
    );
    assert.deepEqual(environment, {});
  });

  it("refuses what is empty, too long or not there", () => {
    assert.throws(() => read("\n"), /is empty\.$/);
    assert.throws(() => read("x".repeat(4097)), /is longer than 4096 bytes\.$/);
    assert.throws(() => readPassphrase({ kind: "file", file: "/nowhere" }, {}), /ENOENT/);
  });
});
