import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const go = component("aws-sdk-go");
const java = component("aws-sdk-java");

/** The programs check for themselves and end with an error; what they print says how far they came. */
describe("AWS SDKs of other languages", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(() => server?.kill());

  it("Go: keys, signatures that crypto/ecdsa verifies, MACs, pages, errors", {
    skip: go.available ? false : go.reason,
  }, async () => {
    assert.ok(go.available);
    const { status, stdout, stderr } = await runProgram(go.path, [], { environment: awsEnvironment(server) });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split("\n"), [
      "encrypted and decrypted",
      "signed and verified",
      "made and verified a MAC",
      stdout.match(/listed [3-9] keys/)?.[0],
      "refusals are of the SDK's own types",
    ]);
  });

  it("Java: keys, signatures that java.security verifies, pages, errors", {
    skip: java.available ? false : java.reason,
  }, async () => {
    assert.ok(java.available);
    // One small heap and one thread that collects it.
    const args = ["-Xmx256m", "-XX:+UseSerialGC", "-cp", `${java.path}:${java.path}/*`, "Main"];
    const { status, stdout, stderr } = await runProgram("java", args, { environment: awsEnvironment(server) });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split("\n"), [
      "encrypted and decrypted",
      "signed and verified with ECC_NIST_P256",
      "signed and verified with RSA_2048",
      stdout.match(/listed [3-9] keys/)?.[0],
      "refusals are of the SDK's own classes",
    ]);
  });
});
