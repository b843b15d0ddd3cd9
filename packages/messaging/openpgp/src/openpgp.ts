import {
  type DeviceAddress,
  type E2EProtocol,
  MessagingError,
  nowMs,
  type ProtocolFacts,
  protocols,
  type StateTransaction,
} from "@coffer/messaging";
import { OpenPgpDevice } from "./openpgp-device.ts";
import { settingsOf } from "./settings.ts";
import { type OpenPgpFormat, strictConfigs } from "./strict-config.ts";

export interface OpenPgpOptions {
  /** `v6` unless told: RFC 9580 with AEAD. `v4` for gpg and whoever else reads no newer keys. */
  readonly format?: OpenPgpFormat;
  /** An armored private key without a passphrase, which a device takes when its state has none. */
  readonly privateKey?: string;
  /** Milliseconds since 1970; the machine's clock unless told. */
  readonly nowMs?: () => number;
}

/** OpenPGP, with devices that also seal and open mail. */
export interface OpenPgpProtocol extends E2EProtocol {
  open(self: DeviceAddress, state: StateTransaction): Promise<OpenPgpDevice>;
}

/**
 * OpenPGP (RFC 9580) by openpgp.js: signed, then encrypted, and neither without the other.
 *
 * @throws MessagingError InvalidInput
 */
export function openpgp({ format = "v6", privateKey, nowMs: clock = nowMs }: OpenPgpOptions = {}): OpenPgpProtocol {
  if (!strictConfigs.has(format)) throw new MessagingError("InvalidInput", 'The format must be "v4" or "v6".');
  const settings = settingsOf(format, clock);
  return {
    facts: protocols.get("openpgp") as ProtocolFacts,
    open: (self, state) => OpenPgpDevice.open(settings, self, state, privateKey),
  };
}
