import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountConfig, MountConfigChange } from "../../model/mount.ts";

/** A mount's settings after a change. Options are changed one by one: an empty one goes. */
export function changeMountConfig(config: MountConfig, change: MountConfigChange): MountConfig {
  const options = { ...config.options, ...change.options };
  const changed = { ...config, ...change, options };
  const kept = Object.entries(changed).filter(([name, value]) => name !== "options" && value !== undefined);
  const named = Object.entries(options).filter(([, value]) => value !== "");
  return Object.fromEntries(named.length === 0 ? kept : [...kept, ["options", Object.fromEntries(named)]]);
}

function refuse(member: string, reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
}

/** @throws ServiceError InvalidInput when a mount would keep more than it may */
export function checkMountSize(description: string, config: MountConfig): void {
  const maxChars = limits.mountDescriptionChars.value;
  if (description.length > maxChars) refuse("description", `A mount's description has at most ${maxChars} characters.`);
  const maxBytes = limits.mountConfigBytes.value;
  if (Buffer.byteLength(JSON.stringify(config)) > maxBytes) {
    refuse("config", `The settings of a mount have at most ${maxBytes} bytes as JSON.`);
  }
}
