import { ServiceError } from "../errors.ts";

/**
 * Refuses input with U+0000 in any text: PostgreSQL cannot store it, and C libraries would cut the text there.
 *
 * @param input an operation's; bytes in it may hold any value
 * @throws ServiceError InvalidInput kind `validation`
 */
export function refuseNul(input: unknown): void {
  if (!holdsNul(input)) return;
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: "Text must not hold the character U+0000." });
}

function holdsNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\u0000");
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value)) return value.some(holdsNul);
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  for (const [name, member] of entries) if (holdsNul(name) || holdsNul(member)) return true;
  return false;
}
