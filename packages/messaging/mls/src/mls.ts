import { type E2EProtocol, protocols } from "@coffer/messaging";
import { MlsDevice } from "./mls-device.ts";
import { openSigningKey } from "./signing-key.ts";
import { loadSuite } from "./suites.ts";

/**
 * Messaging Layer Security (RFC 9420) on `ts-mls`: groups, and sessions of two devices as groups of two. Suite
 * MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519. Runs in Node and in browsers.
 */
export function mls(): E2EProtocol {
  const facts = protocols.get("mls");
  if (facts === undefined) throw new Error("The table of protocols has no MLS.");
  return {
    facts,
    open: async (self, state) => {
      const suite = await loadSuite();
      return new MlsDevice(self, suite, await openSigningKey(state, suite));
    },
  };
}
