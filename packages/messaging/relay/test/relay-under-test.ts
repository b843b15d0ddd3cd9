import assert from "node:assert/strict";
import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  addressName,
  type DeviceEntry,
  type DeviceList,
  type ProtocolId,
  type SignedDeviceList,
  signDeviceList,
} from "@coffer/messaging";
import {
  localHeadSigner,
  openRelay,
  type Relay,
  type RelayAnswer,
  type RelayConnection,
  type RelayOptions,
} from "../src/index.ts";

/** A relay in memory whose clock the test moves. */
export class RelayUnderTest {
  readonly options: RelayOptions;
  nowMs = Date.UTC(2026, 0, 1);
  relay!: Relay;
  readonly faults: unknown[] = [];

  private constructor(change: Partial<RelayOptions>) {
    this.options = {
      databasePath: ":memory:",
      rowKey: createSecretKey(randomBytes(32)),
      headSigner: localHeadSigner(generateKeyPairSync("ed25519").privateKey),
      nowMs: () => this.nowMs,
      onFault: (_, cause) => this.faults.push(cause),
      ...change,
    };
  }

  static async open(change: Partial<RelayOptions> = {}): Promise<RelayUnderTest> {
    const under = new RelayUnderTest(change);
    under.relay = await openRelay(under.options);
    return under;
  }

  /** Closes the relay and opens it again from its file. */
  async restart(): Promise<void> {
    await this.relay.close();
    this.relay = await openRelay(this.options);
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const url = new URL(path, "http://relay");
    const octets = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.relay.answer({
      method,
      path: url.pathname,
      query: url.searchParams,
      header: (name) => headers[name],
      body: Buffer.from(octets ?? ""),
      peer: "127.0.0.1",
    });
    return new Reply(answer);
  }
}

/** An answer, read. */
export class Reply {
  readonly status: number;
  readonly answer: RelayAnswer;

  constructor(answer: RelayAnswer) {
    this.answer = answer;
    this.status = answer.status;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect, and fail where it is not there.
  get json(): any {
    return JSON.parse(Buffer.from(this.answer.body).toString());
  }
}

/** A user with an account key and devices, who keeps to the relay's protocol. Keys are Signal's unsigned ones. */
export class TestUser {
  readonly under: RelayUnderTest;
  readonly userId: string;
  readonly account = generateKeyPairSync("ed25519").privateKey;
  readonly devices: TestDevice[] = [];
  version = 0;

  constructor(under: RelayUnderTest, userId: string) {
    this.under = under;
    this.userId = userId;
  }

  /** Registers a user with devices of these ids, each with a token. */
  static async register(under: RelayUnderTest, userId: string, ...deviceIds: string[]): Promise<TestUser> {
    const user = new TestUser(under, userId);
    for (const deviceId of deviceIds) user.devices.push(new TestDevice(user, deviceId));
    assert.equal((await user.publishList()).status, 200);
    for (const device of user.devices) await device.logIn();
    return user;
  }

  list(change: Partial<DeviceList> = {}): SignedDeviceList {
    const accountKey = rawPublicKey(this.account);
    const devices = this.devices.map(({ entry }) => entry);
    const list = { userId: this.userId, version: this.version + 1, accountKey, devices, ...change };
    return signDeviceList(list, rawPrivateKey(this.account));
  }

  async publishList(list = this.list(), headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const reply = await this.under.call("PUT", `/v1/users/${this.userId}/device-list`, list, headers);
    if (reply.status === 200) this.version = reply.json.version;
    return reply;
  }
}

/** A device of a test's user. */
export class TestDevice {
  readonly user: TestUser;
  readonly deviceId: string;
  readonly signing = generateKeyPairSync("ed25519").privateKey;
  readonly identityKey: string = curveKey(randomBytes(31));
  registrationId = 1;
  token = "";
  vaultVersion = 1;
  protocol: ProtocolId = "signal";

  constructor(user: TestUser, deviceId: string) {
    this.user = user;
    this.deviceId = deviceId;
  }

  get address(): string {
    return addressName({ userId: this.user.userId, deviceId: this.deviceId });
  }

  get entry(): DeviceEntry {
    const { deviceId, protocol, identityKey, registrationId } = this;
    return { deviceId, protocol, identityKey, signingKey: rawPublicKey(this.signing), registrationId };
  }

  async logIn(): Promise<Reply> {
    const { under, userId } = this.user;
    const { deviceId } = this;
    const { relayId } = (await under.call("GET", "/v1/relay")).json;
    const { challenge } = (await under.call("POST", "/v1/challenges", { userId, deviceId })).json;
    const text = `coffer relay token 1\n${relayId}\n${this.address}\n${challenge}`;
    const signature = sign(null, Buffer.from(text), this.signing).toString("base64");
    const reply = await under.call("POST", "/v1/tokens", { userId, deviceId, challenge, signature });
    if (reply.status === 201) this.token = reply.json.token;
    return reply;
  }

  call(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.user.under.call(method, path, body, { authorization: `Bearer ${this.token}` });
  }

  /** Publishes `count` one-time keys of a set, and perhaps a last-resort key. */
  publish(count: number, lastResort?: string): Promise<Reply> {
    const oneTime = Array.from({ length: count }, (_, n) => ({
      keyId: `${n}-${randomBytes(4).toString("hex")}`,
      key: curveKey(randomBytes(31)),
    }));
    const last = lastResort === undefined ? {} : { lastResort: { keyId: "last", key: lastResort } };
    return this.call("PUT", "/v1/keys", { identityKey: this.identityKey, sets: { preKey: { oneTime, ...last } } });
  }

  /** Sends a text to devices of a user. */
  send(to: TestUser, messageId: string, text = messageId, change: object = {}, query = ""): Promise<Reply> {
    const receivers = to.devices.filter((device) => device !== this);
    return this.call("PUT", `/v1/users/${to.userId}/messages${query}`, {
      messageId,
      protocol: this.protocol,
      vaultVersion: this.vaultVersion,
      envelopes: receivers.map(({ deviceId, registrationId }) => envelope(deviceId, text, registrationId)),
      ...change,
    });
  }

  /** The texts that wait. */
  async waiting(): Promise<string[]> {
    const { messages } = (await this.call("GET", "/v1/messages")).json;
    return messages.map(({ body }: { body: string }) => Buffer.from(body, "base64").toString());
  }

  acknowledge(upTo: number): Promise<Reply> {
    return this.call("DELETE", `/v1/messages?upTo=${upTo}&vaultVersion=${this.vaultVersion}`);
  }

  /** Opens a socket. */
  async connect(): Promise<TestSocket> {
    const socket = new TestSocket();
    const header = (name: string) => (name === "authorization" ? `Bearer ${this.token}` : undefined);
    const query = new URLSearchParams();
    const path = "/v1/websocket";
    const request = { method: "GET", path, query, header, body: Buffer.alloc(0), peer: "127.0.0.1" };
    const opened = await this.user.under.relay.connect(request, socket);
    assert.ok("receive" in opened, "the socket is refused");
    socket.connection = opened;
    return socket;
  }
}

/** An adapter's end of a socket that keeps what it is given. */
export class TestSocket {
  connection!: RelayConnection;
  readonly frames: { type: string; [member: string]: unknown }[] = [];
  closedWith: number | undefined;
  bufferedBytes = 0;
  #waiting: (() => void)[] = [];

  send(text: string): void {
    this.frames.push(JSON.parse(text));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  close(code: number): void {
    this.closedWith = code;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  give(frame: object): void {
    this.connection.receive(JSON.stringify(frame));
  }

  /** Waits until what came is as wanted. */
  async until(isThere: (socket: this) => boolean): Promise<void> {
    while (!isThere(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Texts of messages that came. */
  get texts(): string[] {
    return this.frames
      .filter(({ type }) => type === "message")
      .map(({ message }) => Buffer.from((message as { body: string }).body, "base64").toString());
  }
}

/** A public key as Signal writes it: its type and 32 bytes, of which the last is zero. */
export function curveKey(text: string | Uint8Array): string {
  const key = Buffer.alloc(33);
  key[0] = 5;
  key.set(Buffer.from(text).subarray(0, 31), 1);
  return key.toString("base64");
}

/** An envelope as it is sent. */
export function envelope(deviceId: string, text: string, registrationId = 1): object {
  return { deviceId, registrationId, kind: "message", body: Buffer.from(text).toString("base64") };
}

function rawPublicKey(key: KeyObject): string {
  const { x } = key.export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url").toString("base64");
}

function rawPrivateKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
}
