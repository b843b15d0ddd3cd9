import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { DeviceAddress, KeyBundle } from "@coffer/messaging";
import { canonicalJson } from "@coffer/messaging/prekeys";
import { type IdentityKeys, identityKeyOf } from "../src/identity-keys.ts";
import { matrixDevice, matrixSigner, matrixUserOf } from "../src/matrix-ids.ts";

/** A device whose cryptography is Python's `vodozemac`, and whose JSON is Matrix's, written here. */
export class VodozemacPeer {
  readonly address: DeviceAddress;
  readonly user: string;
  readonly keys: IdentityKeys;
  readonly bundle: KeyBundle;
  readonly #deviceKeys: object;
  readonly #ask: Ask;
  readonly #process: ChildProcess;

  private constructor(
    address: DeviceAddress,
    user: string,
    keys: IdentityKeys,
    [bundle, deviceKeys]: readonly [KeyBundle, object],
    [process, ask]: readonly [ChildProcess, Ask],
  ) {
    this.address = address;
    this.user = user;
    this.keys = keys;
    this.bundle = bundle;
    this.#deviceKeys = deviceKeys;
    this.#process = process;
    this.#ask = ask;
  }

  /** @param python that has `vodozemac` */
  static async open(python: string, address: DeviceAddress): Promise<VodozemacPeer> {
    const [process, ask] = start(python);
    const { oneTime, ...keys } = (await ask("keys", {})) as IdentityKeys & {
      oneTime: { keyId: string; key: string }[];
    };
    const user = await matrixUserOf(address);
    const signed = async (value: object) => (await ask("sign", { text: canonicalJson(value) })) as string;
    const unsigned = {
      algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
      device_id: matrixDevice,
      keys: { [`curve25519:${matrixDevice}`]: keys.curve25519, [matrixSigner]: keys.ed25519 },
      user_id: user,
    };
    const deviceKeys = { ...unsigned, signatures: { [user]: { [matrixSigner]: await signed(unsigned) } } };
    const { keyId, key } = oneTime[0]!;
    const signature = padded(await signed({ key }));
    const bundle = {
      identityKey: identityKeyOf(keys),
      details: JSON.stringify(deviceKeys),
      sets: { signed_curve25519: { keyId, key: padded(key), signature, lastResort: false } },
    };
    return new VodozemacPeer(address, user, keys, [bundle, deviceKeys], [process, ask]);
  }

  close(): void {
    this.#process.kill();
  }

  /** Begins a session with a device, by a key that it published. */
  async begin(curve25519: string, oneTimeKey: string): Promise<void> {
    await this.#ask("begin", { curve25519, oneTimeKey });
  }

  /**
   * Encrypts an event for a device as Matrix does (`m.olm.v1.curve25519-aes-sha2`).
   *
   * @param forged members of the event that are to be others than they should
   */
  async encrypt(to: IdentityKeys, recipient: string, type: string, content: object, forged: object = {}) {
    const event = {
      type,
      content,
      sender: this.user,
      recipient,
      recipient_keys: { ed25519: to.ed25519 },
      keys: { ed25519: this.keys.ed25519 },
      sender_device_keys: this.#deviceKeys,
      ...forged,
    };
    const answer = await this.#ask("encrypt", { curve25519: to.curve25519, text: JSON.stringify(event) });
    const { type: number, body } = answer as { type: number; body: string };
    return { kind: number === 0 ? "preKey" : "message", body: Uint8Array.fromBase64(body) };
  }

  /** Opens a message of a device. */
  async decrypt(curve25519: string, { kind, body }: { readonly kind: string; readonly body: Uint8Array }) {
    const type = kind === "preKey" ? 0 : 1;
    const text = await this.#ask("decrypt", { curve25519, type, body: body.toBase64() });
    return JSON.parse(text as string) as { type: string; sender: string; content: Record<string, string> };
  }

  /** The key of the session by which this device writes to groups. */
  async groupKey(): Promise<{ readonly sessionId: string; readonly sessionKey: string }> {
    return (await this.#ask("group_key", {})) as { sessionId: string; sessionKey: string };
  }

  /** @returns base64 without padding */
  async groupEncrypt(event: object): Promise<string> {
    return (await this.#ask("group_encrypt", { text: JSON.stringify(event) })) as string;
  }

  /** Encrypts so many messages that nobody gets. */
  async groupSkip(messages: number): Promise<void> {
    await this.#ask("group_skip", { messages });
  }

  async groupHear(sessionKey: string): Promise<string> {
    return (await this.#ask("group_hear", { sessionKey })) as string;
  }

  async groupDecrypt(sessionId: string, message: string): Promise<unknown> {
    return JSON.parse((await this.#ask("group_decrypt", { sessionId, message })) as string);
  }
}

type Ask = (operation: string, request: object) => Promise<unknown>;

function start(python: string): [ChildProcess, Ask] {
  const child = spawn(python, [join(import.meta.dirname, "vodozemac_peer.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return [
    child,
    async (operation, request) => {
      child.stdin.write(`${JSON.stringify({ do: operation, ...request })}\n`);
      const { value } = await lines.next();
      const { ok, error } = JSON.parse(String(value)) as { ok?: unknown; error?: string };
      if (error !== undefined) throw new Error(error);
      return ok;
    },
  ];
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}
