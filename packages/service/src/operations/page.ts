import { hmacSha256, timingSafeEqualText } from "@coffer/crypto";
import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { Page } from "./shared.ts";

/**
 * Makes the marker behind which a listing goes on: opaque and signed, so that nobody can make one up, or use one in
 * another listing. `listing` names the operation and whatever it is confined to.
 */
export function encodeMarker(core: Core, listing: string, cursor: string): string {
  const signature = hmacSha256(core.markerKey, `${listing}\0${cursor}`).subarray(0, 16).toString("base64url");
  return `${Buffer.from(cursor).toString("base64url")}.${signature}`;
}

/**
 * The cursor in a marker.
 *
 * @throws ServiceError MarkerInvalid when the marker is not one that this listing gave out
 */
export function parseMarker(core: Core, listing: string, marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined;
  const cursor = Buffer.from(marker.slice(0, Math.max(0, marker.indexOf("."))), "base64url").toString();
  if (!timingSafeEqualText(marker, encodeMarker(core, listing, cursor))) throw ServiceError.of("MarkerInvalid", {});
  return cursor;
}

/**
 * Cuts one page out of rows that were read with a limit of `limit + 1`.
 *
 * @param cursorOf what the next page starts behind
 */
export function cutPage<Item>(
  core: Core,
  listing: string,
  rows: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string,
): Page<Item> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, nextMarker: encodeMarker(core, listing, cursorOf(items[items.length - 1]!)) };
}
