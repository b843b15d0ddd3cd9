import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RelayProcess } from "./relay-process.ts";
import { cleanEnvironment, runProgram, temporaryFolder } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import { cofferPath } from "./server-under-test.ts";

describe("coffer chat", () => {
  const folder = temporaryFolder("chat");
  const environment = { HOME: folder };
  let relay: RelayProcess;

  before(async () => {
    relay = await RelayProcess.start(join(folder, "relay"));
  });
  after(() => relay?.kill());

  const args = (...more: string[]) => ["chat", `--relay=${relay.url}`, ...more];
  const chat = (input: string, ...more: string[]) => runProgram(cofferPath, args(...more), { input, environment });

  it("sends what a pipe says to who is away, and shows what waited", async () => {
    // Bob has been here once: before, nobody can write to him.
    const early = await chat("too early\n", "--as=alice", "--with=bob");
    assert.deepEqual([early.status, /bob/.test(early.stdout)], [1, true], early.stdout + early.stderr);
    assert.equal((await chat("", "--as=bob")).status, 0);
    const sent = await chat("hello Bob\n//slash\n", "--as=alice", "--with=bob");
    assert.deepEqual([sent.status, sent.stderr], [0, ""]);
    const received = await chat("hello Alice\n", "--as=bob", "--with=alice");
    assert.equal(received.status, 0, received.stderr);
    assert.match(received.stdout, /alice: hello Bob\nalice: \/slash\n/);
    const back = await chat("", "--as=alice", "--json");
    const [message] = back.stdout.split("\n").map((line) => (line === "" ? undefined : JSON.parse(line)));
    assert.deepEqual([message.event, message.from, message.text], ["message", "bob", "hello Alice"]);
  });

  it("shows the same safety number to both", async () => {
    const numberOf = async (as: string, other: string) =>
      /safety number with \w+: ([\d ]+)/.exec((await chat("/safety\n", `--as=${as}`, `--with=${other}`)).stdout)?.[1];
    const number = await numberOf("alice", "bob");
    assert.match(number ?? "", /^\d{5}( \d{5}){11}$/);
    assert.equal(await numberOf("bob", "alice"), number);
  });

  it("speaks MLS as well", async () => {
    assert.equal((await chat("", "--as=dora", "--protocol=mls")).status, 0);
    assert.equal((await chat("by MLS\n", "--as=emil", "--with=dora", "--protocol=mls")).status, 0);
    assert.match((await chat("", "--as=dora", "--protocol=mls")).stdout, /emil: by MLS/);
  });

  it("shows messages as they come, and no control characters of others", async () => {
    const all = args("--as=bob", "--with=alice", "--follow");
    const env = cleanEnvironment(environment);
    const bob = new RunningProgram(spawn(cofferPath, all, { env, stdio: ["pipe", "pipe", "pipe"] }));
    try {
      await chat("are you there?\n\u001b[2Jcleared\n", "--as=alice", "--with=bob");
      await bob.line(/alice: are you there\?/);
      assert.match(await bob.line(/cleared/), /alice: \?\[2Jcleared$/);
    } finally {
      bob.signal("SIGTERM");
      await bob.ended;
    }
    // The lock of a process that was ended is taken over.
    assert.equal((await chat("", "--as=bob")).status, 0);
  });

  it("keeps its keys to itself", async () => {
    const directory = join(folder, ".coffer", "chat");
    for (const name of readdirSync(directory)) {
      const { mode } = statSync(join(directory, name));
      assert.equal(mode & 0o077, 0, name);
    }
    const files = readdirSync(join(directory, "alice-terminal"));
    for (const name of files) assert.ok(!readFileSync(join(directory, "alice-terminal", name)).includes("hello"));
  });

  it("says in one line what is wrong", async () => {
    const cases: [string[], RegExp][] = [
      [["chat"], /say who you are/],
      [args("--as=a b"), /user's id/],
      [args("--as=eve", "--protocol=signal"), /is none of olm, mls/],
      [["chat", "--as=alice", "--relay=http://chat.example"], /must be an https URL/],
      [args("--as=alice", "--device=laptop"), /alice/],
    ];
    for (const [all, text] of cases) {
      const { status, stderr } = await runProgram(cofferPath, all, { input: "", environment });
      assert.notEqual(status, 0);
      assert.match(stderr, text);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
  });

  it("keeps what it could not send, and sends it later", async () => {
    await relay.kill();
    const down = await chat("when you are back\n", "--as=alice", "--with=bob");
    assert.match(down.stdout + down.stderr, /relay does not answer/);
    relay = await RelayProcess.start(join(folder, "relay"));
    assert.equal((await chat("", "--as=alice")).status, 0);
    assert.match((await chat("", "--as=bob")).stdout, /alice: when you are back/);
  });
});
