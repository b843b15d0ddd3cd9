import type { KeyObject } from "node:crypto";
import { encodeIdentity, SecretBytes, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import { limits } from "../limits.ts";
import type { IamTag, PrincipalSession } from "../model/principal.ts";

/** What a session token says. It is sealed: whoever holds it can neither read nor change it, and nothing is stored. */
export interface SessionFacts extends PrincipalSession {
  readonly accessKeyId: string;
  readonly account: string;
  /** The user, role or root that the session is of. */
  readonly principalArn: string;
  /** The unique id of it: one that was made anew under the same name is another. */
  readonly principalId: string;
  /** Session policies: the text of one, ARNs of managed ones. */
  readonly policy?: string;
  readonly policyArns: readonly string[];
  readonly tags: readonly IamTag[];
}

/** An opened token. */
export interface OpenedSession {
  readonly facts: SessionFacts;
  readonly secretAccessKey: SecretBytes;
}

/** Characters of a secret access key. */
export const secretAccessKeyChars = 40;

const identity = encodeIdentity(["coffer session token v1"]);
const tokenPattern = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Seals a session into a token: the secret access key, then the facts in JSON, under AES-256-GCM with a key of its own.
 *
 * @param secretAccessKey 40 characters of base64; the caller disposes of it
 * @returns base64, or undefined when it would be longer than a request may carry
 */
export function sealSession(key: KeyObject, secretAccessKey: SecretBytes, facts: SessionFacts): string | undefined {
  using payload = secretAccessKey.use((secret) =>
    SecretBytes.takeFrom(Buffer.concat([secret, Buffer.from(JSON.stringify(facts))])),
  );
  const token = wrapKeyMaterial(key, payload, identity).toString("base64");
  return token.length > limits.sessionTokenChars.value ? undefined : token;
}

/**
 * Opens a token that {@link sealSession} made with this key. The caller disposes of the secret.
 *
 * @returns undefined for anything else, whatever is wrong with it
 */
export function openSession(key: KeyObject, token: string): OpenedSession | undefined {
  if (token.length > limits.sessionTokenChars.value || !tokenPattern.test(token)) return undefined;
  const payload = unwrapKeyMaterial(key, Buffer.from(token, "base64"), identity);
  if (payload === undefined) return undefined;
  using opened = payload;
  return opened.use((bytes) => ({
    facts: JSON.parse(bytes.toString("utf8", secretAccessKeyChars)) as SessionFacts,
    secretAccessKey: SecretBytes.takeFrom(Buffer.from(bytes.subarray(0, secretAccessKeyChars))),
  }));
}
