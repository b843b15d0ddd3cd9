import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { installMatrixPeers } from "./matrix/install.ts";
import { StoreDevice } from "./matrix/store-device.ts";
import { Synapse } from "./matrix/synapse.ts";

const peers = installMatrixPeers();

describe("olm: beside Matrix's server and client library", { skip: typeof peers === "string" && peers }, () => {
  let synapse: Synapse;
  let clients: MatrixClients;

  before(async () => {
    assert.ok(typeof peers !== "string");
    synapse = await Synapse.start(peers.python);
    clients = new MatrixClients(peers.clients);
  });

  after(async () => {
    clients?.close();
    await synapse?.stop();
  });

  it("reads and writes in a room by its store, as the user's other device does by matrix-js-sdk", async () => {
    const [alice, phone] = [await synapse.register("alice", "ALICE"), await synapse.register("bob", "PHONE")];
    const vaulted = new StoreDevice(synapse, await synapse.login("bob", "VAULT"));
    // Twice: the server's first answer tells that there is no fallback key yet.
    for (let n = 0; n < 2; n++) await vaulted.sync();
    const { baseUrl } = synapse;
    await clients.ask("open", { name: "alice", baseUrl, ...alice });
    await clients.ask("open", { name: "phone", baseUrl, ...phone });
    const roomId = String(await clients.ask("createRoom", { name: "alice", invite: [phone.userId] }));
    await clients.ask("join", { name: "phone", roomId });

    for (const text of ["for both of Bob's devices", "and once more"]) {
      await clients.ask("send", { name: "alice", roomId, to: phone.userId, text });
      const read = await clients.ask("read", { name: "phone", roomId, text });
      assert.deepEqual(read, { sender: alice.userId, isEncrypted: true });
      assert.equal(await vaulted.read(roomId, text), alice.userId);
    }
    const answer = "from the vault";
    await vaulted.write(roomId, [alice.userId, phone.userId], answer);
    for (const name of ["alice", "phone"]) {
      const read = await clients.ask("read", { name, roomId, text: answer });
      assert.deepEqual(read, { sender: phone.userId, isEncrypted: true });
    }
  });
});

/** `clients.mjs` in a process of its own. */
class MatrixClients {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  constructor(script: string) {
    const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { id, ok, error } = JSON.parse(line) as { id: number; ok?: unknown; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(ok);
      else waiting?.reject(new Error(error));
    });
  }

  ask(operation: string, request: object): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    const id = this.#asked++;
    this.#waiting.set(id, waiting);
    this.#process.stdin!.write(`${JSON.stringify({ id, do: operation, ...request })}\n`);
    return waiting.promise;
  }

  close(): void {
    this.#process.kill();
  }
}
