import assert from "node:assert/strict";
import { METHODS } from "node:http";
import { describe, it } from "node:test";
import type { WireHandler } from "@coffer/service";
import { type Echo, echo, json, requestText, startTestServer } from "./echo-server.ts";
import { type RawAnswer, RawClient } from "./raw-client.ts";

function seen(answer: RawAnswer): Echo {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body);
}

/** The problem details of a refusal, which must end its connection. */
function problem(answer: RawAnswer, status: number): string {
  assert.equal(answer.status, status);
  assert.equal(answer.header("Content-Type"), "application/problem+json");
  assert.equal(answer.header("Connection"), "close");
  const details = JSON.parse(answer.body);
  assert.equal(details.status, status);
  assert.equal(details.requestId, answer.header("x-request-id"));
  return details.detail;
}

describe("requests as a wire sees them", () => {
  it("leaves path and query as they were sent", async (t) => {
    const client = await (await startTestServer(t)).connect();
    for (const [target, path, query] of [
      ["/", "/", ""],
      ["/v1/a%2Fb/%zz/../c//d?x=%41&x=+&y", "/v1/a%2Fb/%zz/../c//d", "x=%41&x=+&y"],
      ["/?", "/", ""],
      ["/?a?b=/", "/", "a?b=/"],
      [`/${"p".repeat(500)}`, `/${"p".repeat(500)}`, ""],
      ["http://example.org/a?b", "/a", "b"],
      ["HTTPS://example.org", "/", ""],
      ["http://example.org?b", "/", "b"],
    ] as const) {
      const got = seen(await client.exchange(requestText("GET", target)));
      assert.deepEqual([got.path, got.query], [path, query], target);
    }
    assert.equal(seen(await client.exchange(requestText("OPTIONS", "*"))).path, "*");
  });

  it("has every method that Node parses, with its body", async (t) => {
    const client = await (await startTestServer(t)).connect();
    for (const method of METHODS) {
      if (method === "CONNECT" || method === "TRACE" || method === "HEAD") continue;
      const got = seen(await client.exchange(requestText(method, "/x", [], "body")));
      assert.deepEqual([got.method, got.body], [method, "body"]);
    }
  });

  it("joins a header sent twice, keeps the first apart, and knows no inherited names", async (t) => {
    const handler: WireHandler = async ({ headers, firstHeader: _, ...rest }) =>
      json({ ...rest, headers: [...headers] });
    const lookup: WireHandler = async (request) =>
      json(
        ["x-vault-token", "user-agent", "set-cookie", "constructor", "__proto__", "absent"].map((name) => [
          request.headers.get(name) ?? null,
          request.firstHeader(name) ?? null,
          request.headers.has(name),
        ]),
      );
    const twice = ["X-Vault-Token: a", "x-vault-token: b", "User-Agent: u1", "User-Agent: u2", "Set-Cookie: s"];
    const client = await (await startTestServer(t, { handler: lookup })).connect();
    assert.deepEqual(JSON.parse((await client.exchange(requestText("GET", "/", twice))).body), [
      ["a,b", "a", true],
      ["u1,u2", "u1", true],
      ["s", "s", true],
      [null, null, false],
      [null, null, false],
      [null, null, false],
    ]);
    const once = ["X-Vault-Token: a", "constructor: c", "Set-Cookie: s"];
    assert.deepEqual(JSON.parse((await client.exchange(requestText("GET", "/", once))).body), [
      ["a", "a", true],
      [null, null, false],
      ["s", "s", true],
      ["c", "c", true],
      [null, null, false],
      [null, null, false],
    ]);
    const iterating = await (await startTestServer(t, { handler })).connect();
    const { headers } = JSON.parse((await iterating.exchange(requestText("GET", "/", ["A: 1", "B: 2", "a: 3"]))).body);
    assert.deepEqual(headers, [
      ["host", "localhost"],
      ["a", "1,3"],
      ["b", "2"],
    ]);
  });

  it("has the peer's plain address and a new UUID each", async (t) => {
    const client = await (await startTestServer(t)).connect();
    const first = seen(await client.exchange(requestText("GET", "/")));
    const second = seen(await client.exchange(requestText("GET", "/")));
    assert.equal(first.peerAddress, "127.0.0.1");
    assert.match(first.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(first.requestId, second.requestId);
  });

  it("takes a body of any content type as bytes", async (t) => {
    const client = await (await startTestServer(t)).connect();
    const body = '{"a":\x00\xff';
    for (const type of ["application/json", "application/x-amz-json-1.1", "x", ";;;", ""]) {
      assert.equal(seen(await client.exchange(requestText("POST", "/", [`Content-Type: ${type}`], body))).body, body);
    }
    assert.equal(seen(await client.exchange(requestText("POST", "/", ["Content-Encoding: gzip"], body))).body, body);
    assert.equal(seen(await client.exchange(requestText("POST", "/", ["Content-Length: 0"]))).body, "");
  });

  it("takes a body in pieces, and a chunked one", async (t) => {
    const client = await (await startTestServer(t)).connect();
    await client.send(requestText("POST", "/", ["Content-Length: 6"]));
    await client.send("abc");
    assert.equal(seen(await client.exchange("def")).body, "abcdef");
    await client.send(requestText("POST", "/", ["Transfer-Encoding: chunked"]));
    await client.send("3\r\nabc\r\n");
    assert.equal(seen(await client.exchange("2\r\nde\r\n0\r\n\r\n")).body, "abcde");
  });

  it("ignores an offer to upgrade, with and without a body", async (t) => {
    const client = await (await startTestServer(t)).connect();
    const offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"];
    assert.equal(seen(await client.exchange(requestText("POST", "/a", offer, "body"))).body, "body");
    assert.equal(
      seen(await client.exchange(requestText("GET", "/b", ["Connection: Upgrade", "Upgrade: websocket"]))).path,
      "/b",
    );
  });
});

describe("answers", () => {
  const answering =
    (answer: Awaited<ReturnType<WireHandler>>): WireHandler =>
    async () =>
      answer;

  it("have the wire's headers first, in order and spelling, then Content-Length so spelt", async (t) => {
    const headers = { "x-amzn-RequestId": "r", "CONTENT-TYPE": "application/x-amz-json-1.1", "x-b": "1" };
    const { connect } = await startTestServer(t, { handler: answering({ status: 400, headers, body: "déjà" }) });
    const answer = await (await connect()).exchange(requestText("POST", "/", [], "x"));
    assert.deepEqual(answer.head.slice(0, 5), [
      "HTTP/1.1 400 Bad Request",
      "x-amzn-RequestId: r",
      "CONTENT-TYPE: application/x-amz-json-1.1",
      "x-b: 1",
      "Content-Length: 6",
    ]);
    assert.equal(answer.body, "déjà");
  });

  it("take bytes, and an empty body", async (t) => {
    const bytes = await startTestServer(t, {
      handler: answering({ status: 200, headers: {}, body: Buffer.from("ab") }),
    });
    assert.equal((await (await bytes.connect()).exchange(requestText("GET", "/"))).body, "ab");
    const empty = await startTestServer(t, { handler: answering({ status: 200, headers: {}, body: "" }) });
    assert.equal((await (await empty.connect()).exchange(requestText("GET", "/"))).header("Content-Length"), "0");
  });

  it("have no Content-Length with 204, and leave the connection open", async (t) => {
    const { connect } = await startTestServer(t, { handler: answering({ status: 204, headers: {}, body: "" }) });
    const client = await connect();
    for (const path of ["/a", "/b"]) {
      const answer = await client.exchange(requestText("DELETE", path));
      assert.equal(answer.status, 204);
      assert.ok(!answer.head.some((line) => /^(content-length|transfer-encoding):/i.test(line)));
    }
  });

  it("have the length but not the body for HEAD", async (t) => {
    const client = await (
      await startTestServer(t, { handler: answering({ status: 200, headers: {}, body: "12345" }) })
    ).connect();
    const answer = await client.exchange(requestText("HEAD", "/"), true);
    assert.equal(answer.header("Content-Length"), "5");
    assert.equal((await client.exchange(requestText("GET", "/"))).body, "12345");
  });

  it("keep the order of requests that were sent without waiting", async (t) => {
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      if (request.path === "/slow") await gate.promise;
      return echo(request);
    };
    const client = await (await startTestServer(t, { handler })).connect();
    await client.send(requestText("GET", "/slow") + requestText("GET", "/fast"));
    gate.resolve();
    assert.equal(seen(await client.readAnswer()).path, "/slow");
    assert.equal(seen(await client.readAnswer()).path, "/fast");
  });

  it("tell nothing of a handler that throws, but report it", async (t) => {
    const fault = new Error("secret detail");
    const server = await startTestServer(t, { handler: () => Promise.reject(fault) });
    const client = await server.connect();
    const answer = await client.exchange(requestText("GET", "/"));
    assert.equal(answer.status, 500);
    assert.ok(!answer.body.includes("secret"));
    assert.deepEqual(server.unexpected, [fault]);
  });

  it("never carry a line break in a header", async (t) => {
    const headers = { "x-a": "1\r\nx-evil: 2" };
    const server = await startTestServer(t, { handler: answering({ status: 200, headers, body: "" }) });
    const answer = await (await server.connect()).exchange(requestText("GET", "/"));
    assert.equal(answer.status, 500);
    assert.equal(answer.header("x-evil"), undefined);
    assert.equal(server.unexpected.length, 1);
  });

  it("are dropped when the client has gone, and the server goes on", async (t) => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      if (request.path === "/slow") {
        reached.resolve();
        await gate.promise;
      }
      return echo(request);
    };
    const server = await startTestServer(t, { handler });
    const gone = await server.connect();
    await gone.send(requestText("GET", "/slow"));
    await reached.promise;
    await gone.close();
    const client = await server.connect();
    assert.equal(seen(await client.exchange(requestText("GET", "/a"))).path, "/a");
    gate.resolve();
    assert.equal(seen(await client.exchange(requestText("GET", "/b"))).path, "/b");
    assert.deepEqual(server.unexpected, []);
  });
});

describe("refusals", () => {
  const refused: readonly (readonly [name: string, text: string, status: number, says: RegExp])[] = [
    ["TRACE", requestText("TRACE", "/"), 405, /does not trace/],
    ["CONNECT", requestText("CONNECT", "example.org:443"), 405, /not a proxy/],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, /one Host/],
    ["two Hosts", requestText("GET", "/", ["host: evil"]), 400, /one Host/],
    ["a target that is no path", requestText("GET", "ftp://x/y"), 400, /target/],
    ["garbage", "\x16\x03\x01\x02\x00\x01", 400, /not valid HTTP/],
    ["an unknown method", requestText("FETCH", "/"), 400, /method/],
    ["an unknown version", "GET / HTTP/3.7\r\nHost: x\r\n\r\n", 400, /not valid HTTP/],
    ["a blank in a header name", requestText("GET", "/", ["a b: c"]), 400, /not valid HTTP/],
    ["a folded header", requestText("GET", "/", ["a: b\r\n c"]), 400, /not valid HTTP/],
    ["a bare line feed", "GET / HTTP/1.1\nHost: x\n\n", 400, /not valid HTTP/],
    ["two lengths", requestText("POST", "/", ["Content-Length: 1", "Content-Length: 2"]), 400, /not valid HTTP/],
    ["a length that is no number", requestText("POST", "/", ["Content-Length: 1x"]), 400, /not valid HTTP/],
    [
      "a length and chunks",
      requestText("POST", "/", ["Content-Length: 5", "Transfer-Encoding: chunked"]),
      400,
      /not valid HTTP/,
    ],
    ["chunks not last", requestText("POST", "/", ["Transfer-Encoding: chunked, gzip"]), 400, /not valid HTTP/],
    ["a strange expectation", requestText("POST", "/", ["Expect: tea", "Content-Length: 1"]), 417, /100-continue/],
    ["too many bytes of headers", requestText("GET", "/", [`a: ${"b".repeat(20_000)}`]), 431, /too large/],
    ["too many headers", requestText("GET", "/", Array(100).fill("a: b")), 431, /at most 100 header lines/],
    ["a long URL", requestText("GET", `/${"p".repeat(8192)}`), 414, /at most 8192 bytes/],
  ];
  for (const [name, text, status, says] of refused) {
    it(`refuse ${name} with ${status} and close`, async (t) => {
      const server = await startTestServer(t, { handler: () => assert.fail("reached the wire") });
      const client = await server.connect();
      const answer = await client.exchange(text);
      assert.match(problem(answer, status), says);
      if (status === 405) assert.match(answer.header("Allow") ?? "", /\bLIST\b/);
      client.socket.end();
      assert.equal(await client.closed, "");
    });
  }

  it("spare what is exactly at the limit", async (t) => {
    const client = await (await startTestServer(t)).connect();
    assert.equal(seen(await client.exchange(requestText("GET", "/", Array(99).fill("a: b")))).headers.length, 2);
    assert.equal(seen(await client.exchange(requestText("GET", `/${"p".repeat(8191)}`))).path.length, 8192);
  });

  it("spare HTTP/1.0, which had no Host", async (t) => {
    const client = await (await startTestServer(t)).connect();
    assert.equal(seen(await client.exchange("GET /old HTTP/1.0\r\n\r\n")).path, "/old");
    assert.equal(await client.closed, "");
  });

  it("close on HTTP/2 without an answer", async (t) => {
    const client = await (await startTestServer(t)).connect();
    await client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.socket.end();
    assert.ok(!(await client.closed).startsWith("HTTP/1.1 200"));
  });

  it("concern the request that is wrong, and not the one before it", async (t) => {
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      await gate.promise;
      return echo(request);
    };
    const client = await (await startTestServer(t, { handler })).connect();
    await client.send(`${requestText("GET", "/good")}garbage\r\n\r\n`);
    gate.resolve();
    assert.equal(seen(await client.readAnswer()).path, "/good");
    problem(await client.readAnswer(), 400);
  });

  it("never show as a second answer in the middle of a first one", async (t) => {
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      await gate.promise;
      return echo(request);
    };
    const client = await (await startTestServer(t, { handler })).connect();
    const broken = requestText("POST", "/broken", ["Transfer-Encoding: chunked"]);
    await client.send(`${requestText("GET", "/good")}${broken}zz\r\n`);
    gate.resolve();
    assert.equal(await client.closed, "");
  });
});

describe("body limit", () => {
  const limits = { maxBodyBytes: 1024, lingerBytes: 100_000 };

  it("spares a body of exactly that size", async (t) => {
    const client = await (await startTestServer(t, { limits })).connect();
    assert.equal(seen(await client.exchange(requestText("POST", "/", [], "x".repeat(1024)))).body.length, 1024);
  });

  for (const [name, headers, body] of [
    ["announced", ["Content-Length: 1025"], "x".repeat(1025)],
    ["chunked", ["Transfer-Encoding: chunked"], `401\r\n${"x".repeat(1025)}\r\n0\r\n\r\n`],
  ] as const) {
    it(`refuses a larger one with 413, ${name}, and reads it to its end`, async (t) => {
      const server = await startTestServer(t, { limits, handler: () => assert.fail("reached the wire") });
      const client = await server.connect();
      const head = requestText("POST", "/", headers);
      await client.send(head + body.slice(0, 1030));
      assert.match(problem(await client.readAnswer(), 413), /at most 1024 bytes/);
      await client.send(body.slice(1030));
      assert.equal(await client.closed, "");
    });
  }

  for (const [name, text, status] of [
    ["a body that is too large", requestText("POST", "/", ["Content-Length: 1000000000000"]), 413],
    ["what is no request", "garbage\r\n\r\n", 400],
  ] as const) {
    it(`reads on only so far after ${name}`, async (t) => {
      const shortLinger = { ...limits, lingerBytes: 2000, lingerTimeoutMs: 60_000 };
      const { url } = await startTestServer(t, { limits: shortLinger });
      const client = await RawClient.connect(url, { allowHalfOpen: true });
      await client.send(text);
      problem(await client.readAnswer(), status);
      const endless = (): void => {
        while (!client.socket.destroyed && client.socket.write("x".repeat(1000)));
      };
      client.socket.on("drain", endless);
      endless();
      await client.closed;
    });
  }

  it("reads on only so long", async (t) => {
    const client = await (await startTestServer(t, { limits: { ...limits, lingerTimeoutMs: 20 } })).connect();
    await client.send(requestText("POST", "/", ["Content-Length: 1000000"]));
    problem(await client.readAnswer(), 413);
    assert.equal(await client.closed, "");
  });

  it("lets a client that asks first send its body", async (t) => {
    const client = await (await startTestServer(t, { limits })).connect();
    const go = await client.exchange(requestText("PUT", "/", ["Expect: 100-continue", "Content-Length: 3"]));
    assert.equal(go.status, 100);
    assert.equal(seen(await client.exchange("abc")).body, "abc");
  });

  it("spares a client that asks first the sending", async (t) => {
    const client = await (await startTestServer(t, { limits })).connect();
    const answer = await client.exchange(requestText("PUT", "/", ["Expect: 100-continue", "Content-Length: 5000"]));
    problem(answer, 413);
    assert.equal(await client.closed, "");
  });
});
