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
 * Only symmetric encryption keys whose material is made here rotate on their own (AWS KMS: rotating keys).
 *
 * @throws ServiceError Unsupported
 */
export function requireRotatable({ arn, isSymmetricEncryption, record }: KeyEntry): void {
  if (!isSymmetricEncryption) {
    throw ServiceError.of("Unsupported", { reason: `${arn} key spec is ${record.spec}, which does not rotate.` });
  }
  if (!isPrimary(record)) {
    throw ServiceError.of("Unsupported", { reason: `${arn} is a multi-region replica key: its primary key rotates.` });
  }
  if (record.origin === "AWS_KMS") return;
  const reason = `${arn} origin is ${record.origin} which is not valid for this operation.`;
  throw ServiceError.of("Unsupported", { reason });
}
