import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient } from "@coffer/envelope";
import { encodeHead } from "@coffer/messaging/transparency";
import { WebSocket } from "ws";
import { awsEnvironment } from "./aws-environment.ts";
import { RelayProcess } from "./relay-process.ts";
import { RelayUser, textBody } from "./relay-user.ts";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

interface Frame {
  readonly type: string;
  readonly message?: { readonly seq: number; readonly body: string };
  readonly [member: string]: unknown;
}

/** A device's socket to a relay. */
async function openSocket(user: RelayUser, frames: Frame[], headers: Record<string, string> = {}): Promise<WebSocket> {
  const protocols = ["coffer.relay.1", `coffer.bearer.${user.token}`];
  const socket = new WebSocket(`${user.url.replace(/^http/, "ws")}/v1/websocket`, protocols, { headers });
  socket.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
  await once(socket, "open");
  return socket;
}

async function until(socket: WebSocket, isThere: () => boolean): Promise<void> {
  while (!isThere()) await once(socket, "message");
}

describe("coffer relay", () => {
  const folder = temporaryFolder("relay");
  let relay: RelayProcess;
  let alice: RelayUser;
  let bob: RelayUser;

  before(async () => {
    relay = await RelayProcess.start(join(folder, "data"), ["--local-key", "--origin=https://chat.example"]);
    alice = await RelayUser.register(relay.url, "alice");
    bob = await RelayUser.register(relay.url, "bob");
  });
  after(() => relay?.kill());

  it("says what to paste next, and what is not fit for production", () => {
    const said = relay.out.join("\n");
    assert.match(said, /bin\/coffer chat --as alice --with bob --relay http:\/\/127\.0\.0\.1:\d+/);
    assert.match(said, /Not yet fit for production:\n- The tables' key lies beside them/);
  });

  it("keeps its directory and keys to itself", () => {
    const directory = join(folder, "data");
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const name of ["row-key", "head-key"]) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
  });

  it("carries messages over sockets, in order, to who is away and to who is there", async () => {
    assert.equal((await alice.send("bob", "while-away")).status, 200);
    const frames: Frame[] = [];
    const socket = await openSocket(bob, frames);
    assert.equal(socket.protocol, "coffer.relay.1");
    await until(socket, () => frames.some(({ type }) => type === "queueEmpty"));
    assert.equal((await alice.send("bob", "while-there")).status, 200);
    const messages = () => frames.filter(({ type }) => type === "message");
    await until(socket, () => messages().length === 2);
    assert.deepEqual(
      messages().map(({ message }) => message?.body),
      [textBody("while-away"), textBody("while-there")],
    );
    const envelope = { deviceId: "phone", registrationId: 1, kind: "message", body: textBody("over the socket") };
    const body = { messageId: "s1", protocol: "otr", vaultVersion: 1, envelopes: [envelope] };
    socket.send(JSON.stringify({ type: "ack", upTo: messages().at(-1)?.message?.seq, vaultVersion: 1 }));
    socket.send(JSON.stringify({ type: "request", id: 1, method: "PUT", path: "/v1/users/alice/messages", body }));
    await until(socket, () => frames.some(({ type }) => type === "answer"));
    socket.close();
    await once(socket, "close");
    assert.deepEqual(await alice.take(), ["over the socket"]);
    assert.deepEqual(await bob.take(), []);
  });

  it("refuses sockets without a token, of unknown pages, and elsewhere", async () => {
    const refused = async (url: string, protocols: string[], headers: Record<string, string>) => {
      const socket = new WebSocket(`${relay.url.replace(/^http/, "ws")}${url}`, protocols, { headers });
      const [error] = (await once(socket, "error")) as [Error];
      return /\d{3}/.exec(error.message)?.[0];
    };
    const good = ["coffer.relay.1", `coffer.bearer.${bob.token}`];
    assert.equal(await refused("/v1/websocket", ["coffer.relay.1"], {}), "401");
    assert.equal(await refused("/v1/websocket", good, { origin: "https://evil.example" }), "403");
    assert.equal(await refused("/v1/other", good, {}), "404");
    const socket = await openSocket(bob, [], { origin: "https://chat.example" });
    socket.close();
    await once(socket, "close");
  });

  it("ends sockets that send too much, or no text, and stays", async () => {
    for (const data of [Buffer.alloc((4 << 20) + 1, 0x20).toString(), Buffer.from([1, 2, 3])]) {
      const socket = await openSocket(bob, []);
      socket.on("error", () => undefined);
      socket.send(data);
      const [code] = (await once(socket, "close")) as [number];
      assert.ok([1003, 1006, 1009, 4000].includes(code), String(code));
    }
    // One that speaks no WebSocket at all after the handshake.
    const raw = connect(Number(new URL(relay.url).port), "127.0.0.1");
    raw.on("error", () => undefined);
    const head = ["GET /v1/websocket HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket", "", ""];
    raw.write(head.join("\r\n"));
    raw.end();
    raw.resume();
    await once(raw, "close");
    assert.equal((await alice.call("GET", "/v1/relay")).status, 200);
  });

  it("answers pages of the origins that it was told, and no others", async () => {
    const ask = (origin: string) => fetch(`${relay.url}/v1/keys`, { method: "OPTIONS", headers: { origin } });
    const allowed = await ask("https://chat.example");
    assert.deepEqual(
      [allowed.status, allowed.headers.get("access-control-allow-origin")],
      [204, "https://chat.example"],
    );
    assert.equal((await ask("https://evil.example")).headers.get("access-control-allow-origin"), null);
  });

  it("has its directory to itself", async () => {
    const args = ["relay", "--local-key", `--data-dir=${join(folder, "data")}`, "--listen=127.0.0.1:0"];
    const { status, stderr } = await runProgram(cofferPath, args);
    assert.deepEqual(
      [status, stderr.split(":").slice(0, 2).join(":").includes("another relay uses")],
      [1, true],
      stderr,
    );
  });

  it("keeps every message that it answered, through kill -9", async () => {
    const directory = join(folder, "killed");
    const first = await RelayProcess.start(directory);
    const from = await RelayUser.register(first.url, "from");
    const to = await RelayUser.register(first.url, "to");
    const answered: string[] = [];
    let number = 0;
    const sending = Array.from({ length: 16 }, async () => {
      for (;;) {
        const messageId = `m${++number}`;
        try {
          const { status } = await from.send("to", messageId);
          if (status === 200) answered.push(messageId);
        } catch {
          return messageId;
        }
        if (answered.length === 200) void first.kill();
      }
    });
    const unanswered = await Promise.all(sending);
    const second = await RelayProcess.start(directory);
    try {
      await to.logIn(second.url);
      const received = await to.take(second.url);
      assert.equal(new Set(received).size, received.length, "none comes twice");
      for (const messageId of answered) assert.ok(received.includes(messageId), messageId);
      // Who got no answer asks again, and it counts once.
      await from.logIn(second.url);
      for (const messageId of unanswered) assert.equal((await from.send("to", messageId, second.url)).status, 200);
      const again = await to.take(second.url);
      const all = [...received, ...again];
      assert.equal(new Set(all).size, all.length);
      for (const messageId of unanswered) assert.ok(all.includes(messageId));
    } finally {
      assert.equal(await second.stop(), 0);
    }
  });

  it("asks for the operator's token, and serves HTTPS", async () => {
    const token = "a token of the operator's";
    const files = { token: join(folder, "token"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(files.token, `${token.replaceAll(" ", "-")}\n`);
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = [
      "req",
      "-x509",
      "-newkey",
      "ed25519",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      files.key,
      "-out",
      files.cert,
    ];
    assert.equal((await runProgram("openssl", [...made, ...subject])).status, 0);
    const tls = ["--local-key", `--tls-cert-file=${files.cert}`, `--tls-key-file=${files.key}`];
    const secure = await RelayProcess.start(join(folder, "tls"), [...tls, `--registration-token-file=${files.token}`]);
    try {
      assert.match(secure.url, /^https:/);
      const ask = ["-s", "--cacert", files.cert, `${secure.url}/v1/relay`];
      const { stdout } = await runProgram("curl", ask);
      assert.equal((JSON.parse(stdout) as { registration: string }).registration, "token");
    } finally {
      await secure.kill();
    }
  });
});

describe("a relay under a Coffer key", () => {
  const folder = temporaryFolder("relay-key");
  const directory = join(folder, "data");
  const args = ["--key=alias/relay", "--sign-key=alias/heads"];
  let server: ServerUnderTest;
  let kms: KmsCaller;

  const newKey = async (alias: string, input: Record<string, unknown> = {}) => {
    const { KeyMetadata } = await kms.call("CreateKey", input);
    const { KeyId } = KeyMetadata as { KeyId: string };
    await kms.call("CreateAlias", { AliasName: alias, TargetKeyId: KeyId });
    return KeyId;
  };
  const start = () => RelayProcess.start(directory, args, awsEnvironment(server));
  const refused = async (text: RegExp, ...more: string[]) => {
    const all = ["relay", "--listen=127.0.0.1:0", `--data-dir=${directory}`, ...more];
    const { status, stdout, stderr } = await runProgram(cofferPath, all, { environment: awsEnvironment(server) });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, text);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  };
  let keyId: string;

  before(async () => {
    mkdirSync(directory, { recursive: true });
    server = await ServerUnderTest.start();
    kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    keyId = await newKey("alias/relay");
    await newKey("alias/other");
    await newKey("alias/rsa", { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
    await newKey("alias/heads", { KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" });
  });
  after(() => server?.kill());

  it("seals its tables under it, signs its log by it, and shows no names on disk", async () => {
    const relay = await start();
    const bob = await RelayUser.register(relay.url, "bob-with-a-long-name");
    const { relayId, headKey } = (await (await bob.call("GET", "/v1/relay")).json()) as {
      relayId: string;
      headKey: { keyId: string; publicKey: string };
    };
    assert.match(headKey.keyId, /^arn:aws:kms:us-east-1:\d+:key\//);
    const head = (await (await bob.call("GET", "/v1/transparency/head")).json()) as Parameters<typeof encodeHead>[1] & {
      signature: string;
    };
    const publicKey = createPublicKey({ key: Buffer.from(headKey.publicKey, "base64"), format: "der", type: "spki" });
    assert.ok(verify(null, encodeHead(relayId, head), publicKey, Buffer.from(head.signature, "base64")));
    assert.equal(await relay.stop(), 0);
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    assert.ok(!files.some((file) => file.includes("with-a-long-name") || file.includes(bob.token)));
    assert.ok(!readdirSync(directory).includes("row-key"));
    const again = await start();
    assert.equal((await fetch(`${again.url}/v1/users/bob-with-a-long-name/device-list`)).status, 200);
    assert.equal(await again.stop(), 0);
  });

  it("does not start while the key is disabled, or under another one, and says why", async () => {
    await refused(/the relay's key: Decrypt was refused: /, "--key=alias/other");
    await refused(/is under a Coffer key: name it with --key/, "--local-key");
    await refused(
      /the key that signs heads: GetPublicKey was refused: /,
      "--key=alias/relay",
      "--sign-key=alias/relay",
    );
    await refused(/--sign-key: alias\/rsa signs no heads/, "--key=alias/relay", "--sign-key=alias/rsa");
    await kms.call("DisableKey", { KeyId: keyId });
    await refused(/the relay's key: Decrypt was refused: DisabledException/, ...args);
    await kms.call("EnableKey", { KeyId: keyId });
    const relay = await start();
    assert.equal(await relay.stop(), 0);
  });

  it("lets a user begin anew when its operator says so", async () => {
    const relay = await start();
    await RelayUser.register(relay.url, "carol");
    assert.equal(await relay.stop(), 0);
    const reset = (user: string) =>
      runProgram(cofferPath, ["relay", "reset-account", user, "--key=alias/relay", `--data-dir=${directory}`], {
        environment: awsEnvironment(server),
      });
    assert.equal((await reset("nobody")).status, 1);
    const { status, stdout } = await reset("carol");
    assert.deepEqual([status, stdout.includes("carol may begin anew")], [0, true]);
  });
});
