import type { KeyObject } from "node:crypto";
import { encodeIdentity, SecretBytes, sha256Hex, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import { limits } from "../limits.ts";
import type { TokenRecord, VaultTokenFacts } from "../model/principal.ts";

/** A batch token before it is sealed: it has no digest until then, and never an accessor or a lease. */
export type BatchTokenRecord = Omit<TokenRecord, "digest"> & { readonly vault: VaultTokenFacts };

export const batchTokenPrefix = "hvb.";

const identity = encodeIdentity(["coffer vault batch token v1"]);
const sealedPattern = /^[A-Za-z0-9_-]+$/;

/**
 * Seals all that a batch token says into the token, under AES-256-GCM with a key of its own: whoever holds it can neither
 * read nor change it, and nothing is stored (Vault: batch tokens).
 *
 * @returns undefined when it would be longer than a request may carry
 */
export function sealBatchToken(key: KeyObject, record: BatchTokenRecord): string | undefined {
  using payload = SecretBytes.takeFrom(Buffer.from(JSON.stringify(record)));
  const token = `${batchTokenPrefix}${Buffer.from(wrapKeyMaterial(key, payload, identity)).toString("base64url")}`;
  return token.length > limits.batchTokenChars.value ? undefined : token;
}

/** Opens a token that {@link sealBatchToken} made with this key. @returns undefined for anything else */
export function openBatchToken(key: KeyObject, token: string): TokenRecord | undefined {
  const sealed = token.slice(batchTokenPrefix.length);
  if (token.length > limits.batchTokenChars.value || !sealedPattern.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, "base64url");
  // One text for each token: characters that decoding passes over make no other one.
  if (bytes.toString("base64url") !== sealed) return undefined;
  using payload = unwrapKeyMaterial(key, bytes, identity);
  if (payload === undefined) return undefined;
  const record = payload.use((opened) => JSON.parse(opened.toString("utf8")) as BatchTokenRecord);
  return { ...record, digest: sha256Hex(token) };
}
