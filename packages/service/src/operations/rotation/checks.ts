import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { limits } from "../../limits.ts";
import { isPrimary, type RotationSettings } from "../../model/key.ts";
import { checkRange } from "../checks.ts";

/** The shortest period of automatic rotation. */
export const minRotationPeriodMs = limits.rotationPeriodMinHours.value * 3_600_000;
/** A thousand years: sums with a time stay exact. */
export const maxRotationPeriodMs = 1000 * 366 * 86_400_000;

/** @throws ServiceError InvalidInput unless automatic rotation has a period that Transit allows, as AWS's all are */
export function checkRotation({ enabled, periodMs, nextAtMs }: RotationSettings): void {
  checkRange(periodMs, "rotationPeriod", minRotationPeriodMs, maxRotationPeriodMs);
  if (enabled) checkRange(nextAtMs ?? -1, "nextRotation", 0, Number.MAX_SAFE_INTEGER);
}

/**
 * Only symmetric encryption keys rotate, and the primary key of a multi-Region key does for its replicas (AWS KMS:
 * rotating keys). Through Transit, keys of every type rotate that Transit made.
 *
 * @throws ServiceError Unsupported
 */
export function requireRotatableOnDemand({ arn, isSymmetricEncryption, record }: KeyEntry, byTransit = false): void {
  if (!isSymmetricEncryption && !(byTransit && record.transit.allUses === true))
    refuse(`${arn} key spec is ${record.spec}, which does not rotate.`);
  if (!isPrimary(record)) refuse(`${arn} is a multi-region replica key: its primary key rotates.`);
  if (record.origin === "EXTERNAL_KEY_STORE") {
    refuse(`${arn} origin is ${record.origin} which is not valid for this operation.`);
  }
}

/** Only material that is made here rotates by itself. @throws ServiceError Unsupported */
export function requireRotatable(key: KeyEntry): void {
  requireRotatableOnDemand(key);
  const { arn, record } = key;
  if (record.origin !== "AWS_KMS") refuse(`${arn} origin is ${record.origin} which is not valid for this operation.`);
}

function refuse(reason: string): never {
  throw ServiceError.of("Unsupported", { reason });
}
