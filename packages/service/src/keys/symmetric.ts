import { findKeySpec } from "@coffer/crypto";
import type { KeyRecord } from "../model/key.ts";

/** Whether a key is a symmetric encryption key: with encryption context, data keys, rotation and a material id. */
export function isSymmetricEncryption({ spec, usage }: Pick<KeyRecord, "spec" | "usage">): boolean {
  return usage === "ENCRYPT_DECRYPT" && findKeySpec(spec)?.kind === "secret";
}
