import assert from "node:assert/strict";
import type { CrashLoad } from "./crash-load.ts";
import { decryptMessage, type Message } from "./crash-messages.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { succeeded, type WireName, type Wires } from "./wires.ts";

const name = "shared";
const conflict = 409;

/** One key that many rotate and use at the same time: no answered rotation may be lost to another one. */
export class SharedKeyWorkers {
  readonly messages: Message[] = [];
  readonly #random: SeededRandom;
  #version = 1;
  #unanswered = 0;
  #checkedMessages = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async prepare(wires: Wires): Promise<void> {
    succeeded(await wires.rest("POST", "/keys", { key_id: name }));
  }

  /** Rotates and encrypts until the server is gone; several run at once. */
  async run(load: CrashLoad, wires: Wires): Promise<void> {
    for (;;) {
      load.name(wires);
      const alive = this.#random.integer(3) === 0 ? await this.#rotate(load, wires) : await this.#encrypt(load, wires);
      if (!alive) return;
    }
  }

  async #rotate(load: CrashLoad, wires: Wires): Promise<boolean> {
    const wire: WireName = this.#random.pick(["rest", "vault"]);
    const request =
      wire === "rest"
        ? wires.restRequest("POST", `/keys/${name}/rotate`)
        : wires.vaultRequest("POST", `transit/keys/${name}/rotate`, {});
    this.#unanswered += 1;
    const reply = await load.exchange(wires, wire, request);
    if (reply === undefined) return false;
    this.#unanswered -= 1;
    if (reply.status !== conflict) {
      succeeded(reply);
      this.#version += 1;
    }
    return true;
  }

  async #encrypt(load: CrashLoad, wires: Wires): Promise<boolean> {
    const text = this.#random.text(20);
    const request = wires.restRequest("POST", "/encrypt", { key_id: name, plaintext: text });
    const reply = await load.exchange(wires, "rest", request);
    if (reply === undefined) return false;
    const { ciphertext } = succeeded(reply);
    const plaintext = Buffer.from(text).toString("base64");
    this.messages.push({ reference: name, format: "kms", ciphertext, plaintext });
    return true;
  }

  /** After a restart: every answered rotation counts, and at most the unanswered ones on top. */
  async check(wires: Wires): Promise<void> {
    const { version } = succeeded(await wires.rest("GET", `/keys/${name}`));
    const most = this.#version + this.#unanswered;
    assert.ok(version >= this.#version && version <= most, `${version} lies in ${this.#version} to ${most}`);
    this.#version = version;
    this.#unanswered = 0;
    for (const message of this.messages.slice(this.#checkedMessages)) await this.checkMessage(wires, message);
    this.#checkedMessages = this.messages.length;
  }

  async checkMessage(wires: Wires, message: Message): Promise<void> {
    assert.equal(await decryptMessage(wires, message, this.#random.integer(2)), message.plaintext);
  }
}
