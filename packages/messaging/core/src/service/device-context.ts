import { type DeviceAddress, isSameAddress } from "../addresses.ts";
import { base64OfBytes } from "../base64.ts";
import type { DeviceEntry, DeviceList } from "../device-list.ts";
import type { E2EDevice } from "../e2e-protocol.ts";
import { nowMs, randomBytes } from "../platform.ts";
import type { ProtocolId } from "../protocols.ts";
import type { RelayApi } from "../relay-client/relay-api.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import type { StateTransaction, Vault } from "../vault/vault.ts";
import type { ServiceEvent } from "./events.ts";
import type { SeenHead } from "./payload.ts";

/** One device while it is open: what all parts of the service stand on. */
export class DeviceContext {
  readonly self: DeviceAddress;
  readonly protocol: ProtocolId;
  readonly device: E2EDevice;
  readonly vault: Vault;
  /** Absent where the caller carries envelopes. */
  readonly api: RelayApi | undefined;
  readonly emit: (event: ServiceEvent) => void;
  /** The newest head of the relay's log that was checked: peers are told, so that a split view is found. */
  head: SeenHead | undefined;
  readonly #inTurn = oneAtATime();

  constructor(
    parts: Pick<DeviceContext, "self" | "protocol" | "device" | "vault" | "api"> & {
      readonly onEvent: ((event: ServiceEvent) => void) | undefined;
    },
  ) {
    this.self = parts.self;
    this.protocol = parts.protocol;
    this.device = parts.device;
    this.vault = parts.vault;
    this.api = parts.api;
    this.emit = (event) => parts.onEvent?.(event);
  }

  /** Runs a transaction of the vault. When it is not kept, the protocol drops what it had in memory of it. */
  transact<T>(run: (state: StateTransaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await this.vault.transact(run);
      } catch (cause) {
        this.device.discardUncommitted?.();
        throw cause;
      }
    });
  }

  /** Waits for the transactions that were begun. */
  async idle(): Promise<void> {
    await this.#inTurn(async () => undefined);
  }

  nowMs(): number {
    return nowMs();
  }

  /** A message id that nobody else makes: 128 random bits in base64url. */
  newMessageId(): string {
    return newId();
  }

  /** The devices of a list that this one writes to: of its protocol, and not itself. */
  targets(list: DeviceList, only?: readonly string[]): DeviceEntry[] {
    return list.devices.filter(
      ({ deviceId, protocol }) =>
        protocol === this.protocol &&
        !isSameAddress({ userId: list.userId, deviceId }, this.self) &&
        (only === undefined || only.includes(deviceId)),
    );
  }
}

/** 128 random bits in base64url (RFC 4648, section 5). */
export function newId(): string {
  return base64OfBytes(randomBytes(16)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
