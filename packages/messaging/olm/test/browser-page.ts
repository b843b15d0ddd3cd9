import {
  type DeviceAddress,
  type E2EDevice,
  type KeyBundle,
  memoryVault,
  type Received,
  type StateTransaction,
} from "@coffer/messaging";
import { olm } from "@coffer/messaging-olm";

// What runs in a page: a bundle of this is served to Chromium by browser.test.ts, which reads `answer`.

class Tab {
  readonly address: DeviceAddress;
  readonly #vault = memoryVault();
  #device: E2EDevice | undefined;

  constructor(userId: string) {
    this.address = { userId, deviceId: "tab" };
  }

  get device(): E2EDevice {
    if (this.#device === undefined) throw new Error("The tab is closed.");
    return this.#device;
  }

  run<T>(task: (state: StateTransaction) => Promise<T>): Promise<T> {
    return this.#vault.transact(task);
  }

  /** Opens the device from what the vault has, as a reload does. */
  async reload(): Promise<void> {
    this.#device?.close?.();
    this.#device = await this.run((state) => olm().open(this.address, state));
  }

  async bundle(): Promise<KeyBundle> {
    const upload = await this.run((state) => this.device.publish(state, undefined));
    const key = upload!.sets["signed_curve25519"]!.oneTime[0]!;
    const sets = { signed_curve25519: { ...key, lastResort: false } };
    return { identityKey: this.device.identityKey, details: upload!.details, sets };
  }

  async receive(from: Tab, message: { kind: string; body: Uint8Array }, id: string, groupId?: string): Promise<string> {
    const { address, device } = from;
    const received: Received = await this.run((state) =>
      this.device.receive(state, address, { ...message, messageId: id, groupId }, device.identityKey),
    );
    return received.kind === "message" ? new TextDecoder().decode(received.plaintext) : received.kind;
  }
}

/** A database of the page's own, used while ours are opened. */
async function useOwnDatabase(): Promise<string> {
  // biome-ignore lint/suspicious/noExplicitAny: TypeScript has no types of browsers here
  const own = (globalThis as any).indexedDB.open("own", 1);
  return new Promise((resolve, reject) => {
    own.onerror = () => reject(own.error);
    own.onupgradeneeded = () => own.result.createObjectStore("things").put("kept", "key");
    own.onsuccess = () => {
      const request = own.result.transaction("things").objectStore("things").get("key");
      request.onsuccess = () => resolve(String(request.result));
      request.onerror = () => reject(request.error);
    };
  });
}

async function run(): Promise<string[]> {
  const said: string[] = [await useOwnDatabase()];
  const encode = (text: string) => new TextEncoder().encode(text);
  const [alice, bob] = [new Tab("alice"), new Tab("bob")];
  for (const tab of [alice, bob]) await tab.reload();
  const bundle = await bob.bundle();
  await alice.run((state) => alice.device.initializeSession(state, bob.address, bundle));
  const say = async (from: Tab, to: Tab, text: string) => {
    const [message] = await from.run((state) => from.device.encrypt(state, [to.address], encode(text), text));
    said.push(await to.receive(from, message!, text), await to.receive(from, message!, text));
  };
  await say(alice, bob, "hello");
  await say(bob, alice, "answer");
  for (const tab of [alice, bob]) await tab.reload();
  await say(alice, bob, "after-a-reload");
  const groups = alice.device.groups!;
  await alice.run((state) => groups.create(state, "g"));
  const change = { add: [{ address: bob.address, bundle }], remove: [] };
  const { welcomes } = await alice.run((state) => groups.propose(state, "g", change));
  await alice.run((state) => groups.settle(state, "g", true));
  said.push(await bob.receive(alice, welcomes[0]!, "w", "g"));
  const sent = await alice.run((state) => groups.encrypt(state, "g", encode("to the group"), "m"));
  said.push(await bob.receive(alice, sent.before[0]!, "k", "g"));
  await bob.reload();
  said.push(await bob.receive(alice, sent, "m", "g"), await bob.receive(alice, sent, "m", "g"));
  said.push(await useOwnDatabase());
  return said;
}

run().then(
  (said) => fetch("/answer", { method: "POST", body: said.join(",") }),
  (cause: unknown) => fetch("/answer", { method: "POST", body: `failed: ${String(cause)}` }),
);
