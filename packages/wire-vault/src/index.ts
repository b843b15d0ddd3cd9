export { vaultLimits } from "./limits.ts";
export { readShare } from "./sys/seal/read-share.ts";
export type { InitializedSeal, SealControl, SealState } from "./sys/seal/seal-control.ts";
export { answerSealed, createSealWire } from "./sys/seal/seal-wire.ts";
export { createVaultWire } from "./vault-wire.ts";
