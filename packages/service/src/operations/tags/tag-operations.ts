import type { KeyTag } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { pageLimit } from "../checks.ts";
import { updateKey } from "../keys/update.ts";
import { cutPage, parseMarker } from "../page.ts";
import { anyState, type KeyInput, livingStates, namedKey, type Page, type PageInput } from "../shared.ts";
import { checkTagKey, checkTags, tagConditions } from "./checks.ts";

export interface TagResourceInput extends KeyInput {
  readonly tags: readonly KeyTag[];
}

export interface UntagResourceInput extends KeyInput {
  readonly tagKeys: readonly string[];
}

export interface ListResourceTagsInput extends KeyInput, PageInput {}

/** AWS KMS: TagResource. A tag with a known key replaces it. */
export const tagResource = defineOperation<TagResourceInput, null>({
  name: "TagResource",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:TagResource", livingStates, { customerOnly: true })],
  conditions: ({ tags }) => new Map(tagConditions(tags)),
  record: ({ keyId, tags }) => ({ keyId, tags }),
  async run({ core, keys, input }) {
    checkTags(input.tags);
    const merged = new Map(keys[0]!.record.tags.map(({ key, value }) => [key, value]));
    for (const { key, value } of input.tags) merged.set(key, value);
    const tags = [...merged].map(([key, value]) => ({ key, value }));
    checkTags(tags);
    await updateKey(core, keys[0]!.record, { tags });
    return null;
  },
});

/** AWS KMS: UntagResource. Unknown tag keys are ignored. */
export const untagResource = defineOperation<UntagResourceInput, null>({
  name: "UntagResource",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:UntagResource", livingStates, { customerOnly: true })],
  conditions: ({ tagKeys }) => new Map([["aws:tagkeys", tagKeys]]),
  record: ({ keyId, tagKeys }) => ({ keyId, tagKeys }),
  async run({ core, keys, input }) {
    const removed = new Set(input.tagKeys);
    for (const key of removed) checkTagKey(key);
    const tags = keys[0]!.record.tags.filter(({ key }) => !removed.has(key));
    if (tags.length !== keys[0]!.record.tags.length) await updateKey(core, keys[0]!.record, { tags });
    return null;
  },
});

/** AWS KMS: ListResourceTags. */
export const listResourceTags = defineOperation<ListResourceTagsInput, Page<KeyTag>>({
  name: "ListResourceTags",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:ListResourceTags", anyState)],
  record: ({ keyId, limit, marker }) => ({ keyId, limit, marker }),
  run({ core, keys, input }) {
    const { tags, region, keyId } = keys[0]!.record;
    const listing = `ListResourceTags/${region}/${keyId}`;
    const limit = pageLimit(input.limit, 50);
    const after = parseMarker(core, listing, input.marker);
    const sorted = [...tags].sort((a, b) => (a.key < b.key ? -1 : 1));
    const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after);
    return cutPage(core, listing, rest.slice(0, limit + 1), limit, ({ key }) => key);
  },
});
