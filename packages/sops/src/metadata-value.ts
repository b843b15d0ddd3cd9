import type { ConfigValue, SopsMetadataTree, SopsMetadataValue } from "./document.ts";

/** Metadata as a value of a document: its numbers are whole. */
export function metadataValue(value: SopsMetadataValue): ConfigValue {
  if (typeof value === "number") return BigInt(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly SopsMetadataValue[]).map(metadataValue);
  const entries = Object.entries(value as SopsMetadataTree);
  return new Map(entries.map(([name, item]) => [name, metadataValue(item)]));
}
