import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { requestText } from "./http/echo-server.ts";
import { RawClient } from "./http/raw-client.ts";

const fixture = fileURLToPath(new URL("run-server.fixture.ts", import.meta.url));

/** A running fixture with its output line by line. */
class Run {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  readonly out: string[] = [];
  readonly err: string[] = [];
  #wake: () => void = () => {};

  constructor(test: TestContext, args: readonly string[], fail = "") {
    this.child = spawn(process.execPath, [fixture, ...args], { env: { FAIL: fail } });
    this.exit = once(this.child, "close").then(([code]) => code);
    this.#follow(this.child.stdout, this.out);
    this.#follow(this.child.stderr, this.err);
    test.after(() => this.child.kill("SIGKILL"));
  }

  #follow(stream: ChildProcess["stdout"], lines: string[]): void {
    assert.ok(stream !== null);
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      this.#wake();
    });
  }

  /** Waits until a line of an output matches, and returns it. */
  async line(lines: readonly string[], pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      assert.equal(
        this.child.exitCode ?? this.child.signalCode,
        null,
        `ended without ${pattern}: ${this.err.join("\n")}`,
      );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.child.once("close", () => resolve());
      });
    }
  }

  async url(): Promise<string> {
    return (await this.line(this.out, /^listening on /)).replace("listening on ", "");
  }
}

const anyPort = ["--listen", "127.0.0.1:0"];

describe("runServer", () => {
  it("prints a line a listener and then the banner, serves, and ends with 0 on SIGTERM and SIGINT", async (t) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const run = new Run(t, [...anyPort, "--listen=[::1]:0"]);
      const client = await RawClient.connect(await run.url());
      assert.equal((await client.exchange(requestText("GET", "/"))).body, "done");
      await run.line(run.out, /^banner/);
      run.child.kill(signal);
      assert.equal(await run.exit, 0);
      assert.equal(await client.closed, "");
      assert.match(
        run.out.join("\n"),
        /^listening on http:\/\/127\.0\.0\.1:\d+\nlistening on http:\/\/\[::1\]:\d+\nbanner for 2\nclosed$/,
      );
    }
  });

  it("opens its files anew on SIGHUP, and goes on", async (t) => {
    const run = new Run(t, anyPort);
    await run.line(run.out, /^banner/);
    run.child.kill("SIGHUP");
    await run.line(run.out, /^reopened$/);
    run.child.kill("SIGTERM");
    assert.equal(await run.exit, 0);
  });

  it("lets a request under way finish before it closes the instance", async (t) => {
    const run = new Run(t, anyPort);
    const url = await run.url();
    const client = await RawClient.connect(url);
    await client.send(requestText("GET", "/slow"));
    await run.line(run.out, /^reached$/);
    run.child.kill("SIGTERM");
    await run.line(run.err, /^coffer: stopping after SIGTERM/);
    await assert.rejects(RawClient.connect(url), { code: "ECONNREFUSED" });
    assert.ok(!run.out.includes("closed"));
    run.child.stdin?.write("go\n");
    assert.equal((await client.readAnswer()).body, "done");
    assert.equal(await run.exit, 0);
    assert.equal(run.out.at(-1), "closed");
  });

  it("cuts a request that takes longer than the drain timeout", async (t) => {
    const run = new Run(t, [...anyPort, "--drain-timeout-ms", "20"]);
    const client = await RawClient.connect(await run.url());
    await client.send(requestText("GET", "/slow"));
    await run.line(run.out, /^reached$/);
    run.child.kill("SIGTERM");
    assert.equal(await client.closed, "");
    assert.equal(await run.exit, 0);
    assert.match(run.err.join("\n"), /1 connections were cut/);
  });

  it("ends at once with 1 on a second signal", async (t) => {
    const run = new Run(t, anyPort);
    const client = await RawClient.connect(await run.url());
    await client.send(requestText("GET", "/slow"));
    await run.line(run.out, /^reached$/);
    run.child.kill("SIGTERM");
    await run.line(run.err, /stopping/);
    run.child.kill("SIGINT");
    assert.equal(await run.exit, 1);
    await client.closed;
    assert.ok(!run.out.includes("closed"));
  });

  it("goes on when nobody reads its output any more", async (t) => {
    const run = new Run(t, anyPort);
    const url = await run.url();
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    const client = await RawClient.connect(url);
    for (const path of ["/slow", "/throw"]) await client.send(requestText("GET", path));
    run.child.stdin?.write("go\n");
    assert.equal((await client.readAnswer()).status, 200);
    assert.equal((await client.readAnswer()).status, 500);
    run.child.kill("SIGTERM");
    assert.equal(await run.exit, 0);
  });

  it("guards dev mode against other hosts, and no other mode", async (t) => {
    for (const [args, status] of [
      [["--dev", ...anyPort], 403],
      [anyPort, 200],
    ] as const) {
      const run = new Run(t, args);
      const client = await RawClient.connect(await run.url());
      assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")).status, status);
      run.child.kill("SIGTERM");
      await run.exit;
    }
  });

  it("tells of an unexpected error on stderr and not to the client", async (t) => {
    const run = new Run(t, anyPort);
    const client = await RawClient.connect(await run.url());
    const answer = await client.exchange(requestText("GET", "/throw"));
    assert.equal(answer.status, 500);
    assert.ok(!answer.body.includes("planted"));
    const line = await run.line(run.err, /unexpected error/);
    assert.equal(line, `coffer: unexpected error in request ${JSON.parse(answer.body).requestId}: planted`);
  });
});

describe("runServer that cannot start", () => {
  const ends = async (run: Run): Promise<readonly [code: number | null, err: string, out: string]> => [
    await run.exit,
    run.err.join("\n"),
    run.out.join("\n"),
  ];

  it("says in one line what is wrong and ends with 1, or 2 for a wrong command line", async (t) => {
    assert.deepEqual(await ends(new Run(t, anyPort, "open")), [
      1,
      "coffer: the data directory is in use by process 7.",
      "",
    ]);
    assert.deepEqual(await ends(new Run(t, anyPort, "bug")), [1, "coffer: x is not a function", ""]);
    assert.deepEqual(await ends(new Run(t, ["--lsten", "x"])), [
      2,
      "coffer: unknown flag --lsten. Did you mean --listen?",
      "",
    ]);
  });

  it("closes the instance again when the port is taken", async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const [code, err, out] = await ends(new Run(t, ["--listen", `127.0.0.1:${port}`]));
    assert.equal(code, 1);
    assert.match(err, /^coffer: cannot listen on 127\.0\.0\.1:\d+: another process listens there\. [^\n]*$/);
    assert.equal(out, "closed");
  });

  it("stops listening and closes again when it cannot announce itself", async (t) => {
    const [code, err, out] = await ends(new Run(t, anyPort, "announce"));
    assert.deepEqual([code, err, out], [1, "coffer: cannot write the credentials file.", "closed"]);
  });

  it("ends with 1 when the instance cannot be closed", async (t) => {
    const run = new Run(t, anyPort, "close");
    await run.url();
    run.child.kill("SIGTERM");
    assert.equal(await run.exit, 1);
    assert.match(run.err.join("\n"), /coffer: closing failed: disk full$/);
  });
});
