import type { Core } from "../core.ts";
import type { KeyRecord } from "../model/key.ts";
import type { Write } from "../ports/store.ts";

/** Rows of one kind that one transaction deletes at most. */
export const pageRows = 500;

/** The writes that delete versions of a key's material, whatever they are by now. */
export function deletionsOfVersions(region: string, keyId: string, versions: Iterable<number>): Write[] {
  return Array.from(
    versions,
    (version): Write => ({ op: "delete", table: "keyVersions", key: { region, keyId, version }, revision: "any" }),
  );
}

/** The writes that delete a key's record, what is known of its use, and its aliases. */
export async function deletionsOfKey(core: Core, key: KeyRecord): Promise<Write[]> {
  const { account, region, keyId, revision } = key;
  const aliases = await core.store.listKeyAliases(account, region, keyId, undefined, pageRows);
  return [
    { op: "delete", table: "keys", key: { region, keyId }, revision },
    { op: "delete", table: "keyUsages", key: { region, keyId }, revision: "any" },
    ...aliases.map(
      ({ name }): Write => ({ op: "delete", table: "aliases", key: { account, region, name }, revision: "any" }),
    ),
  ];
}
