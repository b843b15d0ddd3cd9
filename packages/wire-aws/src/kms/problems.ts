import { ServiceError } from "@coffer/service";
import { awsLimits } from "../limits.ts";

/** @throws ServiceError InvalidInput kind `serialization`: the body is not of the shape's types */
export function refuseSerialization(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "serialization", reason });
}

/**
 * Refuses a value of the wrong JSON type, in AWS's words (seen in answers of AWS JSON 1.1 services, 2015 to 2026).
 *
 * @param wanted with its article, such as `a String`
 * @throws ServiceError InvalidInput kind `serialization`
 */
export function refuseType(value: unknown, wanted: string): never {
  if (Array.isArray(value)) refuseSerialization("Start of list found where not expected");
  if (typeof value === "object") refuseSerialization("Start of structure or map found where not expected.");
  refuseSerialization(`${nameOfType(value)} can not be converted to ${wanted}`);
}

/** Refuses a value where `wanted` (such as `list or null`) was expected. */
export function refuseContainer(value: unknown, wanted: string): never {
  if (Array.isArray(value)) refuseSerialization("Start of list found where not expected");
  if (typeof value === "object") refuseSerialization("Start of structure or map found where not expected.");
  refuseSerialization(`Expected ${wanted}`);
}

function nameOfType(value: unknown): string {
  if (typeof value === "string") return "STRING_VALUE";
  if (typeof value === "number") return "NUMBER_VALUE";
  return value === true ? "TRUE_VALUE" : "FALSE_VALUE";
}

/** The constraints that one request violates, in AWS's words. */
export class Problems {
  #texts: string[] | undefined;

  /**
   * Notes a violation.
   *
   * @param path lower camel case, such as `tags.1.member.tagKey`
   * @param value as AWS shows it, or undefined for what must not be shown
   * @param constraint such as `Member must not be null`
   */
  add(path: string, value: string | undefined, constraint: string): void {
    this.#texts ??= [];
    if (this.#texts.length >= awsLimits.validationErrors.value) return;
    const shown = value === undefined ? "Value" : `Value ${value}`;
    this.#texts.push(`${shown} at '${path}' failed to satisfy constraint: ${constraint}`);
  }

  get isEmpty(): boolean {
    return this.#texts === undefined;
  }

  /** @throws ServiceError InvalidInput kind `validation` when there is any */
  refuse(): void {
    const texts = this.#texts;
    if (texts === undefined) return;
    const count = `${texts.length} validation error${texts.length === 1 ? "" : "s"} detected`;
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: `${count}: ${texts.join("; ")}` });
  }
}

/** A value in quotes, cut off where it is too long to repeat. */
export function quoted(value: string): string {
  const max = awsLimits.echoedChars.value;
  return value.length > max ? `'${value.slice(0, max)}...'` : `'${value}'`;
}
