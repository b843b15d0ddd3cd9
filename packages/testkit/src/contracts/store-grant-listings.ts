import type { GrantRecord } from "@coffer/service";
import { type Listing, type Ranges, textListing } from "./store-listings.ts";

/** Every listing of grants, over all combinations of the ranges. */
export function grantListings({ regions, keyIds, principalArns }: Ranges): readonly Listing[] {
  const listings: Listing[] = [];
  for (const region of regions) {
    for (const keyId of keyIds) listings.push(...keyGrantListings(region, keyId, principalArns));
    for (const arn of principalArns) {
      listings.push(
        textListing(
          `listRetirableGrants of ${region} ${arn}`,
          "grants",
          grantIdOf,
          (row) => row.region === region && row.retiring === arn,
          (store, after, limit) => store.listRetirableGrants(region, arn, after, limit),
        ),
      );
    }
  }
  return listings;
}

function keyGrantListings(region: string, keyId: string, grantees: readonly string[]): readonly Listing[] {
  const ofKey = (row: GrantRecord) => row.region === region && row.keyId === keyId;
  return [
    textListing(`listGrants of ${region} ${keyId}`, "grants", grantIdOf, ofKey, (store, after, limit) =>
      store.listGrants(region, keyId, after, limit),
    ),
    ...grantees.map((grantee) =>
      textListing(
        `listGranteeGrants of ${region} ${keyId} ${grantee}`,
        "grants",
        grantIdOf,
        (row) => ofKey(row) && row.grantee === grantee,
        (store, after, limit) => store.listGranteeGrants(region, keyId, grantee, after, limit),
      ),
    ),
  ];
}

function grantIdOf({ grantId }: GrantRecord): string {
  return grantId;
}
