import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import tlsModule, { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import type { WireHandler } from "@coffer/service";
import { OperatorError } from "../operator-error.ts";
import { describeAsProblem } from "./adapter-errors.ts";
import { echo, requestText, startTestServer } from "./echo-server.ts";
import { defaultLimits } from "./limits.ts";
import { startListeners } from "./listeners.ts";
import { RawClient, turnOfEventLoop } from "./raw-client.ts";

const tls = {
  certFile: fileURLToPath(new URL("fixtures/localhost-cert.pem", import.meta.url)),
  keyFile: fileURLToPath(new URL("fixtures/localhost-key.pem", import.meta.url)),
};

/** A handler that waits at `/slow` until it is let go. */
function slowHandler(): { handler: WireHandler; reached: Promise<void>; letGo: () => void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const handler: WireHandler = async (request) => {
    if (request.path === "/slow") {
      reached.resolve();
      await gate.promise;
    }
    return echo(request);
  };
  return { handler, reached: reached.promise, letGo: gate.resolve };
}

const plain = {
  handler: echo,
  describeAdapterError: describeAsProblem,
  limits: defaultLimits,
  onUnexpectedError: () => assert.fail(),
  tls: undefined,
};

describe("startListeners", () => {
  it("serves several addresses with one handler and tells their URLs in order", async (t) => {
    const listen = [
      { host: "127.0.0.1", port: 0 },
      { host: "::1", port: 0 },
    ];
    const listeners = await startListeners({ ...plain, listen });
    t.after(() => listeners.drain(0));
    const [first = "", second = ""] = listeners.urls;
    assert.match(first, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.match(second, /^http:\/\/\[::1\]:[1-9]\d*$/);
    for (const url of listeners.urls) {
      const client = await RawClient.connect(url);
      assert.equal((await client.exchange(requestText("GET", "/"))).status, 200);
      await client.close();
    }
  });

  it("leaves nothing open when one address is taken, and says which", async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const free = (probe.address() as { port: number }).port;
    await new Promise((resolve) => probe.close(resolve));
    const listen = [
      { host: "127.0.0.1", port: free },
      { host: "127.0.0.1", port },
    ];
    await assert.rejects(startListeners({ ...plain, listen }), (error: unknown) => {
      assert.ok(error instanceof OperatorError);
      assert.equal(
        error.message,
        `cannot listen on 127.0.0.1:${port}: another process listens there. Stop it, or choose another port with --listen HOST:PORT.`,
      );
      return true;
    });
    const again = await startListeners({ ...plain, listen: listen.slice(0, 1) });
    await again.drain(0);
  });

  it("says that the machine lacks an address", async () => {
    const listen = [{ host: "192.0.2.1", port: 0 }];
    await assert.rejects(startListeners({ ...plain, listen }), /192\.0\.2\.1:0: this machine has no such address\.$/);
  });
});

describe("a client that ends its side once it has sent its request", () => {
  for (const [name, options] of [
    ["plain", {}],
    ["TLS", { tls }],
  ] as const) {
    for (const method of ["GET", "LIST"]) {
      it(`gets its answer over ${name}, and then the connection ends (${method})`, async (t) => {
        const { handler, reached, letGo } = slowHandler();
        const server = await startTestServer(t, { ...options, handler });
        const client = await RawClient.connect(server.url, { allowHalfOpen: true });
        await client.send(requestText(method, "/slow"));
        await reached;
        client.socket.end();
        for (let turns = 0; turns < 5; turns += 1) await turnOfEventLoop();
        letGo();
        assert.equal((await client.readAnswer()).status, 200);
        assert.equal(await client.closed, "");
      });
    }

    it(`has its connection closed when it sent nothing or half a request (${name})`, async (t) => {
      const server = await startTestServer(t, options);
      for (const text of ["", "GET / HTTP/1.1\r\nHo", requestText("POST", "/", ["Content-Length: 10"])]) {
        const client = await RawClient.connect(server.url, { allowHalfOpen: true });
        if (text !== "") await client.send(text);
        client.socket.end();
        await client.closed;
      }
      assert.equal(await server.listeners.drain(60_000), 0);
    });
  }
});

describe("TLS", () => {
  it("serves HTTPS", async (t) => {
    const server = await startTestServer(t, { tls });
    assert.match(server.url, /^https:/);
    const answer = await (await server.connect()).exchange(requestText("POST", "/", [], "abc"));
    assert.equal(JSON.parse(answer.body).body, "abc");
  });

  it("refuses TLS 1.1, whatever Node's defaults are", async (t) => {
    const { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION } = tlsModule;
    t.after(() => Object.assign(tlsModule, { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION }));
    Object.assign(tlsModule, { DEFAULT_CIPHERS: "DEFAULT:@SECLEVEL=0", DEFAULT_MIN_VERSION: "TLSv1.1" });
    const { url } = await startTestServer(t, { tls });
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    const socket = connectTls({
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      rejectUnauthorized: false,
      ...old,
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.on("secureConnect", () => resolve(`connected with ${socket.getProtocol()}`));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    });
    socket.destroy();
    assert.equal(outcome, "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("closes on a client that speaks plain HTTP, and goes on", async (t) => {
    const server = await startTestServer(t, { tls });
    const client = await RawClient.connect(server.url.replace("https:", "http:"));
    await client.send(requestText("GET", "/"));
    assert.ok(!(await client.closed).includes("200"));
    assert.equal((await (await server.connect()).exchange(requestText("GET", "/"))).status, 200);
  });

  it("names the file that cannot be used", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "coffer-tls-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const listen = [{ host: "127.0.0.1", port: 0 }];
    await assert.rejects(
      startListeners({ ...plain, listen, tls: { ...tls, keyFile: "/nowhere/key.pem" } }),
      /^OperatorError: tls\.keyFile: cannot read \/nowhere\/key\.pem: ENOENT\.$/,
    );
    const garbage = join(folder, "cert.pem");
    writeFileSync(garbage, "garbage");
    await assert.rejects(
      startListeners({ ...plain, listen, tls: { ...tls, certFile: garbage } }),
      /^OperatorError: tls\.certFile and tls\.keyFile cannot be used together: /,
    );
  });
});

describe("timeouts", () => {
  const short = { headersTimeoutMs: 50, requestTimeoutMs: 50 };

  for (const [name, text] of [
    ["nothing", ""],
    ["half a header", "GET / HTTP/1.1\r\nHo"],
    ["half a body", `${requestText("POST", "/", ["Content-Length: 10"])}abc`],
    ["half a chunk", `${requestText("POST", "/", ["Transfer-Encoding: chunked"])}5\r\nab`],
  ] as const) {
    it(`cut a connection that sent ${name} with 408`, async (t) => {
      const server = await startTestServer(t, { limits: short, handler: () => assert.fail("reached the wire") });
      const client = await server.connect();
      const answer = await client.exchange(text);
      assert.equal(answer.status, 408);
      assert.match(JSON.parse(answer.body).detail, /did not arrive in time/);
      client.socket.end();
      assert.equal(await client.closed, "");
    });
  }

  it("cut a body that trickles, however often a byte comes", async (t) => {
    const server = await startTestServer(t, { limits: short });
    const client = await server.connect();
    await client.send(requestText("POST", "/", ["Content-Length: 1000000"]));
    const trickle = (): void => {
      if (!client.socket.destroyed) client.socket.write("x", () => setImmediate(trickle));
    };
    trickle();
    assert.equal((await client.readAnswer()).status, 408);
    await client.closed;
  });

  it("close a connection that does not read on after a 408", async (t) => {
    const client = await (await startTestServer(t, { limits: { ...short, lingerTimeoutMs: 20 } })).connect();
    assert.equal((await client.exchange("GET")).status, 408);
    assert.equal(await client.closed, "");
  });

  it("close a connection that waits too long for its next request", async (t) => {
    const client = await (await startTestServer(t, { limits: { keepAliveTimeoutMs: 50 } })).connect();
    assert.equal((await client.exchange(requestText("GET", "/"))).status, 200);
    assert.equal(await client.closed, "");
  });

  it("close a connection on which nothing moves while a request is under way", async (t) => {
    const { handler, letGo } = slowHandler();
    const client = await (await startTestServer(t, { handler, limits: { idleTimeoutMs: 50 } })).connect();
    await client.send(requestText("GET", "/slow"));
    assert.equal(await client.closed, "");
    letGo();
  });
});

describe("connection limit", () => {
  it("answers 503 beyond it, and serves again when a connection has closed", async (t) => {
    const server = await startTestServer(t, { limits: { maxConnections: 1 } });
    const first = await server.connect();
    assert.equal((await first.exchange(requestText("GET", "/"))).status, 200);
    const second = await server.connect();
    const answer = await second.readAnswer();
    assert.equal(answer.status, 503);
    assert.equal(answer.header("Retry-After"), "1");
    second.socket.end();
    assert.equal(await second.closed, "");
    await first.close();
    assert.equal((await (await server.connect()).exchange(requestText("GET", "/"))).status, 200);
  });

  it("does not run a request that such a connection sends", async (t) => {
    const paths: string[] = [];
    const handler: WireHandler = async (request) => {
      paths.push(request.path);
      return echo(request);
    };
    const server = await startTestServer(t, { handler, limits: { maxConnections: 1 } });
    const first = await server.connect();
    const second = await server.connect();
    await second.send(requestText("DELETE", "/secret"));
    second.socket.end();
    assert.match(await second.closed, /^HTTP\/1\.1 503 /);
    assert.equal((await first.exchange(requestText("GET", "/"))).status, 200);
    assert.deepEqual(paths, ["/"]);
  });

  it("bounds the refused ones too", async (t) => {
    const server = await startTestServer(t, { limits: { maxConnections: 1 } });
    const clients = [];
    for (let count = 0; count < 3; count++) clients.push(await server.connect());
    // One is served, one is refused with words and still open, a third is just closed.
    assert.equal(await clients[2]?.closed, "");
    assert.equal((await clients[1]?.readAnswer())?.status, 503);
  });
});

describe("drain", () => {
  it("lets a request under way finish, and closes its connection", async (t) => {
    const { handler, reached, letGo } = slowHandler();
    const server = await startTestServer(t, { handler });
    const busy = await server.connect();
    await busy.send(requestText("GET", "/slow"));
    await reached;
    const drained = server.listeners.drain(60_000);
    await assert.rejects(RawClient.connect(server.url), { code: "ECONNREFUSED" });
    letGo();
    const answer = await busy.readAnswer();
    assert.equal(answer.status, 200);
    assert.equal(answer.header("Connection"), "close");
    assert.equal(await busy.closed, "");
    assert.equal(await drained, 0);
  });

  it("lets a body that is still arriving finish", async (t) => {
    const server = await startTestServer(t);
    const busy = await server.connect();
    await busy.send(`${requestText("POST", "/", ["Content-Length: 6"])}abc`);
    const drained = server.listeners.drain(60_000);
    assert.equal(JSON.parse((await busy.exchange("def")).body).body, "abcdef");
    assert.equal(await drained, 0);
  });

  it("lets a LIST under way finish", async (t) => {
    const { handler, reached, letGo } = slowHandler();
    const server = await startTestServer(t, { handler });
    const busy = await server.connect();
    await busy.send(requestText("LIST", "/slow"));
    await reached;
    const drained = server.listeners.drain(60_000);
    letGo();
    assert.equal((await busy.readAnswer()).status, 200);
    assert.equal(await drained, 0);
  });

  it("closes connections that wait, that are new, or that have sent half a header", async (t) => {
    const server = await startTestServer(t);
    const [waiting, fresh, half] = [await server.connect(), await server.connect(), await server.connect()];
    await waiting.exchange(requestText("GET", "/"));
    await half.send("GET / HT");
    assert.equal(await server.listeners.drain(60_000), 0);
    for (const client of [waiting, fresh, half]) assert.equal(await client.closed, "");
  });

  it("cuts what takes longer than the grace", async (t) => {
    const { handler, reached, letGo } = slowHandler();
    const server = await startTestServer(t, { handler });
    const busy = await server.connect();
    await busy.send(requestText("GET", "/slow"));
    await reached;
    assert.equal(await server.listeners.drain(20), 1);
    assert.equal(await busy.closed, "");
    letGo();
  });
});
