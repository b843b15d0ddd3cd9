import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RawAnswer, RawClient } from "../../src/http/raw-client.ts";
import { BadInputServer } from "./bad-input-fixture.ts";
import { assertNoInsides } from "./refusals.ts";

const host = "Host: coffer\r\n";
const big = 1_048_577;

/** A request with these header lines; no Host of its own. */
function message(line: string, headers: readonly string[], body = ""): string {
  return `${line} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n${body}`;
}

interface Case {
  readonly name: string;
  readonly text: string;
  readonly status: number;
  readonly words?: RegExp;
}

const filler = (count: number) => Array.from({ length: count }, (_, at) => `X-Filler-${at}: 1`);
const post = (...headers: string[]) => message("POST /keys", ["Host: coffer", ...headers], '{"key_id":"x"}');
const get = (...headers: string[]) => message("GET /health", ["Host: coffer", ...headers]);

/** What Node's parser or the adapter refuses before any API sees it. */
const cases: readonly Case[] = [
  { name: "garbage", text: "\x00\x01\x02\xff\xfe garbage\r\n\r\n", status: 400 },
  { name: "a TLS handshake", text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status: 400 },
  { name: "the preface of HTTP/2", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 400 },
  { name: "HTTP/3.0", text: `GET /health HTTP/3.0\r\n${host}\r\n`, status: 400 },
  { name: "a method that nobody knows", text: message("FROB /health", ["Host: coffer"]), status: 400 },
  { name: "headers of 17 KiB", text: get(`X-Large: ${"x".repeat(17 * 1024)}`), status: 431 },
  { name: "101 header lines", text: get(...filler(100)), status: 431, words: /at most 100 header lines/ },
  { name: "a URL of 8,193 bytes", text: message(`GET /${"x".repeat(8192)}`, ["Host: coffer"]), status: 414 },
  { name: "no Host", text: message("GET /health", []), status: 400, words: /exactly one Host/ },
  { name: "two Hosts", text: message("GET /health", ["Host: a", "Host: b"]), status: 400, words: /exactly one Host/ },
  {
    name: "Content-Length and Transfer-Encoding",
    text: post("Content-Length: 14", "Transfer-Encoding: chunked"),
    status: 400,
  },
  { name: "two Content-Lengths", text: post("Content-Length: 14", "Content-Length: 15"), status: 400 },
  { name: "a Content-Length with a sign", text: post("Content-Length: +14"), status: 400 },
  { name: "a negative Content-Length", text: post("Content-Length: -1"), status: 400 },
  { name: "a hexadecimal Content-Length", text: post("Content-Length: 0xe"), status: 400 },
  { name: "an endless Content-Length", text: post(`Content-Length: ${"9".repeat(40)}`), status: 400 },
  { name: "a transfer coding that does not end chunked", text: post("Transfer-Encoding: chunked, gzip"), status: 400 },
  {
    name: "a chunk of no size",
    text: message("POST /keys", ["Host: coffer", "Transfer-Encoding: chunked"], "xyz\r\n"),
    status: 400,
  },
  { name: "a space before the colon", text: get("X-Space : 1"), status: 400 },
  { name: "a folded header", text: get("X-Fold: 1\r\n 2"), status: 400 },
  { name: "a NUL in a header", text: get("X-Nul: a\x00b"), status: 400 },
  { name: "a bare CR in a header", text: get("X-Cr: a\rb"), status: 400 },
  { name: "a target that is neither path nor URL", text: message("GET health", ["Host: coffer"]), status: 400 },
  { name: "CONNECT", text: message("CONNECT example.org:443", ["Host: coffer"]), status: 405 },
  { name: "TRACE", text: message("TRACE /health", ["Host: coffer"]), status: 405 },
  { name: "an expectation that nobody meets", text: post("Expect: tea", "Content-Length: 14"), status: 417 },
  {
    name: "a body announced as too large, to REST",
    text: post(`Content-Length: ${big}`),
    status: 413,
    words: /"status":413/,
  },
  {
    name: "a body announced as too large, to AWS",
    text: message("POST /", ["Host: coffer", `Content-Length: ${big}`]),
    status: 413,
    words: /"__type":"RequestEntityTooLargeException"/,
  },
  {
    name: "a body announced as too large, to Vault",
    text: message("POST /v1/transit/encrypt/canary", ["Host: coffer", `Content-Length: ${big}`]),
    status: 413,
    words: /^\{"errors":\["/,
  },
  {
    name: "a body in chunks that grows too large",
    text: message(
      "POST /keys",
      ["Host: coffer", "Transfer-Encoding: chunked"],
      `${big.toString(16)}\r\n${" ".repeat(big)}\r\n0\r\n\r\n`,
    ),
    status: 413,
  },
];

describe("bad HTTP to a live server", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start();
  });
  after(async () => {
    await bad.assertUnharmed();
    await bad.stop();
  });

  async function withClient<T>(use: (client: RawClient) => Promise<T>): Promise<T> {
    const client = await RawClient.connect(bad.server.url);
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }

  for (const { name, text, status, words } of cases) {
    it(`${name}: ${status}`, () =>
      withClient(async (client) => {
        const answer = await client.exchange(text);
        assert.equal(answer.status, status, answer.body);
        assert.equal(answer.header("Connection"), "close");
        assertNoInsides(answer.body);
        assert.match(answer.body, words ?? /^\{.*\}$/);
        // Else the server waits a while for the rest.
        client.socket.end();
        // Nothing more comes: no second answer to smuggled bytes.
        assert.equal(await client.closed, "");
      }));
  }

  it("HTTP/1.0 is answered and its connection closed", () =>
    withClient(async (client) => {
      assert.equal((await client.exchange("GET /health HTTP/1.0\r\n\r\n")).status, 200);
      assert.equal(await client.closed, "");
    }));

  it("the absolute form of a URL is as good as its path", () =>
    withClient(async (client) => {
      const answer = await client.exchange(message("GET http://example.org/health?a=b", ["Host: coffer"]));
      assert.equal(answer.status, 200);
    }));

  it("requests sent without waiting are answered in their order", () =>
    withClient(async (client) => {
      const lines = ["GET /health", "GET /v1/sys/health", "GET /nothing", "GET /openapi.json"];
      await client.send(lines.map((line) => message(line, ["Host: coffer"])).join(""));
      const answers: RawAnswer[] = [];
      for (const _line of lines) answers.push(await client.readAnswer());
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 404, 200],
      );
      assert.match(answers[1]?.body ?? "", /"cluster_name":"coffer"/);
    }));

  it("a client that leaves in the middle of a request takes nothing with it", async () => {
    const partial = ["GET /hea", message("POST /keys", ["Host: coffer", "Content-Length: 100"], '{"key_id":')];
    for (const text of partial) await withClient((client) => client.send(text));
    await withClient(async (client) => assert.equal((await client.exchange(get())).status, 200));
  });
});

describe("slow connections to a live server", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start(["--request-timeout-ms=300", "--keep-alive-timeout-ms=300"]);
  });
  after(() => bad.stop());

  const slow = [
    ["a body", message("POST /keys", ["Host: coffer", "Content-Length: 100"], '{"key_id":')],
    ["a body in chunks", message("POST /keys", ["Host: coffer", "Transfer-Encoding: chunked"], "a\r\n{")],
    ["headers", "POST /keys HTTP/1.1\r\nHost: cof"],
  ] as const;
  for (const [what, text] of slow) {
    it(`408 for ${what} too late`, async () => {
      const client = await RawClient.connect(bad.server.url);
      const answer = await client.exchange(text);
      assert.equal(answer.status, 408);
      assertNoInsides(answer.body);
      assert.equal(await client.closed, "");
    });
  }

  it("a connection without a next request is closed", async () => {
    const client = await RawClient.connect(bad.server.url);
    assert.equal((await client.exchange(get())).status, 200);
    assert.equal(await client.closed, "");
  });
});

describe("crowded connections to a live server", () => {
  const most = 4;
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start([`--max-connections=${most}`]);
    bad.wires.close();
  });
  after(() => bad.stop());

  /** Connects until there is a place: the server hears of a connection that was closed when it comes to it. */
  async function connectWhenFree(): Promise<RawAnswer> {
    for (;;) {
      const client = await RawClient.connect(bad.server.url);
      const answer = await client.exchange(get()).catch(() => undefined);
      await client.close();
      if (answer !== undefined && answer.status !== 503) return answer;
    }
  }

  it("one too many is a 503 that says when to come again; a place that is left is taken", async () => {
    await connectWhenFree();
    const clients: RawClient[] = [];
    while (clients.length < most) {
      const client = await RawClient.connect(bad.server.url);
      // The fixture's own connections may still be closing.
      const answer = await client.exchange(get()).catch(() => undefined);
      if (answer?.status === 200) clients.push(client);
    }
    const tooMany = await RawClient.connect(bad.server.url);
    const refused = await tooMany.readAnswer();
    assert.equal(refused.status, 503);
    assert.equal(refused.header("Retry-After"), "1");
    assert.match(refused.body, /"title":"Too many connections"/);
    await tooMany.close();
    for (const client of clients) assert.equal((await client.exchange(get())).status, 200);
    await clients[0]?.close();
    assert.equal((await connectWhenFree()).status, 200);
    for (const client of clients) await client.close();
  });
});
