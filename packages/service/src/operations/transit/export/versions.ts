import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import { limits } from "../../../limits.ts";
import { type KeyVersionRecord, materialRegion } from "../../../model/key.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * The versions that an export asks for: those from the lowest for decryption on (the newest ones when there are more than
 * a page), or one.
 *
 * @param wanted untrusted: a number, with or without `v`, or `latest`; empty for all
 * @throws ServiceError InvalidInput in the words of OpenBao (builtin/logical/transit/path_export.go)
 */
export async function versionsToExport(
  core: Core,
  { record }: KeyEntry,
  wanted: string,
): Promise<readonly KeyVersionRecord[]> {
  const { keyId, currentVersion, transit } = record;
  const region = materialRegion(record);
  if (wanted === "") {
    const max = limits.pageItems.value;
    const after = Math.max(transit.minDecryptionVersion - 1, currentVersion - max);
    const rows = await core.store.listKeyVersions(region, keyId, after, max);
    return rows.filter(({ version }) => version <= currentVersion);
  }
  const version = wanted === "latest" ? currentVersion : parseVersion(wanted);
  if (version < transit.minDecryptionVersion) refuse("version for export is below minimum decryption version");
  const row = version <= currentVersion ? await core.store.get("keyVersions", { region, keyId, version }) : undefined;
  return [row ?? refuse("version does not exist or cannot be found")];
}

function parseVersion(text: string): number {
  const digits = text.replace(/^v/, "");
  const version = /^[+-]?[0-9]{1,18}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(version) ? version : refuse("invalid key version");
}
