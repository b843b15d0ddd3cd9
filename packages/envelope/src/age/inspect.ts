import { malformed } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { readStanza, stanzaType } from "./age.ts";
import { decodeAgeHeader, endOfHeader } from "./header.ts";

/** A recipient of an age file, as its header names it. */
export interface AgeRecipientDescription {
  /** The stanza's type, such as `X25519`. */
  readonly type: string;
  /** Of a recipient under a keyring. */
  readonly key: EncryptedDataKey | undefined;
  /** What the file key is bound to; of a recipient under a keyring. */
  readonly context: ReadonlyMap<string, string>;
}

/**
 * Who an age file is for. Nothing of it is authentic.
 *
 * @param start the file's beginning, with its header; not armored
 * @throws EnvelopeError InvalidInput, MessageMalformed
 */
export function inspectAge(start: Uint8Array): readonly AgeRecipientDescription[] {
  const text = new TextDecoder("latin1").decode(start);
  const end = endOfHeader(text);
  if (end === undefined) throw malformed("The age file's header is cut off", start.length);
  return decodeAgeHeader(text.slice(0, end)).stanzas.map((stanza) => {
    const [type = ""] = stanza.args;
    if (type !== stanzaType) return { type, key: undefined, context: new Map() };
    return { type, ...readStanza(stanza) };
  });
}
