import {
  type DeviceAddress,
  type E2EProtocol,
  MessagingError,
  protocols,
  type StateTransaction,
} from "@coffer/messaging";
import library from "otr";
import { OtrDevice } from "./otr-device.ts";
import { openKey } from "./own-key.ts";

/** OTR as a program registers it. */
export interface OtrProtocol extends E2EProtocol {
  open(self: DeviceAddress, state: StateTransaction): Promise<OtrDevice>;
}

/** How OTR is used. */
export interface OtrOptions {
  /** Says that old cryptography (DSA with 1024 bits, SHA-1, Diffie-Hellman with 1536 bits) is good enough here. */
  readonly acceptLegacy: boolean;
  /**
   * Makes a DSA key: base64 as the library's `packPrivate` writes it. The library's own way, which is the default, takes
   * one to three seconds and lets nothing else run meanwhile: a program that minds calls it in a worker.
   */
  readonly generateKey?: (() => Promise<string>) | undefined;
}

/**
 * Off-the-Record Messaging, version 3, on `otr`, for peers that have nothing newer.
 *
 * @throws MessagingError InvalidInput without `acceptLegacy`
 */
export function otr(options?: OtrOptions): OtrProtocol {
  if (options?.acceptLegacy !== true) {
    throw new MessagingError(
      "InvalidInput",
      "OTR is legacy: its keys are too short for what must stay secret. Choose another protocol, or say otr({ acceptLegacy: true }).",
    );
  }
  const facts = protocols.get("otr");
  if (facts === undefined) throw new Error("The table of protocols has no OTR.");
  const generateKey = options.generateKey ?? generateInPlace;
  return { facts, open: async (_self, state) => new OtrDevice(await openKey(state, generateKey)) };
}

async function generateInPlace(): Promise<string> {
  // Each with a group of its own: a shared one would show which devices one program made.
  return new library.DSA(undefined, { nocache: true }).packPrivate();
}
