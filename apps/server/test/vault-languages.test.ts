import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const go = component("vault-go");
const java = component("vault-java");

/** The programs check for themselves and end with an error; they print each part that went well. */
describe("Vault clients of other languages", () => {
  let server: ServerUnderTest;
  let environment: Record<string, string>;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    environment = { VAULT_ADDR: server.vaultUrl, VAULT_TOKEN: server.credentials.token };
  });
  after(() => server?.kill());

  for (const part of ["system", "transit"]) {
    it(`Go: ${part}`, { skip: go.available ? false : go.reason }, async () => {
      assert.ok(go.available);
      const { stdout, stderr } = await runProgram(go.path, [part], { environment });
      assert.equal(stdout, `${part}\n`, stderr);
    });
  }

  it("Java", { skip: java.available ? false : java.reason }, async () => {
    assert.ok(java.available);
    const parts = ["system", "transit"];
    // One small heap and one thread that collects it.
    const args = ["-Xmx256m", "-XX:+UseSerialGC", "-cp", `${java.path}:${java.path}/*`, "Main", ...parts];
    const { stdout, stderr } = await runProgram("java", args, { environment });
    assert.deepEqual(stdout.trim().split("\n"), parts, stderr);
  });
});
