export { type KvClient, type KvClientOptions, type KvSecret, kvClient } from "./clients/vault-kv.ts";
export type { BranchKey, BranchKeyStore } from "./keyrings/branch-key-store.ts";
export {
  type HierarchicalKeyring,
  type HierarchicalKeyringOptions,
  hierarchicalKeyring,
} from "./keyrings/hierarchical.ts";
export {
  type CreateBranchKeyOptions,
  type KvBranchKeyStore,
  type KvBranchKeyStoreOptions,
  kvBranchKeyStore,
} from "./keyrings/kv-branch-keys.ts";
