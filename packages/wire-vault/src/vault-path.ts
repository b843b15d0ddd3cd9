import { parsePath, ServiceError } from "@coffer/service";
import { vaultLimits } from "./limits.ts";

/** The path below `/v1/`, decoded once. */
export interface VaultPath {
  /** Segments joined by `/`, without a slash at the end. */
  readonly text: string;
  readonly segments: readonly string[];
  readonly trailingSlash: boolean;
}

/**
 * Reads a request path. An encoded slash is a slash, as in the original; a path that two readers could understand
 * differently is refused.
 *
 * @param path as sent
 * @throws ServiceError InvalidInput
 */
export function parseVaultPath(path: string): VaultPath {
  if (path.length > vaultLimits.pathChars.value) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `the path has more than ${vaultLimits.pathChars.value} characters`,
    });
  }
  const parsed = parsePath(path);
  if (!parsed.ok) throw ServiceError.of("InvalidInput", { kind: "validation", reason: parsed.reason });
  const text = parsed.segments.slice(1).join("/");
  return { text, segments: text === "" ? [] : text.split("/"), trailingSlash: parsed.trailingSlash };
}
