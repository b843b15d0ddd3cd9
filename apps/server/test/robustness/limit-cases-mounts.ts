import { limits } from "@coffer/service";
import { bounded, elsewhere, type LimitCase, letters } from "./limit-cases.ts";
import { assertRefusal } from "./refusals.ts";
import { succeeded } from "./wires.ts";

type MountLimit =
  | "mounts"
  | "mountPathChars"
  | "mountDescriptionChars"
  | "mountConfigBytes"
  | "secretBytes"
  | "secretVersions"
  | "listedSecrets";

/** One case for each limit of mounts and of what KV keeps. */
export const mountLimitCases: Readonly<Record<MountLimit, LimitCase>> = {
  mounts: async ({ wires }) => {
    const { data } = succeeded(await wires.vault("GET", "sys/mounts"));
    // What is built in does not count.
    const enabled = Object.values<{ deprecation_status?: string }>(data).filter((mount) => mount.deprecation_status);
    for (let n = enabled.length; n < limits.mounts.value; n += 1) {
      succeeded(await wires.vault("POST", `sys/mounts/mount-${n}`, { type: "transit" }));
    }
    assertRefusal("vault", await wires.vault("POST", "sys/mounts/mount-more", { type: "transit" }), 400, /200 mounts/);
    for (let n = enabled.length; n < limits.mounts.value; n += 1) {
      succeeded(await wires.vault("DELETE", `sys/mounts/mount-${n}`));
    }
  },
  mountPathChars: bounded(
    "vault",
    limits.mountPathChars.value,
    (wires, size) => wires.vault("POST", `sys/mounts/${letters(size)}`, { type: "transit" }),
    /100 characters/,
  ),
  mountDescriptionChars: bounded(
    "vault",
    limits.mountDescriptionChars.value,
    (wires, size) =>
      wires.vault("POST", `sys/mounts/described-${size}`, { type: "transit", description: letters(size) }),
    /8192 characters/,
  ),
  mountConfigBytes: bounded(
    "vault",
    limits.mountConfigBytes.value,
    (wires, size) => {
      const options = { o: letters(size - JSON.stringify({ options: { o: "" } }).length) };
      return wires.vault("POST", `sys/mounts/configured-${size}`, { type: "transit", options });
    },
    /16384 bytes/,
  ),
  secretBytes: bounded(
    "vault",
    limits.secretBytes.value,
    async (wires, size) => {
      await wires.vault("POST", "sys/mounts/sized", { type: "kv" });
      return wires.vault("POST", "sized/secret", { s: letters(size - JSON.stringify({ s: "" }).length) });
    },
    /524288 bytes/,
  ),
  secretVersions: bounded(
    "vault",
    limits.secretVersions.value,
    async (wires, max_versions) => {
      await wires.vault("POST", "sys/mounts/versioned", { type: "kv-v2" });
      return wires.vault("POST", "versioned/metadata/secret", { max_versions });
    },
    /between 0 and 10000/,
  ),
  listedSecrets: elsewhere("packages/service/src/operations/kv/kv.test.ts", "limits.listedSecrets"),
};
