import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { ServerUnderTest } from "../server-under-test.ts";
import type { HttpRequest } from "./http-client.ts";
import { assertRefusal } from "./refusals.ts";
import { type WireName, Wires } from "./wires.ts";

const plaintext = Buffer.from("hello").toString("base64");
const token = `hvs.${"LostTokenLostTokenLostTo"}ken`;
const hidden = `%68vs%2E${"LostTokenLostTokenLostTo"}ken`;

describe("text that must not get any further", () => {
  let server: ServerUnderTest;
  let wires: Wires;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coffer-request-text-"));
    server = await ServerUnderTest.start({
      args: ["--store-durability=os", "--audit-durability=os", `--audit-directory=${join(folder, "audit")}`],
    });
    wires = Wires.of(server);
    await wires.vault("POST", "sys/mounts/transit", { type: "transit" });
    await wires.rest("POST", "/keys", { key_id: "there" });
  });
  after(async () => {
    wires.close();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const nul = /U\+0000|is no key name|control character|regular expression|TagException|is no principal/;
  const nuls: readonly (readonly [WireName, string, () => HttpRequest])[] = [
    ["aws", "a description", () => wires.awsRequest("CreateKey", { Description: "a\u0000b" })],
    ["aws", "a key id", () => wires.awsRequest("DescribeKey", { KeyId: "a\u0000b" })],
    ["aws", "an alias", () => wires.awsRequest("DescribeKey", { KeyId: "alias/a\u0000b" })],
    ["aws", "a tag", () => wires.awsRequest("CreateKey", { Tags: [{ TagKey: "a", TagValue: "\u0000" }] })],
    ["aws", "a policy", () => wires.awsRequest("CreateKey", { Policy: "\u0000{}" })],
    [
      "aws",
      "an encryption context",
      () =>
        wires.awsRequest("Encrypt", {
          KeyId: "alias/there",
          Plaintext: plaintext,
          EncryptionContext: { "a\u0000": "b" },
        }),
    ],
    [
      "vault",
      "a mount's description",
      () => wires.vaultRequest("POST", "sys/mounts/other", { type: "transit", description: "\u0000" }),
    ],
    ["vault", "a path", () => wires.vaultRequest("POST", "transit/encrypt/a%00b", { plaintext })],
    ["rest", "a description", () => wires.restRequest("POST", "/keys", { key_id: "x", description: "a\u0000b" })],
    ["rest", "a name", () => wires.restRequest("POST", "/keys", { key_id: "a\u0000b" })],
    ["rest", "a path", () => wires.restRequest("GET", "/keys/a%00b")],
    ["rest", "a query", () => wires.restRequest("GET", "/admin/credentials?principal=a%00b")],
    ["rest", "a marker", () => wires.restRequest("GET", "/keys?marker=%00")],
    ["rest", "a principal", () => wires.restRequest("POST", "/admin/principals", { kind: "user", name: "a\u0000" })],
  ];
  for (const [wire, what, make] of nuls) {
    it(`${wire}: U+0000 in ${what} is refused`, async () => {
      const reply = await wires.client.send(make());
      assertRefusal(wire, reply, 400, nul);
    });
  }

  it("U+0000 in bytes is as good as any other", async () => {
    const zeros = Buffer.alloc(4).toString("base64");
    assert.ok((await wires.aws("Encrypt", { KeyId: "alias/there", Plaintext: zeros })).ok);
    assert.ok((await wires.vault("POST", "transit/encrypt/there", { plaintext: zeros })).ok);
    assert.ok((await wires.rest("POST", "/encrypt", { key_id: "there", plaintext: "a\u0000b" })).ok);
  });

  const compressed = gzipSync(JSON.stringify({ key_id: "there", plaintext: "hello" }));
  const withCoding = (request: HttpRequest, coding: string): HttpRequest => ({
    ...request,
    headers: { ...request.headers, "content-encoding": coding },
  });

  for (const coding of ["gzip", "deflate", "BR", "identity, zstd"]) {
    it(`a body with Content-Encoding ${coding} is refused as each API would`, async () => {
      const rest = await wires.client.send(withCoding(wires.restRequest("POST", "/encrypt", compressed), coding));
      assertRefusal("rest", rest, 415, /Content-Encoding .* is not supported\. Send the body as it is\./);
      assert.equal(rest.headers["accept-encoding"], "identity");
      const vault = wires.vaultRequest("POST", "transit/encrypt/there", compressed);
      assertRefusal("vault", await wires.client.send(withCoding(vault, coding)), 400, /the body is compressed/);
      const aws = await wires.client.send(withCoding(wires.awsRequest("Encrypt", compressed), coding));
      assertRefusal("aws", aws, 400, /^SerializationException: The request body is compressed/);
    });
  }

  it("a coding that changes nothing is as good as none", async () => {
    const rest = wires.restRequest("POST", "/encrypt", { key_id: "there", plaintext: "hello" });
    assert.ok((await wires.client.send(withCoding(rest, "identity"))).ok);
    const aws = wires.awsRequest("Encrypt", { KeyId: "alias/there", Plaintext: plaintext });
    assert.ok((await wires.client.send(withCoding(aws, "amz-1.0"))).ok);
    assert.ok((await wires.client.send(withCoding(wires.restRequest("GET", "/keys"), "gzip"))).ok);
  });

  it("HEAD / is answered as GET / is, without the body", async () => {
    const request = { path: "/", headers: {}, body: "" };
    const get = await wires.client.send({ ...request, method: "GET" });
    const head = await wires.client.send({ ...request, method: "HEAD" });
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.equal(head.headers["content-length"], String(Buffer.byteLength(get.text)));
  });

  it("a token in the wrong place is in no audit record and not on stderr", async () => {
    for (const lost of [token, hidden]) {
      await wires.rest("GET", `/keys/${lost}`);
      await wires.rest("GET", `/${lost}`);
      await wires.rest("PUT", `/keys/${lost}/nothing`);
      await wires.client.send(wires.restRequest("GET", `/keys/${lost}`, undefined, "wrong"));
      await wires.vault("GET", `auth/token/lookup/${lost}`);
      await wires.vault("GET", `transit/keys/${lost}`);
      await wires.vault("POST", `${lost}/encrypt/x`, { plaintext });
      await wires.client.send({ method: "GET", path: `/kms/xks/v1/keys/${lost}/metadata`, headers: {}, body: "" });
    }
    await wires.rest("POST", "/encrypt", { key_id: token, plaintext: "x" });
    await wires.rest("GET", `/admin/credentials?principal=${token}`);
    await wires.vault("POST", "sys/mounts/x", { type: token, description: token });
    await wires.aws("Encrypt", { KeyId: token, Plaintext: plaintext });
    await wires.aws("DescribeKey", { KeyId: `alias/${token}` });
    await wires.aws(`TrentService.${token}`, {});
    wires.userAgent = `script ${token}`;
    await wires.aws("ListKeys", {});
    await wires.aws("CreateKey", { Description: token });
    const directory = join(folder, "audit");
    const trail = readdirSync(directory)
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => readFileSync(join(directory, name), "utf8"))
      .join("");
    assert.ok(trail.split("hvs.[redacted]").length > 20);
    assert.doesNotMatch(trail, /LostToken/);
    assert.deepEqual(server.err, []);
  });
});
