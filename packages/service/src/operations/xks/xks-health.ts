import { encodeIdentity, SecretBytes } from "@coffer/crypto";
import { defineOperation } from "../../pipeline/operation.ts";
import { recordXks, type XksRequestMetadata, xksEventSource } from "./request-metadata.ts";

export interface XksHealthOutput {
  /** `degraded`: it works, and the operator has been told to look. */
  readonly status: "active" | "degraded";
}

const identity = encodeIdentity(["coffer health trial v1"]);
const trialBytes = 32;

/**
 * XKS Proxy API: GetHealthStatus. A trial on the real parts: a secret goes through the keyring and back, and the store is
 * read. Whoever has a credential may ask: the API keeps this call out of authorization.
 */
export const xksHealth = defineOperation<{ readonly metadata: XksRequestMetadata }, XksHealthOutput>({
  name: "XksGetHealthStatus",
  plane: "control",
  readOnly: true,
  eventSource: xksEventSource,
  keys: [],
  record: recordXks,
  async run({ core }) {
    using secret = SecretBytes.random(trialBytes);
    using opened = core.keyring.unwrap(core.keyring.wrap(secret, identity), identity);
    opened.toKeyObject();
    await core.store.get("settings", { name: "account" });
    return { status: core.audit.health().ok ? "active" : "degraded" };
  },
});
