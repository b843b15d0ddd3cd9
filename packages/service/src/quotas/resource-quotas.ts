import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import { managedKeyServices } from "../managed-keys/services.ts";
import type { KeyRecord } from "../model/key.ts";

/** How much there may be; what is undefined is not limited (AWS KMS developer guide: Resource quotas). */
export interface ResourceQuotas {
  /** Customer managed keys of an account and region; those of services do not count. */
  readonly keys?: number | undefined;
  /** Grants of a customer managed key. */
  readonly grantsPerKey?: number | undefined;
}

/**
 * Checks that an account and region has room for a further key. Several requests at once may all find the last room.
 *
 * @throws ServiceError LimitExceeded
 */
export async function checkKeyQuota(core: Core, account: string, region: string): Promise<void> {
  const max = core.resourceQuotas.keys;
  if (max === undefined || !(await core.store.hasKeys(account, region, max))) return;
  const services = await core.store.listAliases(account, region, "alias/aws/", undefined, managedKeyServices.size);
  if (services.length > 0 && !(await core.store.hasKeys(account, region, max + services.length))) return;
  const reason = `This account has ${max} customer managed keys in this Region, which is its quota.`;
  throw ServiceError.of("LimitExceeded", { limit: "keys", max, reason });
}

/**
 * Checks that a key has room for a further grant; as `checkKeyQuota`.
 *
 * @throws ServiceError LimitExceeded
 */
export async function checkGrantQuota(core: Core, { region, keyId, owner }: KeyRecord): Promise<void> {
  const max = core.resourceQuotas.grantsPerKey;
  if (max === undefined || owner !== "CUSTOMER" || !(await core.store.hasGrants(region, keyId, max))) return;
  const reason = `The key has ${max} grants, which is its quota.`;
  throw ServiceError.of("LimitExceeded", { limit: "grantsPerKey", max, reason });
}
