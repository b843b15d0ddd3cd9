import assert from "node:assert/strict";
import { ServerUnderTest } from "../server-under-test.ts";
import { succeeded, Wires } from "./wires.ts";

/** Two keys, and a ciphertext of the first in each format, bound to a context. */
export interface Canary {
  readonly plaintext: string;
  /** In base64. */
  readonly encoded: string;
  readonly context: Readonly<Record<string, string>>;
  /** In base64, as Vault wants it. */
  readonly associatedData: string;
  readonly kms: string;
  readonly transit: string;
}

/** A persistent server with a canary: what bad requests must not harm. */
export class BadInputServer {
  readonly server: ServerUnderTest;
  readonly wires: Wires;
  readonly canary: Canary;
  #keys = 0;

  private constructor(server: ServerUnderTest, wires: Wires, canary: Canary) {
    this.server = server;
    this.wires = wires;
    this.canary = canary;
  }

  static async start(args: readonly string[] = []): Promise<BadInputServer> {
    const server = await ServerUnderTest.start({ args: ["--store-durability=os", "--audit-durability=os", ...args] });
    const wires = Wires.of(server);
    succeeded(await wires.vault("POST", "sys/mounts/transit", { type: "transit" }));
    for (const key_id of ["canary", "other"]) succeeded(await wires.rest("POST", "/keys", { key_id }));
    const plaintext = "still singing";
    const encoded = Buffer.from(plaintext).toString("base64");
    const context = { purpose: "canary" };
    const associatedData = Buffer.from("canary").toString("base64");
    const kms = succeeded(await wires.rest("POST", "/encrypt", { key_id: "canary", plaintext, context })).ciphertext;
    const body = { plaintext: encoded, associated_data: associatedData };
    const transit = succeeded(await wires.vault("POST", "transit/encrypt/canary", body)).data.ciphertext;
    const started = new BadInputServer(server, wires, { plaintext, encoded, context, associatedData, kms, transit });
    started.#keys = await started.#countKeys();
    return started;
  }

  async #countKeys(): Promise<number> {
    return succeeded(await this.wires.aws("ListKeys", { Limit: 1000 })).Keys.length;
  }

  /** Takes the present number of keys for the right one. */
  async expectKeys(): Promise<void> {
    this.#keys = await this.#countKeys();
  }

  /** Everything is as it was: the canary decrypts through every API, no key came or went, the server told of no bug. */
  async assertUnharmed(): Promise<void> {
    const { wires, canary } = this;
    const { kms, transit, context, associatedData } = canary;
    const aws = await wires.aws("Decrypt", { CiphertextBlob: kms, EncryptionContext: context });
    assert.equal(succeeded(aws).Plaintext, canary.encoded);
    const rest = await wires.rest("POST", "/decrypt", { key_id: "canary", ciphertext: kms, context });
    assert.equal(succeeded(rest).plaintext, canary.plaintext);
    const body = { ciphertext: transit, associated_data: associatedData };
    assert.equal(succeeded(await wires.vault("POST", "transit/decrypt/canary", body)).data.plaintext, canary.encoded);
    assert.equal(await this.#countKeys(), this.#keys);
    assert.deepEqual(this.server.err, []);
  }

  async stop(): Promise<void> {
    this.wires.close();
    assert.equal(await this.server.stop(), 0);
  }
}
