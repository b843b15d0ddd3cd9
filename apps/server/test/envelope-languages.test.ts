import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const go = component("aws-sdk-go");
const java = component("aws-sdk-java");
const root = join(import.meta.dirname, "../../..");

/** Envelope encryption as docs/ENVELOPE.md shows it in other languages: what one writes the others read. */
describe("large data in other languages", { skip: python.available ? false : python.reason }, () => {
  const folder = temporaryFolder("large-data");
  const original = join(folder, "report");
  const sealed = join(folder, "report.enc");
  const content = randomBytes(3_000_001);
  let server: ServerUnderTest;
  let keyId = "";
  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    const made = await fetch(`${server.url}/keys`, { method: "POST", body: JSON.stringify({ key_id: "large" }) });
    assert.equal(made.status, 201);
    keyId = "alias/large";
    writeFileSync(original, content);
    const { status, stderr } = await inPython("encrypt", original, sealed);
    assert.equal(status, 0, stderr);
  });
  after(() => server?.kill());

  function inPython(action: string, source: string, target: string): Promise<ProgramResult> {
    assert.ok(python.available);
    const program = join(root, "examples/envelope/large_data.py");
    return runProgram(python.path, [program, action, keyId, source, target], { environment: awsEnvironment(server) });
  }

  function inGo(action: string, source: string, target: string): Promise<ProgramResult> {
    assert.ok(go.available);
    return runProgram(go.path, [action, keyId, source, target], { environment: awsEnvironment(server) });
  }

  function inJava(action: string, source: string, target: string): Promise<ProgramResult> {
    assert.ok(java.available);
    const args = ["-Xmx256m", "-XX:+UseSerialGC", "-cp", `${java.path}:${java.path}/*`, "Main"];
    return runProgram("java", [...args, action, keyId, source, target], { environment: awsEnvironment(server) });
  }

  async function readsAndWrites(name: string, run: typeof inPython): Promise<void> {
    const [opened, again, back] = [`${name}.opened`, `${name}.enc`, `${name}.back`].map((file) => join(folder, file));
    const steps = [() => run("decrypt", sealed, opened!), () => run("encrypt", opened!, again!)];
    for (const step of [...steps, () => inPython("decrypt", again!, back!)]) {
      const { status, stderr } = await step();
      assert.equal(status, 0, stderr);
    }
    assert.deepEqual(readFileSync(opened!), content);
    assert.deepEqual(readFileSync(back!), content);
  }

  it("Go", { skip: go.available ? false : go.reason }, () => readsAndWrites("go", inGo));
  it("Java", { skip: java.available ? false : java.reason }, () => readsAndWrites("java", inJava));

  it("TypeScript, by the library: in the AWS Encryption SDK's format, and back", async () => {
    const program = join(root, "examples/envelope/large-data.ts");
    const [made, back] = [join(folder, "typescript.enc"), join(folder, "typescript.back")];
    for (const args of [
      ["encrypt", keyId, original, made],
      ["decrypt", keyId, made, back],
    ]) {
      const { status, stderr } = await runProgram(process.execPath, [program, ...args], {
        environment: awsEnvironment(server),
      });
      assert.equal(status, 0, stderr);
    }
    assert.deepEqual(readFileSync(back), content);
  });

  it("Python refuses a changed file and leaves nothing", async () => {
    const changed = join(folder, "changed.enc");
    const bytes = readFileSync(sealed);
    bytes[1_000_000]! ^= 1;
    writeFileSync(changed, bytes);
    const target = join(folder, "changed");
    const { status, stderr } = await inPython("decrypt", changed, target);
    assert.equal(status, 1);
    assert.match(stderr, /was changed, cut off, or is not of this key and context/);
    assert.ok(!existsSync(target) && !existsSync(`${target}.partial`));
  });
});
