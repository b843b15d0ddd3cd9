import { type Area, step } from "./scenario.ts";

export const sys: Area = {
  name: "sys",
  scenarios: [
    {
      name: "state of the server",
      pending: "the rest of sys",
      steps: [
        step("GET sys/health", undefined, {
          only: ["initialized", "sealed", "standby", "replication_performance_mode", "replication_dr_mode"],
        }),
        step("GET sys/health?standbyok=true&activecode=299", undefined, { only: ["initialized"] }),
        step("HEAD sys/health"),
        step("GET sys/seal-status", undefined, {
          only: ["initialized", "sealed", "progress", "nonce", "recovery_seal"],
        }),
        step("GET sys/init"),
        step("PUT sys/init", { secret_shares: 1, secret_threshold: 1 }, { token: null }),
        step("GET sys/leader", undefined, { only: ["ha_enabled", "is_self"] }),
        step("GET sys/key-status", undefined, { only: ["data.term"] }),
        step("GET sys/health", undefined, { token: null, only: ["sealed"] }),
      ],
    },
    {
      name: "mounts",
      pending: "the rest of sys",
      steps: [
        step("POST sys/mounts/s-mount", {
          type: "transit",
          description: "of mine",
          config: { default_lease_ttl: "1h" },
        }),
        step("GET sys/mounts", undefined, { only: ["data.s-mount/"] }),
        step("GET sys/mounts/s-mount"),
        step("GET sys/mounts/s-mount/tune"),
        step("POST sys/mounts/s-mount/tune", { default_lease_ttl: "2h", max_lease_ttl: "4h", description: "tuned" }),
        step("GET sys/mounts/s-mount/tune"),
        step("GET sys/internal/ui/mounts/s-mount"),
        step("GET sys/internal/ui/mounts/s-mount/keys/k"),
        step("GET sys/internal/ui/mounts/nowhere"),
        step("POST sys/mounts/s-mount", { type: "transit" }),
        step("POST sys/mounts/s-mount/below", { type: "transit" }),
        step("POST sys/mounts/s-odd", { type: "carrier-pigeon" }),
        step("POST sys/mounts/s-odd", {}),
        step("POST sys/mounts/sys", { type: "transit" }),
        step("POST sys/mounts/auth", { type: "transit" }),
        step("DELETE sys/mounts/sys"),
        step("POST sys/remount", { from: "s-mount", to: "s-moved" }, { only: [] }),
        step("DELETE sys/mounts/s-nowhere"),
        step("GET sys/mounts/s-nowhere"),
        step("GET sys/mounts/s-nowhere/tune"),
        step("GET s-nowhere/x"),
      ],
    },
    {
      name: "tools",
      pending: "the rest of sys",
      steps: [
        step("POST sys/tools/random", {}, { random: ["data.random_bytes"] }),
        step("POST sys/tools/random/16", { format: "hex" }, { random: ["data.random_bytes"] }),
        step("POST sys/tools/hash", { input: "aGVsbG8=" }),
        step("POST sys/tools/hash/sha2-512", { input: "aGVsbG8=", format: "base64" }),
        step("POST sys/tools/hash/md5", { input: "aGVsbG8=" }),
        step("POST sys/tools/hash", { input: "!" }),
      ],
    },
    {
      name: "what is not there",
      pending: "the rest of sys",
      steps: [
        step("GET sys/nothing"),
        step("GET nothing/here"),
        step("GET sys/mounts", undefined, { token: null }),
        step("GET sys/mounts", undefined, { token: "hvs.wrong" }),
        step("DELETE sys/health"),
        step("POST sys/seal-status", {}),
        step("DELETE sys/capabilities-self"),
        step("LIST sys/mounts"),
      ],
    },
  ],
};
