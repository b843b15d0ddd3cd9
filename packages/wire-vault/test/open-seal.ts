import { type Core, ServiceError } from "@coffer/service";
import type { SealControl } from "../src/index.ts";

const cannot = () => Promise.reject(ServiceError.of("Unsupported", { reason: "this test's instance is open" }));

/** The seal of a core that was opened by hand and stays open. */
export function openSealOf(core: Core): SealControl {
  return {
    state: () => ({
      kind: "keyfile",
      initialized: true,
      sealed: false,
      quorum: undefined,
      progress: 0,
      nonce: "",
      opensByItself: true,
      auditOk: core.audit.health().ok,
      storeOk: core.store.health().ok,
    }),
    nowMs: () => core.clock.nowMs(),
    initialize: () => Promise.resolve(undefined),
    submitShare: cannot,
    resetShares: cannot,
    refused: (_eventName, thrown) => Promise.resolve(thrown as ServiceError),
  };
}
