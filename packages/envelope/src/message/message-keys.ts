import { platform } from "#platform";
import { concatBytes, uint16Bytes, utf8 } from "../bytes.ts";
import type { PlaintextDataKey } from "../data-key.ts";
import { EnvelopeError } from "../errors.ts";
import type { AesGcmKey } from "../platform/platform.ts";
import type { Suite } from "../suites.ts";
import { commitmentBytes } from "./header.ts";

/** What a message's own key is, and what commits to it. */
export interface MessageKeys {
  readonly messageKey: AesGcmKey;
  readonly commitment: Uint8Array | undefined;
}

/**
 * Derives a message's key and commitment from its data key. Source: AWS Encryption SDK specification,
 * framework/transitive-requirements.md, "HKDF Encryption Key" and "HKDF Commit Key".
 *
 * @throws EnvelopeError InvalidInput when the data key has not the suite's length
 */
export async function deriveMessageKeys(
  suite: Suite,
  dataKey: PlaintextDataKey,
  messageId: Uint8Array,
): Promise<MessageKeys> {
  if (dataKey.byteLength !== suite.keyBytes) {
    throw new EnvelopeError(
      "InvalidInput",
      `The data key has ${dataKey.byteLength} bytes, and ${suite.name} needs ${suite.keyBytes}.`,
    );
  }
  const hash = suite.kdfHash;
  if (hash === undefined) {
    return { messageKey: await dataKey.use((bytes) => platform.aesGcmKey(bytes)), commitment: undefined };
  }
  const suiteId = uint16Bytes(suite.id);
  const salt = suite.commits ? messageId : new Uint8Array(0);
  const info = concatBytes(suiteId, suite.commits ? utf8("DERIVEKEY") : messageId);
  const derived = await dataKey.use((bytes) => platform.hkdf(hash, bytes, salt, info, suite.keyBytes));
  try {
    const messageKey = await platform.aesGcmKey(derived);
    const commitment = suite.commits
      ? await dataKey.use((bytes) => platform.hkdf(hash, bytes, salt, utf8("COMMITKEY"), commitmentBytes))
      : undefined;
    return { messageKey, commitment };
  } finally {
    derived.fill(0);
  }
}
