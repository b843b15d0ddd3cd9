import { limits } from "../../limits.ts";
import type { RotationSettings } from "../../model/key.ts";
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
