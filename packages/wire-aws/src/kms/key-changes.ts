import {
  cancelKeyDeletion,
  disableKey,
  enableKey,
  type RequestContext,
  scheduleKeyDeletion,
  updateKeyDescription,
} from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import { arnOf, epochSeconds, keyStateName } from "./key-metadata.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

function decodeKeyId({ KeyId }: { readonly KeyId: string }, context: RequestContext) {
  return { keyId: keyIdOnly(KeyId, context) };
}

/** AWS KMS: EnableKey. */
export const enableKeyCodec = defineCodec("EnableKey", {
  operation: enableKey,
  decode: decodeKeyId,
  encode: encodeNothing,
});

/** AWS KMS: DisableKey. */
export const disableKeyCodec = defineCodec("DisableKey", {
  operation: disableKey,
  decode: decodeKeyId,
  encode: encodeNothing,
});

/** AWS KMS: UpdateKeyDescription. */
export const updateKeyDescriptionCodec = defineCodec("UpdateKeyDescription", {
  operation: updateKeyDescription,
  decode: (input, context) => ({ ...decodeKeyId(input, context), description: input.Description }),
  encode: encodeNothing,
});

/** AWS KMS: ScheduleKeyDeletion. */
export const scheduleKeyDeletionCodec = defineCodec("ScheduleKeyDeletion", {
  operation: scheduleKeyDeletion,
  decode: (input, context) => ({ ...decodeKeyId(input, context), pendingWindowDays: input.PendingWindowInDays }),
  encode: ({ key }) =>
    encodeOutput<"ScheduleKeyDeletion">({
      KeyId: arnOf(key),
      ...(key.deletionAtMs === undefined ? {} : { DeletionDate: epochSeconds(key.deletionAtMs) }),
      KeyState: keyStateName(key.state),
      PendingWindowInDays: key.pendingWindowDays,
    }),
});

/** AWS KMS: CancelKeyDeletion. */
export const cancelKeyDeletionCodec = defineCodec("CancelKeyDeletion", {
  operation: cancelKeyDeletion,
  decode: decodeKeyId,
  encode: ({ key }) => encodeOutput<"CancelKeyDeletion">({ KeyId: arnOf(key) }),
});
