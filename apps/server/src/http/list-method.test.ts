import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { WireHandler } from "@coffer/service";
import { component } from "@coffer/testkit";
import { type Echo, echo, json, requestText, startTestServer } from "./echo-server.ts";
import { findListRequest } from "./list-method.ts";
import type { RawAnswer } from "./raw-client.ts";

const tls = {
  certFile: fileURLToPath(new URL("fixtures/localhost-cert.pem", import.meta.url)),
  keyFile: fileURLToPath(new URL("fixtures/localhost-key.pem", import.meta.url)),
};

function seen(answer: RawAnswer): Echo {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body);
}

/** The answer to a LIST: the wire saw that method, and the connection ends. */
function list(answer: RawAnswer): Echo {
  const got = seen(answer);
  assert.equal(got.method, "LIST");
  assert.equal(answer.header("Connection"), "close");
  return got;
}

const listKeys = requestText("LIST", "/v1/transit/keys?x=%41", ["X-Vault-Token: t"]);

describe("LIST", () => {
  it("reaches the wire with its path, query, headers and peer", async (t) => {
    const client = await (await startTestServer(t)).connect();
    const got = list(await client.exchange(listKeys));
    assert.deepEqual([got.path, got.query, got.peerAddress], ["/v1/transit/keys", "x=%41", "127.0.0.1"]);
    assert.deepEqual(got.headers, [
      ["host", "localhost"],
      ["x-vault-token", "t"],
    ]);
    assert.equal(await client.closed, "");
  });

  it("may have a body, in pieces too", async (t) => {
    const server = await startTestServer(t);
    assert.equal(list(await (await server.connect()).exchange(requestText("LIST", "/", [], "abc"))).body, "abc");
    const client = await server.connect();
    await client.send(requestText("LIST", "/", ["Content-Length: 6"]));
    await client.send("abc");
    assert.equal(list(await client.exchange("def")).body, "abcdef");
  });

  it("may be cut into packets anywhere", async (t) => {
    const server = await startTestServer(t);
    for (let cut = 1; cut < listKeys.length; cut++) {
      const client = await server.connect();
      await client.send(listKeys.slice(0, cut));
      assert.equal(list(await client.exchange(listKeys.slice(cut))).path, "/v1/transit/keys", `cut at ${cut}`);
      await client.closed;
    }
  });

  it("may come byte by byte", async (t) => {
    const client = await (await startTestServer(t)).connect();
    for (const byte of requestText("LIST", "/a")) await client.send(byte);
    assert.equal(list(await client.readAnswer()).path, "/a");
  });

  it("may follow other requests on one connection, cut anywhere in the method", async (t) => {
    const server = await startTestServer(t);
    for (const cut of [0, 1, 2, 3, 4, 5]) {
      const client = await server.connect();
      seen(await client.exchange(requestText("GET", "/first")));
      assert.equal(seen(await client.exchange(requestText("POST", "/second", [], "body"))).body, "body");
      if (cut > 0) await client.send(listKeys.slice(0, cut));
      assert.equal(list(await client.exchange(listKeys.slice(cut))).path, "/v1/transit/keys");
      assert.equal(await client.closed, "");
    }
  });

  it("may be sent without waiting for the answers before it", async (t) => {
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      await gate.promise;
      return echo(request);
    };
    const client = await (await startTestServer(t, { handler })).connect();
    await client.send(requestText("GET", "/a") + requestText("GET", "/b") + listKeys.slice(0, 30));
    await client.send(listKeys.slice(30));
    gate.resolve();
    assert.equal(seen(await client.readAnswer()).path, "/a");
    assert.equal(seen(await client.readAnswer()).path, "/b");
    assert.equal(list(await client.readAnswer()).path, "/v1/transit/keys");
    assert.equal(await client.closed, "");
  });

  it("ends the connection: a request sent behind it is not run", async (t) => {
    const paths: string[] = [];
    const handler: WireHandler = async (request) => {
      paths.push(request.path);
      return json(request.method);
    };
    const client = await (await startTestServer(t, { handler })).connect();
    const answer = await client.exchange(
      requestText("LIST", "/a") + requestText("DELETE", "/b") + requestText("LIST", "/c"),
    );
    assert.equal(answer.body, '"LIST"');
    assert.equal(await client.closed, "");
    assert.deepEqual(paths, ["/a"]);
  });

  it("cannot be made of a GET by any header", async (t) => {
    const client = await (await startTestServer(t)).connect();
    const headers = ["X-HTTP-Method-Override: LIST", "X-HTTP-Method: LIST", "X-Coffer-Method: LIST", "Method: LIST"];
    assert.equal(seen(await client.exchange(requestText("GET", "/", headers))).method, "GET");
  });

  it("works over TLS, after another request and cut", async (t) => {
    const server = await startTestServer(t, { tls });
    const client = await server.connect();
    seen(await client.exchange(requestText("GET", "/first")));
    await client.send(listKeys.slice(0, 3));
    const got = list(await client.exchange(listKeys.slice(3)));
    assert.deepEqual([got.path, got.peerAddress], ["/v1/transit/keys", "127.0.0.1"]);
    assert.equal(await client.closed, "");
  });

  it("is under the same limits as any request", async (t) => {
    const server = await startTestServer(t, { limits: { maxBodyBytes: 1024 } });
    for (const [text, status] of [
      [requestText("LIST", "/", [], "x".repeat(1025)), 413],
      [requestText("LIST", "/", [`a: ${"b".repeat(20_000)}`]), 431],
      [requestText("LIST", "/", Array(100).fill("a: b")), 431],
      [requestText("LIST", "/", ["a b: c"]), 400],
      [requestText("LIST", "/", ["Host: two"]), 400],
      [requestText("LIST", "/", ["Content-Length: 5", "Transfer-Encoding: chunked"]), 400],
      ["LIST / HTTP/9.9\r\n\r\n", 400],
    ] as const) {
      const client = await server.connect();
      assert.equal((await client.exchange(text)).status, status, text.slice(0, 60));
      client.socket.end();
      assert.equal(await client.closed, "");
    }
  });

  for (const [name, text] of [
    ["in its method", "LIS"],
    ["in its headers", "LIST / HTTP/1.1\r\nHost:"],
    ["in its body", requestText("LIST", "/", ["Content-Length: 5"])],
  ] as const) {
    it(`that stalls ${name} is cut with 408`, async (t) => {
      const client = await (
        await startTestServer(t, { limits: { headersTimeoutMs: 50, requestTimeoutMs: 50 } })
      ).connect();
      assert.equal((await client.exchange(text)).status, 408);
      client.socket.end();
      assert.equal(await client.closed, "");
    });
  }

  it("outlives the time that a connection may wait for a next request", async (t) => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      if (request.method === "LIST") {
        reached.resolve();
        await gate.promise;
      }
      return echo(request);
    };
    const server = await startTestServer(t, { handler, limits: { keepAliveTimeoutMs: 50 } });
    const client = await server.connect();
    seen(await client.exchange(requestText("GET", "/")));
    await client.send(listKeys);
    await reached.promise;
    // A second connection that waits for as long shows when the time is over.
    const waiting = await server.connect();
    seen(await waiting.exchange(requestText("GET", "/")));
    await waiting.closed;
    gate.resolve();
    list(await client.readAnswer());
  });

  it("outlives the time that a request may take to arrive", async (t) => {
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      await gate.promise;
      return echo(request);
    };
    const limits = { headersTimeoutMs: 50, requestTimeoutMs: 50 };
    const server = await startTestServer(t, { handler, limits });
    const client = await server.connect();
    await client.send(listKeys);
    // A later connection that sends nothing shows when the time is over.
    const silent = await server.connect();
    assert.equal((await silent.readAnswer()).status, 408);
    gate.resolve();
    list(await client.readAnswer());
  });

  it("does not leave the server hanging when its client goes", async (t) => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const handler: WireHandler = async (request) => {
      reached.resolve();
      await gate.promise;
      return echo(request);
    };
    const server = await startTestServer(t, { handler });
    const client = await server.connect();
    await client.send(listKeys);
    await reached.promise;
    await client.close();
    gate.resolve();
    assert.equal(await server.listeners.drain(60_000), 0);
    assert.deepEqual(server.unexpected, []);
  });

  const others = ["LISTX / ", "UNLIST / ", "BIST / ", "list / ", "LIST\t/ ", "LISP / ", "XLIST / ", "LIST\r\n\r\n"];
  for (const text of others) {
    it(`is not ${JSON.stringify(text)}`, async (t) => {
      const server = await startTestServer(t, { handler: () => assert.fail("reached the wire") });
      const client = await server.connect();
      assert.equal((await client.exchange(`${text}HTTP/1.1\r\nHost: x\r\n\r\n`)).status, 400);
      client.socket.end();
      assert.equal(await client.closed, "");
    });
  }
});

describe("findListRequest", () => {
  const find = (packet: string, offset: number, before: number): string | undefined =>
    findListRequest(Buffer.from(packet), offset, before)?.toString();

  it("puts back the letters of an earlier packet only if no others came with them", () => {
    assert.equal(find("IST /a", 1, 1), "LIST /a");
    assert.equal(find("ST /a", 0, 2), "LIST /a");
    assert.equal(find("IST /a", 1, 3), undefined);
    assert.equal(find("ST /a", 0, 3), undefined);
    assert.equal(find("ST /a", 0, 0), undefined);
  });

  it("wants a beginning before the method", () => {
    assert.equal(find("LIST /a", 2, 0), "LIST /a");
    assert.equal(find("\r\nLIST /a", 4, 0), "LIST /a");
    assert.equal(find("UNLIST /a", 4, 0), undefined);
  });
});

const python = component("python-venv");
const run = promisify(execFile);

describe("hvac", { skip: python.available ? false : python.reason }, () => {
  it("lists over a kept-alive session", async (t) => {
    const handler: WireHandler = async (request) =>
      json({ data: { keys: [request.method, request.path, request.firstHeader("x-vault-token")] } });
    const server = await startTestServer(t, { handler });
    const script = `
import hvac, json, sys
client = hvac.Client(url=sys.argv[1], token="t")
answers = []
for _ in range(3):
    answers.append(client.adapter.get("/v1/transit/keys/a")["data"]["keys"])
    answers.append(client.secrets.transit.list_keys()["data"]["keys"])
print(json.dumps(answers))
`;
    assert.ok(python.available);
    const { stdout } = await run(python.path, ["-c", script, server.url]);
    const round = [
      ["GET", "/v1/transit/keys/a", "t"],
      ["LIST", "/v1/transit/keys", "t"],
    ];
    assert.deepEqual(JSON.parse(stdout), [...round, ...round, ...round]);
  });
});
