import { ServiceError } from "../errors.ts";

/** @throws ServiceError InvalidInput unless `value` has 1 to `max` bytes */
export function checkBytes(value: Uint8Array, member: string, max: number): void {
  if (value.byteLength >= 1 && value.byteLength <= max) return;
  throw ServiceError.of("InvalidInput", {
    kind: "size",
    member,
    reason: `${member} has ${value.byteLength} bytes; 1 to ${max} are allowed.`,
  });
}

/** @throws ServiceError InvalidInput unless `value` is a whole number from `min` to `max` */
export function checkRange(value: number, member: string, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member,
    reason: `${member} must be a whole number from ${min} to ${max}.`,
  });
}
