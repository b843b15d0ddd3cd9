import { type KeyTag, listResourceTags, tagResource, untagResource } from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import type { Tag } from "./generated/types.ts";
import { encodePage } from "./page.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

/** The core's tags from AWS's. */
export function decodeTags(tags: readonly Tag[]): KeyTag[] {
  return tags.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue }));
}

/** AWS's tags from the core's. */
export function encodeTags(tags: readonly KeyTag[]): Tag[] {
  return tags.map(({ key, value }) => ({ TagKey: key, TagValue: value }));
}

/** AWS KMS: TagResource. */
export const tagResourceCodec = defineCodec("TagResource", {
  operation: tagResource,
  decode: ({ KeyId, Tags }, context) => ({ keyId: keyIdOnly(KeyId, context), tags: decodeTags(Tags) }),
  encode: encodeNothing,
});

/** AWS KMS: UntagResource. */
export const untagResourceCodec = defineCodec("UntagResource", {
  operation: untagResource,
  decode: ({ KeyId, TagKeys }, context) => ({ keyId: keyIdOnly(KeyId, context), tagKeys: TagKeys }),
  encode: encodeNothing,
});

/** AWS KMS: ListResourceTags. */
export const listResourceTagsCodec = defineCodec("ListResourceTags", {
  operation: listResourceTags,
  decode: ({ KeyId, Limit, Marker }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) =>
    encodeOutput<"ListResourceTags">({
      Tags: encodeTags(page.items),
      ...encodePage(page),
    }),
});
