import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { SecretBytes } from "@coffer/crypto";
import { openKeyFileSeal, openPassphraseSeal } from "@coffer/seal";
import type { Seal } from "@coffer/service";
import { type Credentials, ServerUnderTest } from "../server-under-test.ts";
import { readHeapStrings } from "./heap-strings.ts";
import { HttpClient } from "./http-client.ts";
import { SecretScanner } from "./secret-scanner.ts";
import { SecretsTraffic } from "./secrets-traffic.ts";
import { type NamedSecret, readStoredSecrets } from "./stored-secrets.ts";
import { Wires } from "./wires.ts";

/** A seal that a server runs with, and what must be found nowhere but where it lies. */
interface SealCase {
  readonly name: string;
  /** Prepares it in a folder; gives the server's arguments and environment. */
  readonly prepare: (folder: string) => {
    readonly args: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  };
  readonly open: (folder: string) => Promise<Seal>;
  readonly secrets: (folder: string) => readonly NamedSecret[];
}

const passphrase = `Pass${randomBytes(15).toString("hex")}`;
const openPassphrase = async () => openPassphraseSeal({ passphrase: SecretBytes.takeFrom(Buffer.from(passphrase)) });
const passphraseSecret = () => [{ name: "passphrase", bytes: Buffer.from(passphrase) }];

const seals: readonly SealCase[] = [
  {
    name: "key file",
    prepare: (folder) => ({ args: [`--seal-key-file=${join(folder, "seal", "keyfile")}`] }),
    open: (folder) => openKeyFileSeal({ path: join(folder, "seal", "keyfile"), create: false }),
    secrets: (folder) => {
      const line = readFileSync(join(folder, "seal", "keyfile"), "latin1").split("\n")[1] ?? "";
      assert.match(line, /^[0-9a-f]{64}$/);
      return [{ name: "key file", bytes: Buffer.from(line, "hex") }];
    },
  },
  {
    name: "passphrase in a file",
    prepare(folder) {
      const file = join(folder, "passphrase");
      writeFileSync(file, `${passphrase}\n`, { mode: 0o600 });
      return { args: ["--seal=passphrase", `--seal-passphrase-file=${file}`] };
    },
    open: openPassphrase,
    secrets: passphraseSecret,
  },
  {
    name: "passphrase in the environment",
    prepare: () => ({ args: ["--seal=passphrase"], environment: { COFFER_SEAL_PASSPHRASE: passphrase } }),
    open: openPassphrase,
    secrets: passphraseSecret,
  },
];

/** What the first and the second server on a data directory left behind. */
interface Remains {
  readonly folder: string;
  readonly credentials: Credentials;
  readonly traffic: SecretsTraffic;
  /** What the second one printed; the first one shows the credentials on purpose. */
  readonly output: string;
  /** The strings in each one's heap. */
  readonly heaps: readonly Buffer[];
}

const hook = fileURLToPath(new URL("heap-snapshot-hook.ts", import.meta.url));

async function readHeap(server: ServerUnderTest, snapshot: string): Promise<Buffer> {
  server.signal("SIGUSR2");
  await server.line(/^heap snapshot written$/);
  const heap = readHeapStrings(snapshot);
  rmSync(snapshot);
  // What is not there can only be missed if what is there is found.
  assert.ok(heap.includes("sys/health") && heap.includes(snapshot), "the heap has the server's strings");
  return heap;
}

async function leaveRemains(test: TestContext, seal: SealCase): Promise<Remains> {
  const folder = mkdtempSync(join(tmpdir(), "coffer-secrets-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const { args, environment = {} } = seal.prepare(folder);
  const snapshot = join(folder, "heap.json");
  const options = {
    dataDir: join(folder, "data"),
    credentialsFile: join(folder, "credentials.json"),
    args: [...args, "--log-level=debug"],
    environment: { ...environment, NODE_OPTIONS: `--import=${hook}`, HEAP_SNAPSHOT: snapshot },
  };
  await using first = await ServerUnderTest.start(options);
  const { credentials } = first;
  const firstHeap = await readHeap(first, snapshot);
  assert.equal(await first.stop(), 0);

  await using second = await ServerUnderTest.start(options);
  const wires = new Wires(new HttpClient(second.url), credentials);
  const traffic = new SecretsTraffic(wires);
  await traffic.run();
  // As a thief finds them, with the write-ahead log.
  cpSync(options.dataDir, join(folder, "while-running"), { recursive: true });
  wires.close();
  const secondHeap = await readHeap(second, snapshot);
  assert.equal(await second.stop(), 0);
  const output = [...second.out, ...second.err].join("\n");
  return { folder, credentials, traffic, output, heaps: [firstHeap, secondHeap] };
}

describe("secrets stay where they belong", () => {
  for (const seal of seals) {
    it(`${seal.name}: not in files, output, errors or the heap`, async (t) => {
      const { folder, credentials, traffic, output, heaps } = await leaveRemains(t, seal);
      const keys = [
        ...seal.secrets(folder),
        ...(await readStoredSecrets(join(folder, "data"), await seal.open(folder))),
      ];
      const everything = new SecretScanner([
        ...keys,
        ...traffic.credentials,
        ...traffic.confidences,
        { name: "root token", bytes: Buffer.from(credentials.token) },
        { name: "root secret access key", bytes: Buffer.from(credentials.secretAccessKey) },
      ]);
      for (const place of ["data", "while-running"]) {
        assert.deepEqual(everything.findInFiles(join(folder, place)), [], `files in ${place} hold secrets`);
      }
      assert.deepEqual(everything.find(Buffer.from(output)), [], "the output holds secrets");
      for (const { text, headers } of traffic.refusals) {
        const shown = Buffer.from(JSON.stringify(headers) + text);
        assert.deepEqual(everything.find(shown), [], `an error holds secrets: ${text}`);
      }
      for (const [start, heap] of heaps.entries()) {
        assert.deepEqual(everything.find(heap), [], `the heap of start ${start + 1} holds secrets as text`);
      }
      // Of credentials, what was made is told once to whoever asked for it.
      const keyScanner = new SecretScanner(keys.filter(({ name }) => !name.startsWith("secret of")));
      for (const { text } of traffic.replies) {
        assert.deepEqual(keyScanner.find(Buffer.from(text)), [], `an answer holds keys: ${text}`);
      }
    });
  }
});
