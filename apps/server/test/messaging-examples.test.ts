import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RelayProcess } from "./relay-process.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const root = join(import.meta.dirname, "../../..");

describe("examples of messages", () => {
  const folder = temporaryFolder("messaging-examples");
  let server: ServerUnderTest;
  let relay: RelayProcess;

  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    relay = await RelayProcess.start(join(folder, "relay"));
  });
  after(async () => {
    await relay?.kill();
    await server?.kill();
  });

  it("both kinds of encryption: the service reads appointments, the doctor alone reads messages", async () => {
    const environment = { COFFER_ENDPOINT: server.url, RELAY_URL: relay.url };
    const example = join(root, "examples/messaging/both-kinds.ts");
    const { status, stdout, stderr } = await runProgram(join(root, "bin/node"), [example], { environment });
    assert.equal(status, 0, stderr);
    assert.equal(
      stdout,
      'the service reads: {"patient":"paula","at":"2026-12-01T09:00"}\nthe doctor reads: It still hurts. Please tell nobody.\n',
    );
  });
});
