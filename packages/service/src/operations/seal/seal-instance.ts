import { defineOperation } from "../../pipeline/operation.ts";
import { sealEventSource } from "../../seal/seal-event.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/**
 * Vault API: sys/seal. Seals the instance: its keys leave memory, and everything is refused until the seal is opened
 * again. The caller is answered once that is done.
 */
export const sealInstance = defineOperation<null, null>({
  name: "Seal",
  plane: "control",
  readOnly: true,
  eventSource: sealEventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: () => null,
  run({ core, request }) {
    core.askToSeal(request.requestId);
    return null;
  },
});

/** Vault API: sys/step-down. There is one node, which has nobody to step down for: as in the original, that is no error. */
export const stepDown = defineOperation<null, null>({
  name: "StepDown",
  plane: "control",
  readOnly: true,
  eventSource: sealEventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: () => null,
  run: () => null,
});
