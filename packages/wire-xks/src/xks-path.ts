import { ServiceError } from "@coffer/service";
import { xksLimits } from "./limits.ts";

/** The calls of the API on one key, by the last segment of their path. */
export type XksKeyCall = "metadata" | "encrypt" | "decrypt";

/** Where a request goes. */
export type XksTarget = { readonly call: "health" } | { readonly call: XksKeyCall; readonly externalKeyId: string };

const marker = "/kms/xks/v1/";
const keyPath = /^keys\/([A-Za-z0-9._-]+)\/(metadata|encrypt|decrypt)$/;

/** Whether a path is of this API, under whatever prefix: another prefix than the configured one is this wire's to refuse. */
export function isXksPath(path: string): boolean {
  return path.includes(marker);
}

/**
 * Reads a path (XKS Proxy API 1.0: API operations).
 *
 * @param uriPath the configured `XksProxyUriPath`, such as `/kms/xks/v1`
 * @throws ServiceError NotFound resource `route`
 */
export function parseXksPath(path: string, uriPath: string): XksTarget {
  const rest = path.startsWith(`${uriPath}/`) ? path.slice(uriPath.length + 1) : undefined;
  if (rest === "health") return { call: "health" };
  const match = rest === undefined ? null : keyPath.exec(rest);
  if (match === null) throw ServiceError.of("NotFound", { resource: "route", id: shownPath(path) });
  const [, externalKeyId = "", call = ""] = match;
  if (externalKeyId.length > xksLimits.externalKeyIdChars.value) {
    throw ServiceError.of("NotFound", { resource: "route", id: shownPath(path) });
  }
  return { call: call as XksKeyCall, externalKeyId };
}

/** As much of a path as the audit record keeps. */
export function shownPath(path: string): string {
  return path.slice(0, xksLimits.pathChars.value);
}
