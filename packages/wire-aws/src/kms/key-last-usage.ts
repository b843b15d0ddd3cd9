import { getKeyLastUsage } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { epochSeconds } from "./key-metadata.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

/** AWS KMS: GetKeyLastUsage. A key that was not used has an empty `KeyLastUsage`; the time of a use is in whole seconds. */
export const getKeyLastUsageCodec = defineCodec("GetKeyLastUsage", {
  operation: getKeyLastUsage,
  decode: ({ KeyId }, context) => ({ keyId: keyIdOnly(KeyId, context) }),
  encode: ({ key, last, trackedSinceMs }) =>
    encodeOutput<"GetKeyLastUsage">({
      KeyCreationDate: epochSeconds(key.createdAtMs),
      KeyId: key.keyId,
      TrackingStartDate: epochSeconds(trackedSinceMs),
      KeyLastUsage:
        last === undefined
          ? {}
          : {
              Timestamp: Math.floor(epochSeconds(last.usedAtMs)),
              Operation: last.operation,
              KmsRequestId: last.requestId,
              CloudTrailEventId: last.eventId,
            },
    }),
});
