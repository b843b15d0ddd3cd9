export { vaultLimits } from "./limits.ts";
export { createVaultWire, type VaultWireOptions } from "./vault-wire.ts";
