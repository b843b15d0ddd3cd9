import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";

// The path of a secrets engine is part of its keys' alias names, so it holds what an alias may.
const pathPattern = /^[a-zA-Z0-9_-][a-zA-Z0-9_.-]*(?:\/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*)*$/;
/** Vault's own first segments, and `aws`, whose aliases belong to services. */
const reserved: ReadonlySet<string> = new Set(["audit", "auth", "aws", "cubbyhole", "identity", "sys"]);

/** Whether a mount is an auth method. */
export function isAuthPath(path: string): boolean {
  return path.startsWith("auth/");
}

/** Whether secrets engines may not lie there. */
export function isReservedPath(path: string): boolean {
  return reserved.has(path.split("/", 1)[0] ?? "");
}

/**
 * @throws ServiceError InvalidInput unless `path` can be a mount: 1 to 100 characters, segments of letters, digits, `_.-`,
 * after `auth/` for an auth method
 */
export function checkMountPath(path: string): void {
  const isAuth = isAuthPath(path) && path !== "auth/";
  if (!isAuth && isReservedPath(path)) {
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
