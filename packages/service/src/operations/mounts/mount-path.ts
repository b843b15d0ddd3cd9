import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";

// A mount's path is part of its keys' alias names, so it holds what an alias may.
const pathPattern = /^[a-zA-Z0-9_-][a-zA-Z0-9_.-]*(?:\/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*)*$/;
/** Vault's own first segments, and `aws`, whose aliases belong to services. */
const reserved: ReadonlySet<string> = new Set(["audit", "auth", "aws", "cubbyhole", "identity", "sys"]);

/** @throws ServiceError InvalidInput unless `path` can be a mount: 1 to 100 characters, segments of letters, digits, `_.-` */
export function checkMountPath(path: string): void {
  if (reserved.has(path.split("/", 1)[0] ?? "")) {
    throw ServiceError.of("InvalidInput", { kind: "validation", member: "path", reason: `cannot mount "${path}/"` });
  }
  const max = limits.mountPathChars.value;
  if (path.length <= max && pathPattern.test(path)) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "path",
    reason: `A mount path has at most ${max} characters: segments of letters, digits, '_', '.' and '-', joined by '/', none of which starts with a dot.`,
  });
}
