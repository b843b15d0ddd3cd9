import { bytesOfBase64 } from "./base64.ts";
import { MessagingError } from "./errors.ts";
import type { KeyBundle, PublicPreKey } from "./key-bundle.ts";

const keyIdPattern = /^[A-Za-z0-9._=+/-]{1,64}$/;
const setNamePattern = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;
/** More key sets than any protocol has. */
const maxSets = 8;
const maxDetailsCharacters = 64 * 1024;

type BundleKey = PublicPreKey & { readonly lastResort: boolean };

/**
 * Reads a bundle that came from outside, for its form alone: whether its keys are its identity's the protocol says.
 *
 * @throws MessagingError BundleRefused
 */
export function parseKeyBundle(value: unknown): KeyBundle {
  const { identityKey, details, sets } = recordOf(value);
  if (!isBase64(identityKey)) throw refused("its identity key is no base64");
  if (details !== undefined && (typeof details !== "string" || details.length > maxDetailsCharacters)) {
    throw refused("its details are no text, or too long");
  }
  const entries = Object.entries(recordOf(sets));
  if (entries.length > maxSets) throw refused("it has too many sets of keys");
  // No prototype: names are the sender's.
  const read: Record<string, BundleKey> = Object.create(null) as Record<string, BundleKey>;
  for (const [name, key] of entries) {
    if (!setNamePattern.test(name)) throw refused("a set's name is none");
    read[name] = readKey(recordOf(key));
  }
  return { identityKey, ...(details !== undefined && { details }), sets: { ...read } };
}

function readKey({ keyId, key, signature, lastResort }: Readonly<Record<string, unknown>>): BundleKey {
  if (typeof keyId !== "string" || !keyIdPattern.test(keyId)) throw refused("a key's id is none");
  if (!isBase64(key)) throw refused("a key is no base64");
  if (signature !== undefined && !isBase64(signature)) throw refused("a signature is no base64");
  return { keyId, key, ...(signature !== undefined && { signature }), lastResort: lastResort === true };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused("a part of it is no object");
  return value as Readonly<Record<string, unknown>>;
}

function isBase64(value: unknown): value is string {
  return typeof value === "string" && (bytesOfBase64(value)?.length ?? 0) > 0;
}

function refused(why: string): MessagingError {
  return new MessagingError("BundleRefused", `The key bundle is refused: ${why}.`);
}
