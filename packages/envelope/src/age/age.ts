import { PlaintextDataKey } from "../data-key.ts";
import { decodeContext, type EncryptionContext, parseContext, serializeContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput, malformed } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { keyringMaterials } from "../materials/keyring-materials.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { defaultMaxEncryptedDataKeys } from "../options.ts";
import { suites } from "../suites.ts";
import { type AgeStanza, decodeBase64, encodeBase64, fileKeyBytes } from "./header.ts";

/** Who an age file is for: what the npm package `age-encryption` takes as a recipient. */
export interface AgeRecipient {
  /** @param fileKey 16 bytes; stays the caller's */
  wrapFileKey(fileKey: Uint8Array): Promise<AgeStanza[]>;
}

/** Who opens an age file: what the npm package `age-encryption` takes as an identity. */
export interface AgeIdentity {
  /** @returns the file key, for the caller to wipe; null when no stanza is for it */
  unwrapFileKey(stanzas: readonly AgeStanza[]): Promise<Uint8Array | null>;
}

/** A keyring for age files. */
export interface AgeKeyringOptions {
  readonly keyring: Keyring;
  /** What the file key is bound to; it stands in the file's header. */
  readonly context?: EncryptionContext;
}

/** The type of our stanzas. Source: C2SP age, which leaves types with a domain to its owner. */
export const stanzaType = "coffer.dev/envelope";

/** A file key has 16 bytes (C2SP age, "File key"): as the data keys of this suite. */
const fileKeySuite = suites.get(0x0114)!;

/**
 * A recipient of age files whose key stays in a server: a stanza for each key of the keyring. It goes together with other
 * recipients, such as X25519. A stanza has the keyring's name for its kind of key, the key's name and, unless it is empty,
 * the context as the AWS Encryption SDK serializes it, both in base64, and the file key as the server wrapped it.
 *
 * @throws EnvelopeError InvalidInput; its method ServiceRefused, ServiceUnavailable
 */
export function ageRecipient({ keyring, context: given = {} }: AgeKeyringOptions): AgeRecipient {
  const context = parseContext(given);
  return {
    async wrapFileKey(fileKey) {
      if (fileKey.length !== fileKeyBytes) throw invalidInput(`An age file key has ${fileKeyBytes} bytes.`);
      using dataKey = PlaintextDataKey.takeFrom(Uint8Array.from(fileKey));
      const keys = await keyring.wrapDataKey(dataKey, { suite: fileKeySuite, context });
      if (keys.length === 0) throw new EnvelopeError("KeyUnavailable", "No keyring wrapped the file key.");
      const contextArgs = context.size === 0 ? [] : [encodeBase64(serializeContext(context))];
      return keys.map(({ providerId, providerInfo, ciphertext }) => ({
        args: [stanzaType, providerId, encodeBase64(providerInfo), ...contextArgs],
        body: ciphertext,
      }));
    },
  };
}

/**
 * Opens age files that are for keys of a keyring. Identities that cost no call are better added before it.
 *
 * @throws EnvelopeError InvalidInput; its method KeyUnavailable, ContextMismatch, LimitExceeded, MessageMalformed
 */
export function ageIdentity({ keyring, context: expected = {} }: AgeKeyringOptions): AgeIdentity {
  const expectedContext = parseContext(expected);
  return {
    async unwrapFileKey(stanzas) {
      const ours = stanzas.filter(({ args }) => args[0] === stanzaType).map(readStanza);
      if (ours.length === 0) return null;
      // Each may be a call.
      if (ours.length > defaultMaxEncryptedDataKeys) {
        throw new EnvelopeError("LimitExceeded", `The file has more than ${defaultMaxEncryptedDataKeys} wrapped keys.`);
      }
      const problems: string[] = [];
      for (const { key, context } of ours) {
        const request = { suite: fileKeySuite, context, encryptedDataKeys: [key], expectedContext };
        try {
          using materials = await keyringMaterials({ keyring }).forDecryption(request);
          return materials.dataKey.use((bytes) => Uint8Array.from(bytes));
        } catch (error) {
          if (!(error instanceof EnvelopeError) || error.code !== "KeyUnavailable") throw error;
          problems.push(...error.problems);
        }
      }
      // None was of a key of this keyring: another identity may still open the file.
      if (problems.length === 0) return null;
      throw new EnvelopeError("KeyUnavailable", `No key opens the file: ${problems.join("; ")}.`, { problems });
    },
  };
}

/** @throws EnvelopeError MessageMalformed */
export function readStanza({ args, body }: AgeStanza): { key: EncryptedDataKey; context: ReadonlyMap<string, string> } {
  const [, providerId, info, contextText = ""] = args;
  if (providerId === undefined || info === undefined || args.length > 4) {
    throw malformed("The file's stanza for a key server is malformed", 0);
  }
  const context = decodeContext(decodeBase64(contextText), 0);
  return { key: { providerId, providerInfo: decodeBase64(info), ciphertext: body }, context };
}
