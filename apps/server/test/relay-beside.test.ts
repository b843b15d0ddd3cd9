import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { kmsClient } from "@coffer/envelope";
import { RelayUser } from "./relay-user.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

describe("the relay inside coffer server", () => {
  const folder = temporaryFolder("relay-beside");
  const options = { dataDir: join(folder, "data"), credentialsFile: join(folder, "credentials.json") };
  const settings = ["--relay-listen=127.0.0.1:0", "--relay-key=alias/relay"];
  const started: ServerUnderTest[] = [];
  after(async () => {
    for (const server of started) await server.kill();
  });

  const start = async (args: readonly string[]) => {
    const server = await ServerUnderTest.start({ ...options, args });
    started.push(server);
    return server;
  };
  const clientOf = (server: ServerUnderTest) =>
    kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
  const relayUrl = (server: ServerUnderTest) =>
    server.out.find((line) => line.startsWith("relay listening on "))!.slice("relay listening on ".length);
  const refused = async (text: RegExp, args: readonly string[]) => {
    const all = ["server", "--listen=127.0.0.1:0", `--data-dir=${options.dataDir}`, ...args];
    const { status, stderr } = await runProgram(cofferPath, all);
    assert.notEqual(status, 0);
    assert.match(stderr, text);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  };

  it("seals its tables under the server's own key, keeps all over a restart, and starts not while that is disabled", async () => {
    const first = await start([]);
    assert.ok(!first.out.some((line) => line.startsWith("relay listening")));
    const { KeyMetadata } = await clientOf(first).call("CreateKey", {});
    const { KeyId } = KeyMetadata as { KeyId: string };
    await first.stop();
    await refused(/relay\.key: alias\/relay was refused \(NotFound\): start without relay\.listen/, settings);

    const second = await start([]);
    await clientOf(second).call("CreateAlias", { AliasName: "alias/relay", TargetKeyId: KeyId });
    await second.stop();

    const third = await start(settings);
    const alice = await RelayUser.register(relayUrl(third), "alice");
    await RelayUser.register(relayUrl(third), "bob");
    assert.equal((await alice.send("bob", "m1")).status, 200);
    assert.ok(existsSync(join(options.dataDir, "relay", "row-key.wrapped")));
    assert.ok(!existsSync(join(options.dataDir, "relay", "row-key")));
    await third.stop();

    const fourth = await start(settings);
    assert.equal((await fetch(`${relayUrl(fourth)}/v1/users/bob/device-list`)).status, 200);
    await clientOf(fourth).call("DisableKey", { KeyId });
    await fourth.stop();
    await refused(/relay\.key: alias\/relay was refused \(/, settings);
  });

  it("needs an address and a key, TLS where others reach it, and a seal that opens by itself", async () => {
    await refused(/the relay needs relay\.key too/, ["--relay-listen=127.0.0.1:0"]);
    await refused(/the relay needs relay\.listen too/, ["--relay-key=alias/relay"]);
    await refused(/relay\.listen .*other machines reach 0\.0\.0\.0:1/, [
      "--relay-listen=0.0.0.0:1",
      "--relay-key=alias/r",
    ]);
    await refused(/shamir seal leaves sealed/, [...settings, "--seal=shamir"]);
  });
});
