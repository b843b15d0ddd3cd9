import { type DeviceAddress, memoryVault, type StateTransaction } from "@coffer/messaging";
import { findByWkd, type OpenPgpDevice, type OpenPgpFormat, openpgp } from "../src/index.ts";

// What runs in a page: a bundle of this is served to Chromium by browser.test.ts, which reads `answer`.

class Tab {
  readonly address: DeviceAddress;
  readonly #vault = memoryVault();
  readonly #format: OpenPgpFormat;
  device: OpenPgpDevice | undefined;

  constructor(userId: string, format: OpenPgpFormat) {
    this.address = { userId, deviceId: "tab" };
    this.#format = format;
  }

  async use<T>(run: (device: OpenPgpDevice, state: StateTransaction) => Promise<T>): Promise<T> {
    return this.#vault.transact(async (state) => {
      this.device ??= await openpgp({ format: this.#format }).open(this.address, state);
      return run(this.device, state);
    });
  }
}

async function talk(format: OpenPgpFormat): Promise<string[]> {
  const [alice, bob] = [new Tab("alice", format), new Tab("bob", format)];
  const upload = await bob.use((device, state) => device.publish(state, undefined));
  await alice.use((device, state) => device.initializeSession(state, bob.address, { ...upload!, sets: {} }));
  const said: string[] = [];
  for (const [from, to, text] of [
    [alice, bob, "hello"],
    [bob, alice, "answer"],
  ] as const) {
    const octets = new TextEncoder().encode(text);
    const [message] = await from.use((device, state) => device.encrypt(state, [to.address], octets, text));
    for (let times = 0; times < 2; times++) {
      const received = await to.use((device, state) =>
        device.receive(state, from.address, { ...message!, messageId: text }, from.device!.identityKey),
      );
      said.push(received.kind === "message" ? new TextDecoder().decode(received.plaintext) : received.kind);
    }
  }
  return said;
}

async function run(): Promise<string> {
  const nothing = await findByWkd("bob@example.org", { fetch: async () => new Response("", { status: 404 }) });
  return [...(await talk("v4")), ...(await talk("v6")), `${nothing.length} found`].join();
}

const answer = await run().catch((cause: unknown) => `failed: ${String(cause)}`);
await fetch("/answer", { method: "POST", body: answer });
