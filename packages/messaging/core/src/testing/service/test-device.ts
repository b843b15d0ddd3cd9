import assert from "node:assert/strict";
import { ed25519 } from "@noble/curves/ed25519.js";
import {
  base64OfBytes,
  type DeviceList,
  E2EMessagingService,
  type E2EProtocol,
  MessagingError,
  type MessagingErrorCode,
  memoryVault,
  type ReceivedMessage,
  type ServiceEvent,
  type ServiceOptions,
  type SignedDeviceList,
  type StateTransaction,
  signDeviceList,
  type Vault,
} from "../../index.ts";
import type { TestRelay } from "./test-relay.ts";

/** A device in a test, which can be stopped and opened again from its vault. */
export class TestDevice {
  readonly options: ServiceOptions & { readonly vault: FaultyVault };
  readonly events: ServiceEvent[];
  service: E2EMessagingService;

  readonly #makeProtocol: () => E2EProtocol;

  private constructor(
    options: TestDevice["options"],
    makeProtocol: () => E2EProtocol,
    events: ServiceEvent[],
    service: E2EMessagingService,
  ) {
    this.options = options;
    this.#makeProtocol = makeProtocol;
    this.events = events;
    this.service = service;
  }

  static async open(
    relay: TestRelay | ServiceOptions["relay"],
    user: string,
    deviceId = "one",
    { makeProtocol, ...more }: Partial<ServiceOptions> & { readonly makeProtocol: () => E2EProtocol },
  ): Promise<TestDevice> {
    const events: ServiceEvent[] = [];
    const options = {
      user,
      deviceId,
      protocol: makeProtocol(),
      relay: typeof relay === "object" && "client" in relay ? relay.client() : relay,
      onEvent: (event: ServiceEvent) => void events.push(event),
      ...more,
      vault: new FaultyVault(more.vault ?? memoryVault()),
    };
    return new TestDevice(options, makeProtocol, events, await E2EMessagingService.open(options));
  }

  /** Another device of the same user. */
  async link(deviceId: string, more: Partial<ServiceOptions> = {}): Promise<TestDevice> {
    const accountPrivateKey = await this.accountPrivateKey();
    const { user, relay } = this.options;
    const makeProtocol = this.#makeProtocol;
    return TestDevice.open(relay, user, deviceId, { accountPrivateKey, makeProtocol, ...more });
  }

  /** The program ends without closing anything, and begins again. */
  async restart(): Promise<void> {
    this.service = await E2EMessagingService.open({ ...this.options, protocol: this.#makeProtocol() });
  }

  async texts(): Promise<(string | undefined)[]> {
    return textsOf(await this.service.receiveAll());
  }

  /** Events of a kind since the beginning. */
  happened<K extends ServiceEvent["kind"]>(kind: K): Extract<ServiceEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<ServiceEvent, { kind: K }> => event.kind === kind);
  }

  async accountPrivateKey(): Promise<Uint8Array> {
    const record = await this.options.vault.transact((state) => state.get("service/self"));
    const { accountPrivateKey } = JSON.parse(new TextDecoder().decode(record)) as { accountPrivateKey: string };
    return Uint8Array.fromBase64(accountPrivateKey);
  }
}

/** A vault whose key store can fail, and that can be copied, as a backup would. */
export class FaultyVault implements Vault {
  readonly #vault: Vault;
  #copy: Map<string, Uint8Array> | undefined;
  #copiedVersion = 0;
  keyStoreIsDown = false;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  transact<T>(run: (state: StateTransaction) => Promise<T>): Promise<T> {
    if (this.keyStoreIsDown) return Promise.reject(new MessagingError("KeyUnavailable", "The key store is down."));
    return this.#vault.transact(run);
  }

  version(): Promise<number> {
    return this.#vault.version();
  }

  close(): Promise<void> {
    return this.#vault.close();
  }

  /** Takes a backup. */
  async backUp(): Promise<void> {
    this.#copy = await this.#vault.transact(async (state) => {
      const copy = new Map<string, Uint8Array>();
      for (const key of await state.list("")) copy.set(key, (await state.get(key))!);
      return copy;
    });
    this.#copiedVersion = await this.#vault.version();
  }

  /** The vault as it was when the backup was taken, its version included. */
  async restored(): Promise<Vault> {
    const vault = memoryVault();
    const copy = this.#copy!;
    await vault.transact(async (state) => {
      for (const [key, value] of copy) state.put(key, value);
    });
    while ((await vault.version()) < this.#copiedVersion) {
      await vault.transact(async (state) => state.put("filler", new Uint8Array(1)));
    }
    return vault;
  }
}

export function textsOf(messages: readonly ReceivedMessage[]): (string | undefined)[] {
  return messages.map(({ text }) => text);
}

/** Opens a device of the protocol under test. */
export type OpenDevice = (
  relay: TestRelay | ServiceOptions["relay"],
  user: string,
  deviceId?: string,
  more?: Partial<ServiceOptions>,
) => Promise<TestDevice>;

/** What a server with a key of its own makes of a list. */
export function forged(list: DeviceList, privateKey = ed25519.keygen().secretKey): SignedDeviceList {
  const accountKey = base64OfBytes(ed25519.getPublicKey(privateKey));
  return signDeviceList({ ...list, accountKey }, privateKey);
}

/** What a sender who does not keep to the rules encrypts: alters the one message that waits in the outbox. */
export async function alterOutbox(
  { options: { vault } }: TestDevice,
  alter: (payload: Record<string, unknown>) => object,
): Promise<void> {
  await vault.transact(async (state) => {
    const [key] = await state.list("service/outbox/");
    const entry = JSON.parse(new TextDecoder().decode(await state.get(key!))) as { payload: string };
    const payload = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(entry.payload))) as Record<
      string,
      unknown
    >;
    const other = base64OfBytes(new TextEncoder().encode(JSON.stringify(alter(payload))));
    state.put(key!, new TextEncoder().encode(JSON.stringify({ ...entry, payload: other })));
  });
}

/** Whether an error is ours, with this code. */
export function hasCode(code: MessagingErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MessagingError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** Takes a number of messages from a device that listens. */
export async function take(
  messages: AsyncGenerator<ReceivedMessage, void, void>,
  count: number,
): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  while (texts.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    texts.push(value.text);
  }
  return texts;
}
