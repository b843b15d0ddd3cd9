import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { signDeviceList } from "@coffer/messaging";

/** A user of a relay with one device, who calls it over HTTP with `fetch`. */
export class RelayUser {
  readonly url: string;
  readonly userId: string;
  readonly account = generateKeyPairSync("ed25519").privateKey;
  readonly signing = generateKeyPairSync("ed25519").privateKey;
  readonly identityKey: string = randomBytes(20).toString("base64");
  token = "";

  constructor(url: string, userId: string) {
    this.url = url;
    this.userId = userId;
  }

  /** Makes the account and logs in. */
  static async register(url: string, userId: string): Promise<RelayUser> {
    const user = new RelayUser(url, userId);
    const { status } = await user.publishList();
    assert.equal(status, 200);
    await user.logIn();
    return user;
  }

  async publishList(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const signingKey = publicKeyOf(this.signing);
    const { userId, identityKey } = this;
    const device = { deviceId: "phone", protocol: "otr", identityKey, signingKey, registrationId: 1 } as const;
    const list = { userId, version: 1, accountKey: publicKeyOf(this.account), devices: [device] };
    const signed = signDeviceList(list, Buffer.from(this.account.export({ format: "jwk" }).d ?? "", "base64url"));
    return this.call("PUT", `/v1/users/${userId}/device-list`, signed, headers);
  }

  async logIn(url = this.url): Promise<void> {
    const self = { userId: this.userId, deviceId: "phone" };
    const ask = async (method: string, path: string, body?: object) =>
      (await (await this.call(method, path, body, {}, url)).json()) as Record<string, string>;
    const { relayId } = await ask("GET", "/v1/relay");
    const { challenge } = await ask("POST", "/v1/challenges", self);
    const text = `coffer relay token 1\n${relayId}\n${this.userId}/phone\n${challenge}`;
    const signature = sign(null, Buffer.from(text), this.signing).toString("base64");
    this.token = (await ask("POST", "/v1/tokens", { ...self, challenge, signature }))["token"] ?? "";
    assert.notEqual(this.token, "");
  }

  call(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
    url = this.url,
  ): Promise<Response> {
    const authorization = this.token === "" ? {} : { authorization: `Bearer ${this.token}` };
    return fetch(`${url}${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Sends a text to another user's phone. */
  send(to: string, messageId: string, url = this.url): Promise<Response> {
    const envelope = { deviceId: "phone", registrationId: 1, kind: "message", body: textBody(messageId) };
    const body = { messageId, protocol: "otr", vaultVersion: 1, envelopes: [envelope] };
    return this.call("PUT", `/v1/users/${to}/messages`, body, {}, url);
  }

  /** The texts in the mailbox, each acknowledged. */
  async take(url = this.url): Promise<string[]> {
    const texts: string[] = [];
    for (;;) {
      const answer = await (await this.call("GET", "/v1/messages", undefined, {}, url)).json();
      const { messages, more } = answer as { messages: { seq: number; body: string }[]; more: boolean };
      texts.push(...messages.map(({ body }) => Buffer.from(body, "base64").toString()));
      const last = messages.at(-1);
      if (last === undefined) return texts;
      await this.call("DELETE", `/v1/messages?upTo=${last.seq}&vaultVersion=1`, undefined, {}, url);
      if (!more) return texts;
    }
  }
}

/** A message's body as it travels. */
export function textBody(text: string): string {
  return Buffer.from(text).toString("base64");
}

function publicKeyOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
}
