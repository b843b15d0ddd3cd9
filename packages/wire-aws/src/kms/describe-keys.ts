import { describeKey, listKeys, providePredefined } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { arnOf, keyMetadata } from "./key-metadata.ts";
import { encodePage } from "./page.ts";

/** AWS KMS: DescribeKey. A predefined alias of a service (`alias/aws/s3`) gets its key when it is described. */
export const describeKeyCodec = defineCodec("DescribeKey", {
  operation: describeKey,
  decode: ({ KeyId }) => ({ keyId: KeyId }),
  before: (core, { keyId }, request) => providePredefined(core, keyId, request),
  encode: ({ key, unavailable }) => encodeOutput<"DescribeKey">({ KeyMetadata: keyMetadata(key, unavailable) }),
});

/** AWS KMS: ListKeys. No account shares keys with another one through RAM here. */
export const listKeysCodec = defineCodec("ListKeys", {
  operation: listKeys,
  decode: ({ Limit, Marker }) => ({ limit: Limit, marker: Marker }),
  encode(page, { ResourceOwners }) {
    if (ResourceOwners !== undefined && !ResourceOwners.includes("SELF")) {
      return encodeOutput<"ListKeys">({ Keys: [], Truncated: false });
    }
    const keys = page.items.map((key) => ({ KeyId: key.keyId, KeyArn: arnOf(key) }));
    return encodeOutput<"ListKeys">({ Keys: keys, ...encodePage(page) });
  },
});
