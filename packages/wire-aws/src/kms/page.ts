import type { Page } from "@coffer/service";

/** The members that end every listing of AWS KMS. */
export function encodePage(page: Page<unknown>): { readonly NextMarker?: string; readonly Truncated: boolean } {
  const { nextMarker } = page;
  return nextMarker === undefined ? { Truncated: false } : { NextMarker: nextMarker, Truncated: true };
}
