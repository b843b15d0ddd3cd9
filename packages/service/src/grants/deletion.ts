import type { GrantRecord } from "../model/grant.ts";
import type { Write } from "../ports/store.ts";

/** The writes that delete a grant and, where it has one, its name. */
export function deletionOf({ region, keyId, grantee, grantId, nameDigest, revision }: GrantRecord): Write[] {
  const grant: Write = { op: "delete", table: "grants", key: { region, keyId, grantee, grantId }, revision };
  if (nameDigest === undefined) return [grant];
  return [grant, { op: "delete", table: "grantNames", key: { region, keyId, nameDigest }, revision: "any" }];
}
