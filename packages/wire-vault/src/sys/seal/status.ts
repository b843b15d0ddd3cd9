import type { SealState } from "./seal-control.ts";

const clusterName = "coffer";

/** Vault API: sys/seal-status (OpenBao, internal/vault/logical_system.go: `SealStatusResponse`; Vault's `build_date`). */
export function sealStatusOf(state: SealState, version: string): object {
  const { quorum, opensByItself } = state;
  return {
    type: state.kind,
    initialized: state.initialized,
    sealed: state.sealed,
    t: quorum?.threshold ?? 0,
    n: quorum?.shares ?? 0,
    progress: state.progress,
    nonce: state.nonce,
    version,
    build_date: "",
    migration: false,
    ...(state.sealed ? {} : { cluster_name: clusterName }),
    recovery_seal: opensByItself,
    ...(opensByItself && quorum !== undefined ? { recovery_seal_type: "shamir" } : {}),
    storage_type: "sqlite",
  };
}

/** Vault API: sys/leader. There is one node. */
export const leaderStatus = {
  ha_enabled: false,
  is_self: true,
  active_time: "0001-01-01T00:00:00Z",
  leader_address: "",
  leader_cluster_address: "",
  performance_standby: false,
  performance_standby_last_remote_wal: 0,
};
