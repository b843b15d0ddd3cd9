import type { Caller, RelayContext } from "./context.ts";
import { checkCurrent } from "./current-device.ts";
import { RelayRefusal } from "./problem.ts";

/**
 * Remembers the newest version of a device's state that was told; only within a write.
 *
 * @throws RelayRefusal Unauthenticated; StaleVault when a newer one was told before: the device was set back
 */
export function advanceVaultVersion(context: RelayContext, caller: Caller, version: number): void {
  checkCurrent(context, caller);
  const { database } = context;
  const { device } = caller;
  const row = database.get<{ vault_version: number }>("select vault_version from devices where device = ?", device)!;
  if (version < row.vault_version) {
    throw new RelayRefusal("StaleVault", "The device's state is older than one that was used before.", {
      vaultVersion: row.vault_version,
    });
  }
  if (version > row.vault_version) {
    database.run("update devices set vault_version = ? where device = ?", version, device);
  }
}
