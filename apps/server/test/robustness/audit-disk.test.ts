import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ServerUnderTest } from "../server-under-test.ts";
import { AuditFollower } from "./audit-follower.ts";
import { HttpClient, type HttpRequest, type Reply } from "./http-client.ts";
import { assertNoInsides, errorTexts } from "./refusals.ts";
import { TinyDisk } from "./tiny-disk.ts";
import { succeeded, type WireName, Wires } from "./wires.ts";

const mebibyte = 1024 * 1024;
/** More than what health warns of, 64 MiB. */
const disk = TinyDisk.mount(80 * mebibyte);
const plaintext = Buffer.from("hello").toString("base64");

/** How each API says that the audit trail cannot be written. */
const words: Readonly<Record<WireName, RegExp>> = {
  aws: /^DependencyTimeoutException: The disk that holds the audit log is full\.$/,
  vault: /^the audit log cannot be written: The disk that holds the audit log is full\.$/,
  rest: /^urn:coffer:error:AuditUnavailable: The audit trail cannot be written, .*The disk that holds the audit log is full\./,
};

describe("a full audit disk", { skip: typeof disk === "string" && disk }, () => {
  if (typeof disk === "string") return;
  let folder: string;
  let server: ServerUnderTest;
  let wires: Wires;
  let audit: AuditFollower;
  let answered = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "coffer-audit-disk-"));
    server = await start();
    audit = new AuditFollower(join(disk.path, "audit"));
    wires = new Wires(new HttpClient(server.url), server.credentials);
    succeeded(await wires.vault("POST", "sys/mounts/transit", { type: "transit" }));
    succeeded(await wires.rest("POST", "/keys", { key_id: "there" }));
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
      dataDir: join(folder, "data"),
      credentialsFile: join(folder, "credentials.json"),
      args: [`--audit-directory=${join(disk.path, "audit")}`],
    });
  }

  /** Sends a request with a name of its own; what is answered with success must be in the trail. */
  async function send(make: () => HttpRequest): Promise<Reply> {
    wires.userAgent = `answered-${answered + 1}`;
    const reply = await wires.client.send(make());
    if (reply.ok) answered += 1;
    return reply;
  }

  /** One request of each API that uses a key and changes nothing. */
  const uses: readonly (readonly [WireName, () => HttpRequest])[] = [
    ["aws", () => wires.awsRequest("Encrypt", { KeyId: "alias/there", Plaintext: plaintext })],
    ["vault", () => wires.vaultRequest("POST", "transit/encrypt/there", { plaintext })],
    ["rest", () => wires.restRequest("POST", "/encrypt", { key_id: "there", plaintext: "hello" })],
  ];

  /** One request of each API that changes something. */
  const changes: readonly (readonly [WireName, () => HttpRequest])[] = [
    ["aws", () => wires.awsRequest("CreateKey", {})],
    ["aws", () => wires.awsRequest("TagResource", { KeyId: "x", Tags: [] })],
    ["vault", () => wires.vaultRequest("POST", "transit/keys/not-made", {})],
    ["vault", () => wires.vaultRequest("POST", "transit/keys/there/rotate", {})],
    ["vault", () => wires.vaultRequest("POST", "transit/encrypt/not-made", { plaintext })],
    ["rest", () => wires.restRequest("POST", "/keys", { key_id: "not-made" })],
    ["rest", () => wires.restRequest("POST", "/keys/there/rotate")],
    ["rest", () => wires.restRequest("DELETE", "/keys/there")],
    ["rest", () => wires.restRequest("POST", "/admin/tokens", { principal: "root" })],
    ["rest", () => wires.restRequest("GET", "/keys", undefined, "hvs.wrong")],
  ];

  function assertClosed(wire: WireName, reply: Reply): void {
    assert.equal(reply.status, 503, String(reply));
    assertNoInsides(reply.text);
    assert.ok(
      errorTexts(wire, reply).some((text) => words[wire].test(text)),
      String(reply),
    );
  }

  /** Asks for the health until it is as wanted: the server looks at its disk once a second. */
  async function healthUntil(wanted: number): Promise<{ rest: Reply; vault: Reply }> {
    for (;;) {
      const rest = await wires.rest("GET", "/health");
      const vault = await wires.vault("GET", "sys/health");
      if (rest.status === wanted && vault.status === wanted) return { rest, vault };
    }
  }

  it("is healthy while there is room", async () => {
    const { rest, vault } = await healthUntil(200);
    assert.equal(rest.json.audit.ok, true);
    assert.equal(vault.json.audit_ok, true);
    for (const [, make] of uses) assert.ok((await send(make)).ok);
  });

  it("health warns when room runs short, while requests still work", async () => {
    disk.fill(40 * mebibyte);
    const { rest, vault } = await healthUntil(503);
    assert.match(rest.json.audit.reason, /almost full: \d+ KiB are left\.$/);
    assert.equal(vault.json.audit_ok, false);
    await server.line(/^coffer: the audit trail will fail soon: .*almost full: \d+ KiB are left\. Make room\.$/);
    for (const [, make] of uses) assert.ok((await send(make)).ok);
  });

  it("requests fail closed with each API's own error, and health says why", async () => {
    disk.fill(0);
    // What is left of the last block takes some records yet.
    for (;;) if (!(await send(uses[0]![1])).ok) break;
    for (const [wire, make] of uses) assertClosed(wire, await send(make));
    const { rest } = await healthUntil(503);
    assert.match(rest.json.audit.reason, /is full\.$/);
  });

  it("the operator is told on stderr, once, with what to do", () => {
    const told = server.err.filter((line) => line.includes("the audit trail"));
    assert.equal(told.length, 2, told.join("\n"));
    assert.match(told[1] ?? "", /^coffer: the audit trail cannot be written: .* is full\. .*Put that right/);
  });

  it("changes are refused, and refusals too: nothing happens that leaves no record", async () => {
    for (const [wire, make] of changes) assertClosed(wire, await send(make));
  });

  it("everything works again once there is room, with nobody's help", async () => {
    disk.makeRoom();
    await healthUntil(200);
    await server.line(/^coffer: the audit trail is written again\.$/);
    for (const [, make] of uses) assert.ok((await send(make)).ok);
    const { version, state } = succeeded(await wires.rest("GET", "/keys/there"));
    assert.deepEqual([version, state], [1, "enabled"]);
    const { keys } = succeeded(await wires.rest("GET", "/keys"));
    assert.deepEqual(
      keys.map(({ id }: { id: string }) => id),
      ["there"],
    );
    const { tokens } = succeeded(await wires.rest("GET", "/admin/credentials?principal=root"));
    assert.equal(tokens.length, 1);
  });

  it("the trail has no gap and no fork, and a record of every answer", async () => {
    await audit.verify();
    const recorded = new Set(audit.newRecords().map(({ userAgent }) => userAgent));
    for (let n = 1; n <= answered; n += 1) assert.ok(recorded.has(`answered-${n}`), `answered-${n}`);
  });

  it("what was changed just when the disk became full was not answered, and is in the trail once there is room", async () => {
    disk.fill(0);
    const names = Array.from({ length: 8 }, (_, at) => `just-then-${at}`);
    const replies = await Promise.all(names.map((key_id) => wires.rest("POST", "/keys", { key_id })));
    assert.ok(replies.some(({ status }) => status === 503));
    disk.makeRoom();
    await healthUntil(200);
    const { Aliases } = succeeded(await wires.aws("ListAliases", {}));
    await audit.verify();
    const records = audit.newRecords().filter(({ eventName, errorCode }) => eventName === "CreateKey" && !errorCode);
    const recorded = new Set(records.flatMap(({ requestParameters }) => requestParameters?.["aliases"]));
    for (const { AliasName } of Aliases.filter((alias: { AliasName: string }) => alias.AliasName !== "alias/there")) {
      assert.ok(recorded.has(AliasName), `${AliasName} was made and left no record`);
    }
  });

  it("what was changed while the disk was full is in the trail also when the server was killed meanwhile", async () => {
    disk.fill(0);
    const names = Array.from({ length: 8 }, (_, at) => `killed-${at}`);
    const replies = await Promise.all(names.map((key_id) => wires.rest("POST", "/keys", { key_id })));
    assert.ok(replies.some(({ status }) => status === 503));
    await server.kill();
    await startAgain();
    const { Aliases } = succeeded(await wires.aws("ListAliases", {}));
    const made = Aliases.map(({ AliasName }: { AliasName: string }) => AliasName);
    const records = audit.newRecords().filter(({ eventName, errorCode }) => eventName === "CreateKey" && !errorCode);
    const recorded = records.flatMap(({ requestParameters }) => requestParameters?.["aliases"] as string[]);
    const kept = made.filter((name: string) => name.startsWith("alias/killed-"));
    assert.ok(kept.length > 0, "a change was made that the full disk took no record of");
    for (const name of kept) assert.equal(recorded.filter((other) => other === name).length, 1, name);
  });

  it("a server that is stopped while the disk is full stops in peace, and starts again on the same trail", async () => {
    disk.fill(0);
    for (;;) if (!(await send(uses[0]![1])).ok) break;
    assert.equal(await server.stop(), 0);
    await startAgain();
  });

  it("when the last record cannot be signed, it says so with exit code 1, and the store is closed all the same", async () => {
    assert.ok((await send(uses[0]![1])).ok);
    disk.fill(0);
    assert.equal(await server.stop(), 1);
    assert.match(server.err.join("\n"), /closing failed: the disk that holds the audit log is full/);
    assert.equal(existsSync(join(folder, "data", "coffer.db-wal")), false, "the write-ahead log is folded in");
    await startAgain();
  });

  async function startAgain(): Promise<void> {
    assert.ok(typeof disk !== "string");
    disk.makeRoom();
    wires.close();
    server = await start();
    wires = new Wires(new HttpClient(server.url), wires.access);
    for (const [, make] of uses) assert.ok((await send(make)).ok);
    await audit.verify();
  }
});
