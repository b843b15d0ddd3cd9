import { sha256Hex } from "@coffer/crypto";
import type { MountConfig, MountRecord } from "../model/mount.ts";

interface BuiltIn {
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly config: MountConfig;
}

/** What is always mounted, as OpenBao has it (internal/vault/mount.go: `requiredMountTable`; auth.go: `defaultAuthTable`). */
const rows: readonly BuiltIn[] = [
  {
    path: "auth/token",
    type: "token",
    description: "token based credentials",
    config: { tokenType: "default-service" },
  },
  {
    path: "cubbyhole",
    type: "cubbyhole",
    description: "per-token private secret storage",
    config: { local: true },
  },
  {
    path: "identity",
    type: "identity",
    description: "identity store",
    config: { passthroughRequestHeaders: ["Authorization"] },
  },
  {
    path: "sys",
    type: "system",
    description: "system endpoints used for control, policy and debugging",
    config: { sealWrap: true, passthroughRequestHeaders: ["Accept"] },
  },
];

/** The mounts that nobody enables and nobody disables. Their ids are the same for an account at every start. */
export function builtInMounts(account: string): readonly MountRecord[] {
  return rows.map(({ path, type, description, config }) => {
    const hex = sha256Hex(`built-in mount ${path} of ${account}`);
    const accessor = `${path.startsWith("auth/") ? "auth_" : ""}${type}_${hex.slice(32, 40)}`;
    return { path, type, description, accessor, uuid: uuidOf(hex), createdAtMs: 0, config, revision: 0 };
  });
}

const builtInPaths: ReadonlySet<string> = new Set(rows.map(({ path }) => path));

/** Whether a mount is always there. */
export function isBuiltInMount(path: string): boolean {
  return builtInPaths.has(path);
}

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
