import { type E2EProtocol, protocols } from "@coffer/messaging";
import { CryptoMachine } from "./crypto-machine.ts";
import { OlmDevice } from "./olm-device.ts";

/**
 * Matrix's protocols, Olm between two devices and Megolm in groups, on `@matrix-org/matrix-sdk-crypto-wasm` (vodozemac).
 * Sources: the Olm and Megolm specifications, and the Matrix specification, "End-to-end encryption".
 *
 * Runs in Node and in browsers. A page that does not let its bundler find the library's WebAssembly calls the library's
 * `initAsync` with its address before.
 */
export function olm(): E2EProtocol {
  const facts = protocols.get("olm");
  if (facts === undefined) throw new Error("The table of protocols has no Olm.");
  return {
    facts,
    open: async (self, state) => new OlmDevice(self, await CryptoMachine.open(self, state)),
  };
}
