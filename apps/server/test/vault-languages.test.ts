import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { runNodeVault } from "./node-vault-parts.ts";
import { OpenBaoUnderTest, openBaoPath } from "./openbao-under-test.ts";
import { pythonScript } from "./python-clients.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import type { VaultAccess } from "./vault-calls.ts";

const go = component("vault-go");
const java = component("vault-java");
const python = component("python-venv");

/** A client: the programs check for themselves and end with an error; they print each part that went well. */
interface Client {
  readonly name: string;
  readonly parts: readonly string[];
  /** Why it is not here. */
  readonly absent?: string | undefined;
  run(parts: readonly string[], access: VaultAccess): Promise<void>;
}

async function runParts(path: string, args: readonly string[], parts: readonly string[], access: VaultAccess) {
  const environment = { VAULT_ADDR: access.address, VAULT_TOKEN: access.token };
  const { stdout, stderr } = await runProgram(path, [...args, ...parts], { environment });
  assert.deepEqual(stdout.trim().split("\n"), parts, stderr);
}

const access = ["tokens", "policies", "approle", "userpass", "wrapping"];

const clients: readonly Client[] = [
  {
    name: "OpenBao's Go client",
    parts: ["system", "transit", "signatures", "material", "kv1", "kv2", ...access],
    absent: go.available ? undefined : go.reason,
    run: (parts, server) => runParts(go.available ? go.path : "", [], parts, server),
  },
  {
    name: "hvac",
    parts: ["transit", "signatures", "material", "kv1", "kv2", ...access],
    absent: python.available ? undefined : python.reason,
    run: (parts, server) => runParts(python.available ? python.path : "", [pythonScript("vault.py")], parts, server),
  },
  {
    name: "node-vault",
    parts: ["signatures", "kv1", "kv2", ...access],
    run: async (parts, server) => {
      for (const part of parts) await runNodeVault(part, server);
    },
  },
  {
    name: "vault-java-driver",
    parts: ["system", "transit", "signatures", "kv1", "kv2", "tokens", "approle", "userpass", "wrapping"],
    absent: java.available ? undefined : java.reason,
    run: (parts, server) => {
      const path = java.available ? java.path : "";
      // One small heap and one thread that collects it.
      return runParts("java", ["-Xmx256m", "-XX:+UseSerialGC", "-cp", `${path}:${path}/*`, "Main"], parts, server);
    },
  },
  {
    name: "OpenBao's CLI",
    parts: ["system", "transit", "signatures", "material", "kv1", "kv2", ...access],
    absent: openBaoPath === undefined ? "OPENBAO names no program." : undefined,
    run: (parts, server) =>
      runParts("/bin/sh", [join(import.meta.dirname, "bao-cli.sh"), openBaoPath ?? ""], parts, server),
  },
];

describe("Vault clients", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
  });
  after(() => server?.kill());

  for (const { name, parts, absent, run } of clients) {
    for (const part of parts) {
      it(`${name}: ${part}`, { skip: absent ?? false }, () =>
        run([part], { address: server.vaultUrl, token: server.credentials.token }),
      );
    }
  }
});

/** The parts hold against the original, so that they ask of Coffer what it does. */
describe("Vault clients with OpenBao", {
  skip: openBaoPath === undefined ? "OPENBAO names no program." : false,
}, () => {
  let openBao: OpenBaoUnderTest;
  before(async () => {
    assert.ok(openBaoPath !== undefined);
    openBao = await OpenBaoUnderTest.start(openBaoPath);
  });
  after(() => openBao?.kill());

  for (const { name, parts, absent, run } of clients) {
    it(name, { skip: absent ?? false }, () => run(parts, openBao));
  }
});
