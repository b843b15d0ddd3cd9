import { rows } from "./rows.ts";
import { type Area, type Difference, mount, step, versionAt, wrongToken } from "./scenario.ts";

/** An endpoint that is none for the method: the original knows the paths that it answers before it looks at a token. */
function noMethod(status: number | undefined, error: string): readonly Difference[] {
  return [
    ...(status === undefined ? [] : [{ at: "status", coffer: status, row: rows.methods }]),
    { at: "body.errors.0", coffer: `1 error occurred:\n\t* ${error}\n\n`, row: rows.methods },
  ];
}

/** A mount has moved when the answer comes. */
const moved: readonly Difference[] = [
  {
    at: "body.warnings.0",
    coffer: "Mount move is done; sys/remount/status tells of it for a day",
    row: rows.remount,
  },
];

export const sys: Area = {
  name: "sys",
  scenarios: [
    {
      name: "state of the server",
      steps: [
        step("GET sys/health", undefined, {
          only: ["initialized", "sealed", "standby", "replication_performance_mode", "replication_dr_mode"],
        }),
        step("GET sys/health?standbyok=true&activecode=299", undefined, { only: ["initialized"] }),
        step("HEAD sys/health"),
        step("GET sys/seal-status", undefined, {
          only: ["initialized", "sealed", "progress", "nonce"],
        }),
        step("GET sys/init"),
        step(
          "PUT sys/init",
          { secret_shares: 1, secret_threshold: 1 },
          {
            token: null,
            differs: [
              {
                at: "body.errors.0",
                coffer: "parameters secret_shares,secret_threshold not applicable to seal type keyfile",
                row: rows.init,
              },
            ],
          },
        ),
        step("GET sys/leader", undefined, { only: ["ha_enabled"] }),
        step("GET sys/key-status", undefined, { only: ["data.term"] }),
        step("GET sys/health", undefined, { token: null, only: ["sealed"] }),
      ],
    },
    {
      name: "mounts",
      steps: [
        step("POST sys/mounts/s-mount", {
          type: "transit",
          description: "of mine",
          config: { default_lease_ttl: "1h" },
        }),
        step("GET sys/mounts", undefined, { only: ["data.s-mount/"], differs: versionAt("body.data.s-mount/") }),
        step("GET sys/mounts/s-mount", undefined, { differs: versionAt("body", "body.data") }),
        step("GET sys/mounts/s-mount/tune"),
        step("POST sys/mounts/s-mount/tune", { default_lease_ttl: "2h", max_lease_ttl: "4h", description: "tuned" }),
        step("GET sys/mounts/s-mount/tune"),
        step("GET sys/internal/ui/mounts/s-mount", undefined, { differs: versionAt("body.data") }),
        step("GET sys/internal/ui/mounts/s-mount/keys/k", undefined, { differs: versionAt("body.data") }),
        step("GET sys/internal/ui/mounts/nowhere"),
        step("POST sys/mounts/s-mount", { type: "transit" }),
        step("POST sys/mounts/s-mount/below", { type: "transit" }),
        step("POST sys/mounts/s-odd", { type: "carrier-pigeon" }),
        step("POST sys/mounts/s-odd", {}),
        step("POST sys/mounts/sys", { type: "transit" }),
        step("POST sys/mounts/auth", { type: "transit" }),
        step("DELETE sys/mounts/sys"),
        step("DELETE sys/mounts/s-mount"),
        step("DELETE sys/mounts/s-nowhere"),
        step("GET sys/mounts/s-nowhere"),
        step("GET sys/mounts/s-nowhere/tune"),
        step("GET s-nowhere/x"),
      ],
    },
    {
      name: "moving a mount",
      steps: [
        mount("s-from", "kv", { version: "1" }),
        step("POST s-from/app", { a: 1 }),
        step("POST sys/remount", { from: "s-from", to: "s-to" }, { differs: moved }),
        ...["s-nowhere", "sys"].map((from) => step("POST sys/remount", { from, to: "s-mine" })),
        step("POST sys/remount", { from: "s-to", to: "s-mine" }, { differs: moved }),
        step("POST sys/remount", { from: "s-mine", to: "sys" }),
        step("POST sys/remount", {}),
        step("POST sys/remount", { from: "s-mine" }),
      ],
    },
    {
      name: "tools",
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
      steps: [
        step("GET sys/nothing"),
        step("GET nothing/here"),
        step("GET sys/mounts", undefined, { token: null }),
        step("GET sys/mounts", undefined, {
          token: "hvs.wrong",
          differs: wrongToken,
        }),
        step("DELETE sys/health", undefined, { differs: noMethod(undefined, "unsupported operation") }),
        step("POST sys/seal-status", {}, { differs: noMethod(undefined, "unsupported operation") }),
        step("DELETE sys/capabilities-self"),
        step("LIST sys/mounts", undefined, { differs: noMethod(405, "unsupported operation") }),
      ],
    },
  ],
};
