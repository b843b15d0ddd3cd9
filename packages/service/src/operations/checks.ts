import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";

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

/** @throws ServiceError InvalidInput unless `text` is well-formed Unicode of at most `max` characters */
export function checkText(text: string, member: string, max: number): void {
  if (text.length <= max && text.isWellFormed()) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member,
    reason: `${member} has at most ${max} characters of valid Unicode.`,
  });
}

/** @throws ServiceError InvalidInput when a key's description is too long */
export function checkDescription(description: string): void {
  checkText(description, "description", limits.descriptionChars.value);
}

/** @returns how many items a page of a listing has. @throws ServiceError InvalidInput unless it is 1 to 1000 */
export function pageLimit(wanted: number | undefined, usual: number): number {
  if (wanted === undefined) return usual;
  checkRange(wanted, "limit", 1, limits.pageItems.value);
  return wanted;
}
