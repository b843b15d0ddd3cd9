import assert from "node:assert/strict";
import { readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

type Entry = Record<string, Record<string, unknown>> & { type: string; error?: string };

describe("audit devices", () => {
  let t: VaultTest;
  let folder: string;

  beforeEach(async () => {
    t = await openVaultTest();
    folder = join(t.test.directory, "audit-devices");
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const enable = (path: string, options: Record<string, unknown>, type = "file") =>
    t.call("PUT", `sys/audit/${path}`, { type, options });
  const readEntries = (file: string): Entry[] =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));

  it("are enabled, listed and disabled", async () => {
    assert.equal((await enable("file", { file_path: "a.log" })).status, 204);
    const { json } = await t.call("GET", "sys/audit");
    assert.deepEqual(json.data, {
      "file/": { description: "", local: false, options: { file_path: "a.log" }, path: "file/", type: "file" },
    });
    assert.deepEqual(json["file/"], json.data["file/"]);
    assert.deepEqual((await enable("file", { file_path: "b.log" })).json, { errors: ["path already in use"] });
    assert.deepEqual((await enable("file/x", { file_path: "b.log" })).json, { errors: ["path already in use"] });
    assert.equal((await t.call("DELETE", "sys/audit/file")).status, 204);
    assert.equal((await t.call("DELETE", "sys/audit/file")).status, 204);
    assert.deepEqual((await t.call("GET", "sys/audit")).json.data, {});
  });

  it("have each request before it is done and each answer, with HMACs for every text", async () => {
    await enable("file", { file_path: "sub/a.log" });
    await t.call("POST", "transit/keys/k", {});
    const answer = await t.call("POST", "transit/encrypt/k", { plaintext: base64("very secret"), key_version: 1 });
    const entries = readEntries("sub/a.log");
    assert.deepEqual(
      entries.map(({ type, request }) => [type, request?.["operation"], request?.["path"]]),
      [
        ["request", "update", "sys/audit/test"],
        ["request", "create", "transit/keys/k"],
        ["response", "create", "transit/keys/k"],
        ["request", "update", "transit/encrypt/k"],
        ["response", "update", "transit/encrypt/k"],
      ],
    );
    const hash = async (input: string) => (await t.call("POST", "sys/audit-hash/file", { input })).json.data.hash;
    const [asked, answered] = entries.slice(-2);
    assert.equal(asked?.["request"]?.["id"], answer.json.request_id);
    assert.deepEqual(asked?.["request"]?.["data"], { plaintext: await hash(base64("very secret")), key_version: 1 });
    assert.equal(asked?.["request"]?.["client_token"], await hash(t.test.root.token));
    assert.equal(asked?.["request"]?.["mount_point"], "transit/");
    assert.deepEqual(answered?.["response"]?.["data"], {
      ciphertext: await hash(answer.json.data.ciphertext),
      key_version: 1,
    });
    assert.match(String(asked?.["request"]?.["client_token_accessor"]), /^hmac-sha256:[0-9a-f]{64}$/);
    const text = readFileSync(join(folder, "sub/a.log"), "utf8");
    for (const secret of [t.test.root.token, base64("very secret"), answer.json.data.ciphertext]) {
      assert.ok(!text.includes(secret));
    }
  });

  it("have refusals, of nobody and of what fails, with the reason", async () => {
    await enable("file", { file_path: "a.log", hmac_accessor: false });
    await t.call("GET", "transit/keys/none");
    await t.call("POST", "transit/encrypt/k", {}, { "X-Vault-Token": "hvs.wrong" });
    await t.call("POST", "transit/encrypt/k", {}, {});
    const [missing, found, wrong, none] = readEntries("a.log").slice(-4);
    assert.equal(missing?.type, "request");
    assert.deepEqual([found?.type, found?.error], ["response", "not found"]);
    assert.match(String(missing?.["auth"]?.["accessor"]), /^[0-9a-f]{36}$/);
    assert.match(wrong?.error ?? "", /invalid token/);
    assert.equal(none?.error, "permission denied");
    assert.ok(!readFileSync(join(folder, "a.log"), "utf8").includes("hvs.wrong"));
  });

  it("write only below their folder, whatever the path and its links", async () => {
    const outside = /is outside the directory for audit devices/;
    for (const path of ["/tmp/elsewhere.log", "../out.log", "a/../../out.log", join(folder, "..", "out.log"), "."]) {
      const { status, json } = await enable("file", { file_path: path });
      assert.equal(status, 400, path);
      assert.match(json.errors[0], outside, path);
    }
    await enable("first", { file_path: "first.log" });
    symlinkSync(t.test.directory, join(folder, "link"));
    assert.match((await enable("file", { file_path: "link/out.log" })).json.errors[0], outside);
    symlinkSync(join(t.test.directory, "out.log"), join(folder, "dangling.log"));
    assert.match((await enable("file", { file_path: "dangling.log" })).json.errors[0], /ELOOP/);
    assert.equal((await enable("file", { file_path: join(folder, "good.log") })).status, 204);
    assert.equal(statSync(join(folder, "good.log")).mode & 0o777, 0o600);
  });

  it("refuse options that would write secrets, programs or nothing", async () => {
    const refused: [Record<string, unknown>, RegExp, string?][] = [
      [{}, /^file_path is required$/],
      [{ file_path: "a", log_raw: true }, /^log_raw is not supported/],
      [{ file_path: "a", prefix: "#!/bin/sh" }, /^audit log prefixing is not allowed$/],
      [{ file_path: "a", mode: "0755" }, /^an audit file must not be executable$/],
      [{ file_path: "a", mode: "rwx" }, /^unable to parse mode "rwx"$/],
      [{ file_path: "a", format: "jsonx" }, /^unknown format type "jsonx"$/],
      [{}, /^address is required$/, "socket"],
      [{ address: "nowhere" }, /is not HOST:PORT$/, "socket"],
      [{ address: "127.0.0.1:1" }, /^the audit socket cannot be written: ECONNREFUSED$/, "socket"],
      [{}, /^unknown backend type: "carrier-pigeon"$/, "carrier-pigeon"],
    ];
    for (const [options, says, type] of refused) {
      const { status, json } = await enable("x", options, type);
      assert.equal(status, 400);
      assert.match(json.errors[0], says);
    }
    assert.deepEqual((await t.call("GET", "sys/audit")).json.data, {});
  });

  it("go on with a new file after a log rotation", async () => {
    await enable("file", { file_path: "a.log" });
    renameSync(join(folder, "a.log"), join(folder, "a.log.1"));
    t.test.core.auditDevices.reopen();
    await t.call("GET", "sys/mounts");
    assert.deepEqual(
      readEntries("a.log").map(({ type }) => type),
      ["request", "response"],
    );
  });

  describe("of a collector", () => {
    let server: Server;
    let sockets: Socket[];
    let received: string;

    beforeEach(async () => {
      sockets = [];
      received = "";
      server = createServer((socket) => {
        sockets.push(socket);
        socket.on("data", (data) => {
          received += data.toString();
        });
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    });
    afterEach(() => stop());

    const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
    async function stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    }

    it("get entries over the network", async () => {
      const arrived = new Promise<void>((done) =>
        server.on("connection", (socket) => {
          socket.on("data", () => received.includes('"sys/mounts"') && done());
        }),
      );
      assert.equal((await enable("collector", { address: address() }, "socket")).status, 204);
      await t.call("GET", "sys/mounts");
      await arrived;
      assert.match(received, /"path":"sys\/audit\/test"/);
    });

    it("refuse all requests when it is the only one and is gone, and let them through when a file has them", async () => {
      const place = address();
      await enable("collector", { address: place }, "socket");
      await stop();
      server = createServer().unref();
      // The first write after the other side went may still go into the void.
      let refused = await t.call("GET", "sys/mounts");
      for (let tries = 0; refused.status === 200 && tries < 20; tries += 1) refused = await t.call("GET", "sys/mounts");
      assert.equal(refused.status, 503);
      assert.match(refused.json.errors[0], /No audit device can be written/);
      assert.match(t.test.told.at(-1) ?? "", /the audit device collector\/ failed: .*ECONNREFUSED/);
      await t.test.core.commit([
        t.test.core.vaultEntries.insert("sys/audit", "file", {
          type: "file",
          description: "",
          local: false,
          options: { file_path: "a.log" },
          salt: "",
        }),
      ]);
      assert.equal((await t.call("GET", "sys/mounts")).status, 200);
      assert.equal((await t.call("GET", "sys/mounts")).status, 200);
      assert.equal(readEntries("a.log").length, 4);
    });
  });
});
