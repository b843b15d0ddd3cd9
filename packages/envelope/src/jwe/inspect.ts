import type { EncryptedDataKey } from "../materials/materials.ts";
import { contextParameter, keysParameter, readContext, readKeys } from "./jwe.ts";
import { parseJwe } from "./parse-jwe.ts";

/** What a JWE says of itself. */
export interface JweDescription {
  /** `enc`: the content's algorithm. */
  readonly encryption: string;
  readonly recipients: readonly { readonly algorithm: string; readonly keyId: string | undefined }[];
  /** The content key as keyrings wrapped it; of one that `encryptJwe` made. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  readonly context: ReadonlyMap<string, string>;
  readonly plaintextBytes: number;
}

/**
 * What a JWE says of itself. Nothing of it is authentic.
 *
 * @throws EnvelopeError LimitExceeded, MessageMalformed, PolicyRefused
 */
export function inspectJwe(jwe: string): JweDescription {
  const { protectedHeader: header, recipients, ciphertext } = parseJwe(jwe);
  return {
    encryption: String(recipients[0]?.header["enc"]),
    recipients: recipients.map(({ header: own }) => ({
      algorithm: String(own["alg"]),
      keyId: typeof own["kid"] === "string" ? own["kid"] : undefined,
    })),
    encryptedDataKeys: header[keysParameter] === undefined ? [] : readKeys(header[keysParameter]),
    context: readContext(header[contextParameter]),
    plaintextBytes: ciphertext.length,
  };
}
