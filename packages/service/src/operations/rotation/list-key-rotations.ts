import { type KeyVersionRecord, materialRegion } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { regionsWithoutPending } from "../imports/rotate-imported.ts";
import { cutPage, parseMarker } from "../page.ts";
import { anyState, type KeyInput, namedKey, type Page, type PageInput } from "../shared.ts";

export interface ListKeyRotationsInput extends KeyInput, PageInput {
  /** Also the first material, which no rotation made, and one that waits for its rotation. */
  readonly allMaterial?: boolean | undefined;
}

export interface KeyRotationsPage extends Page<KeyVersionRecord> {
  readonly currentVersion: number;
  readonly arn: string;
  /** Whether the materials were imported, and so may expire or be gone. */
  readonly isImported: boolean;
  /** Whether the material that waits for its rotation is missing in some region of a multi-Region key. */
  readonly isPendingImport: boolean;
}

/** AWS KMS: ListKeyRotations. Completed rotations, oldest first. */
export const listKeyRotations = defineOperation<ListKeyRotationsInput, KeyRotationsPage>({
  name: "ListKeyRotations",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:ListKeyRotations", anyState)],
  record: ({ keyId, limit, marker }) => ({ keyId, limit, marker }),
  async run({ core, keys, input }) {
    const key = keys[0]!;
    const { region, keyId, currentVersion } = key.record;
    const listing = `ListKeyRotations/${region}/${keyId}/${input.allMaterial === true}`;
    const limit = pageLimit(input.limit, 100);
    const marker = parseMarker(core, listing, input.marker);
    const after = marker === undefined ? (input.allMaterial === true ? 0 : 1) : Number(marker);
    const rows = await core.store.listKeyVersions(materialRegion(key.record), keyId, after, limit + 1);
    const page = cutPage(core, listing, rows, limit, ({ version }) => String(version));
    const items = page.items.filter(({ version }) => input.allMaterial === true || version <= currentVersion);
    return {
      ...page,
      items,
      currentVersion,
      arn: key.arn,
      isImported: key.record.origin === "EXTERNAL",
      isPendingImport: (await regionsWithoutPending(core, key.record)).length > 0,
    };
  },
});
