import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { signDeviceList } from "@coffer/messaging";
import { WebSocket } from "ws";

/** What a mailbox gives. */
export interface Delivery {
  readonly seq: number;
  readonly messageId: string;
}

interface Frame {
  readonly type: string;
  readonly id?: number;
  readonly status?: number;
  readonly body?: unknown;
  readonly message?: Delivery;
}

/** So many are taken before they are acknowledged together, as the messaging service does. */
const acknowledgeEvery = 16;
const body = randomBytes(320).toString("base64");
const vaultVersion = 1;

/** A user of the relay with one device, who does everything over a socket. */
export class RelayDevice {
  readonly userId: string;
  readonly #port: number;
  readonly #localAddress: string;
  readonly #token: string;
  readonly #answers = new Map<number, (frame: Frame) => void>();
  #socket: WebSocket | undefined;
  #lastRequest = 0;
  #unacknowledged = 0;
  /** Told of each message that comes. */
  received: (message: Delivery) => void = () => undefined;

  private constructor(userId: string, port: number, localAddress: string, token: string) {
    this.userId = userId;
    this.#port = port;
    this.#localAddress = localAddress;
    this.#token = token;
  }

  /** Makes the account and logs in; each from an address of its own, as the relay counts requests by address. */
  static async register(port: number, userId: string, number: number): Promise<RelayDevice> {
    const localAddress = `127.0.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
    const account = generateKeyPairSync("ed25519").privateKey;
    const signing = generateKeyPairSync("ed25519").privateKey;
    const ask = (method: string, path: string, sent?: object) => call(port, localAddress, method, path, sent);
    const device = { deviceId: "phone", protocol: "otr", registrationId: 1 } as const;
    const keys = { identityKey: randomBytes(20).toString("base64"), signingKey: publicKeyOf(signing) };
    const list = { userId, version: 1, accountKey: publicKeyOf(account), devices: [{ ...device, ...keys }] };
    const seed = Buffer.from(account.export({ format: "jwk" }).d ?? "", "base64url");
    await ask("PUT", `/v1/users/${userId}/device-list`, signDeviceList(list, seed));
    const { relayId } = await ask("GET", "/v1/relay");
    const self = { userId, deviceId: "phone" };
    const { challenge } = await ask("POST", "/v1/challenges", self);
    const text = `coffer relay token 1\n${relayId}\n${userId}/phone\n${challenge}`;
    const signature = sign(null, Buffer.from(text), signing).toString("base64");
    const { token } = await ask("POST", "/v1/tokens", { ...self, challenge, signature });
    return new RelayDevice(userId, port, localAddress, String(token));
  }

  async connect(): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/v1/websocket`, ["coffer.relay.1"], {
      headers,
      localAddress: this.#localAddress,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(JSON.parse(data.toString()) as Frame));
    socket.once("open", resolve);
    socket.once("error", (error) => {
      throw error;
    });
    await promise;
  }

  async close(): Promise<void> {
    this.#socket?.close();
    if (this.#socket !== undefined) await once(this.#socket, "close");
    this.#socket = undefined;
  }

  /** Sends a message; resolves once the relay has answered, so that it is on the disk. */
  async send(to: string, messageId: string): Promise<void> {
    const envelopes = [{ deviceId: "phone", registrationId: 1, kind: "message", body }];
    await this.request("PUT", `/v1/users/${to}/messages`, { messageId, protocol: "otr", vaultVersion, envelopes });
  }

  /** Sends to a group, as `send` does. */
  async sendToGroup(groupId: string, messageId: string): Promise<void> {
    await this.request("POST", `/v1/groups/${groupId}/messages`, { messageId, kind: "message", body, vaultVersion });
  }

  /** Makes a group of these devices. */
  async createGroup(groupId: string, members: readonly RelayDevice[]): Promise<void> {
    await this.request("PUT", `/v1/groups/${groupId}`, {});
    const names = members.map(({ userId }) => `${userId}/phone`);
    const commit = { epoch: 0, members: names, welcomes: [], vaultVersion };
    await this.request("POST", `/v1/groups/${groupId}/commits`, commit);
  }

  /** Any operation, over the socket. @throws Error when it is refused */
  async request(method: string, path: string, sent: object): Promise<void> {
    const id = ++this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<Frame>();
    this.#answers.set(id, resolve);
    this.#socket!.send(JSON.stringify({ type: "request", id, method, path, body: sent }));
    const answer = await promise;
    if ((answer.status ?? 500) >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  }

  #take(frame: Frame): void {
    if (frame.type === "answer") {
      this.#answers.get(frame.id!)?.(frame);
      this.#answers.delete(frame.id!);
    } else if (frame.type === "message") {
      this.received(frame.message!);
      if (++this.#unacknowledged >= acknowledgeEvery) this.#acknowledge(frame.message!.seq);
    }
  }

  #acknowledge(upTo: number): void {
    this.#unacknowledged = 0;
    this.#socket!.send(JSON.stringify({ type: "ack", upTo, vaultVersion }));
  }
}

function call(
  port: number,
  localAddress: string,
  method: string,
  path: string,
  sent?: object,
): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  const asked = request({ host: "127.0.0.1", port, localAddress, method, path }, (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("end", () => {
      const text = Buffer.concat(parts).toString();
      if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${text}`));
      else resolve(JSON.parse(text) as Record<string, unknown>);
    });
  });
  asked.once("error", reject);
  asked.end(sent === undefined ? undefined : JSON.stringify(sent));
  return promise;
}

function publicKeyOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
}
