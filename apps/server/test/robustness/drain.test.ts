import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { RawClient } from "../../src/http/raw-client.ts";
import { type Credentials, ServerUnderTest } from "../server-under-test.ts";
import { AuditFollower } from "./audit-follower.ts";
import { HttpClient, type HttpRequest } from "./http-client.ts";
import { succeeded, Wires } from "./wires.ts";

/** A data directory that outlives the servers on it. */
class Place {
  readonly folder: string;
  readonly dataDir: string;
  credentials: Credentials | undefined;

  constructor(test: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "coffer-drain-"));
    this.dataDir = join(this.folder, "data");
    test.after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  async start(args: readonly string[] = []): Promise<ServerUnderTest> {
    const credentialsFile = join(this.folder, "credentials.json");
    const server = await ServerUnderTest.start({ dataDir: this.dataDir, credentialsFile, args });
    this.credentials = server.credentials;
    return server;
  }

  wires(server: ServerUnderTest): Wires {
    assert.ok(this.credentials !== undefined);
    return new Wires(new HttpClient(server.url), this.credentials);
  }

  /** The names of all keys, as a server that is started anew has them. */
  async keyNames(): Promise<string[]> {
    await using server = await this.start();
    const wires = this.wires(server);
    const { Aliases } = succeeded(await wires.aws("ListAliases", { Limit: 100 }));
    wires.close();
    assert.equal(await server.stop(), 0);
    return Aliases.map(({ AliasName }: { AliasName: string }) => AliasName).sort();
  }
}

/** A request whose head was sent and accepted, with half of its body on the way. */
class HalfSent {
  readonly client: RawClient;
  readonly #rest: string;

  private constructor(client: RawClient, rest: string) {
    this.client = client;
    this.#rest = rest;
  }

  static async begin(url: string, { method, path, headers, body }: HttpRequest): Promise<HalfSent> {
    const text = body.toString();
    const { host, ...others } = headers;
    const lines = Object.entries({
      Host: host ?? new URL(url).host,
      ...others,
      "Content-Length": String(text.length),
      Expect: "100-continue",
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const client = await RawClient.connect(url);
    const answer = await client.exchange(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    // So the server is known to wait for this body.
    assert.equal(answer.status, 100);
    const half = Math.floor(text.length / 2);
    await client.send(text.slice(0, half));
    return new HalfSent(client, text.slice(half));
  }

  finish(): ReturnType<RawClient["exchange"]> {
    return this.client.exchange(this.#rest);
  }
}

/** A request of each API that makes a key or a name for one. */
function creations(wires: Wires, keyId: string): readonly HttpRequest[] {
  return [
    wires.restRequest("POST", "/keys", { key_id: "from-rest" }),
    wires.vaultRequest("POST", "transit/keys/from-vault", { exportable: false }),
    wires.awsRequest("CreateAlias", { AliasName: "alias/from-aws", TargetKeyId: keyId }),
  ];
}

describe("stopping a live server", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`${signal}: requests under way are finished, new ones refused, the store has everything, exit code 0`, async (t) => {
      const place = new Place(t);
      await using server = await place.start();
      const wires = place.wires(server);
      succeeded(await wires.vault("POST", "sys/mounts/transit", { type: "transit" }));
      const { KeyMetadata } = succeeded(await wires.aws("CreateKey", {}));
      const idle = await RawClient.connect(server.url);
      const requests = creations(wires, KeyMetadata.KeyId);
      const halves = await Promise.all(requests.map((request) => HalfSent.begin(server.url, request)));

      server.signal(signal);
      await server.line(new RegExp(`stopping after ${signal}`));
      assert.equal(await idle.closed, "");
      await assert.rejects(RawClient.connect(server.url), { code: "ECONNREFUSED" });
      for (const half of halves) {
        const answer = await half.finish();
        assert.ok(answer.status >= 200 && answer.status < 300, `${answer.status} ${answer.body}`);
        assert.equal(answer.header("Connection"), "close");
        assert.equal(await half.client.closed, "");
      }
      assert.equal(await server.ended(), 0);
      assert.match(server.err.at(-1) ?? "", /stopped\.$/);
      wires.close();

      const audit = await new AuditFollower(join(place.dataDir, "audit")).verify();
      assert.equal(audit.vouchedSequence, audit.head.sequence, "the last record is signed");
      assert.deepEqual(await place.keyNames(), ["alias/from-aws", "alias/from-rest", "alias/from-vault"]);
    });
  }

  it("a request that never ends is cut once its time is over; the exit code is 0 and nothing else is lost", async (t) => {
    const place = new Place(t);
    await using server = await place.start(["--drain-timeout-ms=200"]);
    const wires = place.wires(server);
    succeeded(await wires.rest("POST", "/keys", { key_id: "kept" }));
    const half = await HalfSent.begin(server.url, wires.restRequest("POST", "/keys", { key_id: "never-sent" }));
    assert.equal(await server.stop(), 0);
    assert.match(server.err.join("\n"), /1 connections were cut/);
    assert.equal(await half.client.closed, "");
    wires.close();
    assert.deepEqual(await place.keyNames(), ["alias/kept"]);
  });

  it("a second signal ends it at once with 1, and what was answered is there", async (t) => {
    const place = new Place(t);
    await using server = await place.start();
    const wires = place.wires(server);
    succeeded(await wires.rest("POST", "/keys", { key_id: "kept" }));
    const half = await HalfSent.begin(server.url, wires.restRequest("POST", "/keys", { key_id: "never-sent" }));
    server.signal("SIGTERM");
    await server.line(/stopping after SIGTERM/);
    server.signal("SIGTERM");
    assert.equal(await server.ended(), 1);
    assert.equal(await half.client.closed, "");
    wires.close();
    assert.deepEqual(await place.keyNames(), ["alias/kept"]);
  });

  it("under load every request is answered whole or not at all, and what was answered is there", async (t) => {
    const place = new Place(t);
    await using server = await place.start();
    const wires = place.wires(server);
    const answered: string[] = [];
    const worker = async (name: string) => {
      for (let made = 0; ; made += 1) {
        const keyId = `${name}-${made}`;
        const reply = await wires.rest("POST", "/keys", { key_id: keyId }).catch(() => undefined);
        if (reply === undefined) return;
        assert.equal(reply.status, 201, String(reply));
        answered.push(`alias/${keyId}`);
        if (answered.length === 30) server.signal("SIGTERM");
      }
    };
    await Promise.all(["a", "b", "c", "d"].map(worker));
    assert.equal(await server.ended(), 0);
    wires.close();
    const kept = new Set(await place.keyNames());
    assert.deepEqual(
      answered.filter((name) => !kept.has(name)),
      [],
    );
  });
});
