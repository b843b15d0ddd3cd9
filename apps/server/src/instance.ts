import {
  type Core,
  closeCore,
  type Keyring,
  type Lifecycle,
  makeRootCredential,
  openCore,
  type RootCredential,
  ServiceError,
  type Store,
} from "@coffer/service";
import { openAuditDeviceSinks } from "@coffer/store";
import { type AuditTrail, openAuditTrail } from "./audit-trail.ts";
import type { Foundation } from "./foundation.ts";
import { OperatorError } from "./operator-error.ts";
import { systemRandomness } from "./system-randomness.ts";

/** The token of dev mode, as Vault's own dev server is often started with. */
export const devToken = "root-token";

/** An open key server without listeners. */
export interface Instance {
  readonly core: Core;
  readonly lifecycle: Lifecycle;
  /**
   * Gives the credentials that this start made, and forgets them: strings cannot be wiped, and a server runs for months.
   *
   * @returns undefined the second time, and on every later start
   */
  takeMade(): RootCredential | undefined;
  /** Closes everything but the foundation, the audit trail last, and drops every key from memory. */
  close(): Promise<void>;
}

/** What the life of the seal adds. */
export interface InstanceOptions {
  readonly askToSeal: (requestId: string) => void;
  readonly sharesChanged: () => Promise<void>;
}

/**
 * Opens an instance with its keyring, which it closes.
 *
 * @throws OperatorError, and the errors of the audit log, whose messages are for operators
 */
export async function openInstance(
  foundation: Foundation,
  keyring: Keyring,
  options?: InstanceOptions,
): Promise<Instance> {
  let trail: AuditTrail | undefined;
  try {
    trail = await openAuditTrail(foundation.store, keyring, foundation.trail, foundation.clock);
    return await openWithTrail(foundation, keyring, trail, options);
  } catch (error) {
    await trail?.close().catch(() => {});
    keyring.close();
    throw explainFailure(error);
  }
}

async function openWithTrail(
  { settings, store, clock, reports, parts, shareSeal, ownSeal, trail: trailPlace }: Foundation,
  keyring: Keyring,
  trail: AuditTrail,
  options: InstanceOptions | undefined,
): Promise<Instance> {
  const { core, lifecycle, healthWatch } = openCore({
    randomness: systemRandomness,
    store,
    clock,
    keyring,
    audit: trail.log,
    account: settings.account,
    homeRegion: settings.region,
    dev: settings.dev,
    requestRates: settings.requestRates,
    resourceQuotas: settings.resourceQuotas,
    auditDeviceSinks: openAuditDeviceSinks({ directory: trailPlace.auditDevicesDirectory }, clock),
    rootOfTrust: { shareSeal, opensByItself: ownSeal !== undefined, sharesChanged: options?.sharesChanged },
    askToSeal: options?.askToSeal,
    ...parts,
    ...reports,
  });
  await core.unrecorded.recover();
  await checkAccount(store, settings.account);
  let made = await makeRootCredential(core, settings.dev ? devToken : undefined);
  lifecycle.start();
  healthWatch.start();
  return {
    core,
    lifecycle,
    takeMade() {
      const taken = made;
      made = undefined;
      return taken;
    },
    async close() {
      await lifecycle.stop();
      await healthWatch.stop();
      try {
        await core.unrecorded.write().finally(() => trail.close());
        await core.unrecorded.clear();
      } catch (error) {
        throw explainFailure(error);
      } finally {
        await core.auditDevices.close();
        closeCore(core);
      }
    },
  };
}

/** An audit trail or a store that fails, in the operator's words. */
function explainFailure(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  const { detail } = error;
  if (detail.code !== "AuditUnavailable" && detail.code !== "StoreUnavailable") return error;
  return new OperatorError(detail.params.reason, 1, { cause: error });
}

/** A data directory belongs to one account: starting it under another would hide its keys. */
async function checkAccount(store: Store, account: string): Promise<void> {
  const stored = await store.get("settings", { name: "account" });
  if (stored === undefined) {
    await store.commit([{ op: "insert", table: "settings", row: { name: "account", value: account, revision: 1 } }]);
  } else if (stored.value !== account) {
    throw new OperatorError(`this data directory belongs to account ${stored.value}, not ${account}; set --account.`);
  }
}
