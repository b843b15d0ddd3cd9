import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ServerUnderTest } from "../server-under-test.ts";
import { HttpClient, type HttpRequest, type Reply } from "./http-client.ts";
import { assertNoInsides, errorTexts } from "./refusals.ts";
import { TinyDisk } from "./tiny-disk.ts";
import { succeeded, type WireName, Wires } from "./wires.ts";

const mebibyte = 1024 * 1024;
const disk = TinyDisk.mount(8 * mebibyte);
const plaintext = Buffer.from("hello").toString("base64");

/** How each API says that the database cannot be written. */
const words: Readonly<Record<WireName, RegExp>> = {
  aws: /^DependencyTimeoutException: The disk that holds the database is full\.$/,
  vault: /^the database cannot be used: The disk that holds the database is full\.$/,
  rest: /^urn:coffer:error:StoreUnavailable: The database cannot be used: The disk that holds the database is full\./,
};

describe("a full data disk", { skip: typeof disk === "string" && disk }, () => {
  if (typeof disk === "string") return;
  let folder: string;
  let server: ServerUnderTest;
  let wires: Wires;
  let keyId = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "coffer-data-disk-"));
    server = await start();
    wires = new Wires(new HttpClient(server.url), server.credentials);
    succeeded(await wires.vault("POST", "sys/mounts/transit", { type: "transit" }));
    succeeded(await wires.rest("POST", "/keys", { key_id: "there" }));
    keyId = succeeded(await wires.aws("DescribeKey", { KeyId: "alias/there" })).KeyMetadata.KeyId;
  });
  after(async () => {
    wires.close();
    await server.kill();
    disk.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): Promise<ServerUnderTest> {
    assert.ok(typeof disk !== "string");
    return ServerUnderTest.start({
      dataDir: join(disk.path, "data"),
      credentialsFile: join(folder, "credentials.json"),
      args: [`--audit-directory=${join(folder, "audit")}`],
    });
  }

  const description = "d".repeat(8000);
  const changes: readonly (readonly [WireName, () => HttpRequest])[] = [
    ["aws", () => wires.awsRequest("UpdateKeyDescription", { KeyId: keyId, Description: description })],
    ["vault", () => wires.vaultRequest("POST", "transit/keys/there/rotate", {})],
    ["rest", () => wires.restRequest("POST", "/keys", { key_id: "not-made" })],
    ["rest", () => wires.restRequest("POST", "/admin/tokens", { principal: "root" })],
  ];
  const uses: readonly (readonly [WireName, () => HttpRequest])[] = [
    ["aws", () => wires.awsRequest("Encrypt", { KeyId: "alias/there", Plaintext: plaintext })],
    ["vault", () => wires.vaultRequest("POST", "transit/encrypt/there", { plaintext })],
    ["rest", () => wires.restRequest("POST", "/encrypt", { key_id: "there", plaintext: "hello" })],
  ];

  async function healthUntil(wanted: number): Promise<{ rest: Reply; vault: Reply }> {
    for (;;) {
      const rest = await wires.rest("GET", "/health");
      const vault = await wires.vault("GET", "sys/health");
      if (rest.status === wanted && vault.status === wanted) return { rest, vault };
    }
  }

  function told(pattern: RegExp): number {
    return server.err.filter((line) => pattern.test(line)).length;
  }

  it("is healthy while there is room", async () => {
    const { rest, vault } = await healthUntil(200);
    assert.equal(rest.json.store.ok, true);
    assert.equal(vault.json.store_ok, true);
  });

  it("changes are refused with each API's own error, which says why", async () => {
    disk.fill(0);
    // The write-ahead log may have room yet.
    for (;;) if (!(await wires.client.send(changes[1]![1]())).ok) break;
    for (const [wire, make] of changes) {
      const reply = await wires.client.send(make());
      assert.equal(reply.status, 503, String(reply));
      assertNoInsides(reply.text);
      assert.ok(
        errorTexts(wire, reply).some((text) => words[wire].test(text)),
        String(reply),
      );
    }
  });

  it("keys that are there work on, and health says why nothing can be changed", async () => {
    for (const [, make] of uses) assert.ok((await wires.client.send(make())).ok);
    const { rest, vault } = await healthUntil(503);
    assert.match(rest.json.store.reason, /is full\.$/);
    assert.equal(rest.json.audit.ok, true);
    assert.equal(vault.json.store_ok, false);
  });

  it("the operator is told once, with what to do, and no request is a bug", async () => {
    assert.equal(told(/^coffer: the database fails: The disk that holds the database is full\. .*Put that right/), 1);
    assert.equal(told(/internal error/), 0);
  });

  it("everything works again once there is room, and the operator is told", async () => {
    disk.makeRoom();
    await healthUntil(200);
    for (const [, make] of [...uses, ...changes]) assert.ok((await wires.client.send(make())).ok);
    await server.line(/^coffer: the database works again\.$/);
    assert.equal(told(/the database/), 2);
  });

  it("a server that is stopped or started on a full disk says so", async () => {
    disk.fill(0);
    for (;;) if (!(await wires.client.send(changes[1]![1]())).ok) break;
    assert.equal(await server.stop(), 1);
    assert.match(server.err.at(-1) ?? "", /closing failed: the disk that holds the database is full\.$/);
    disk.makeRoom();
    wires.close();
    server = await start();
    wires = new Wires(new HttpClient(server.url), wires.access);
    for (const [, make] of uses) assert.ok((await wires.client.send(make())).ok);
  });
});
