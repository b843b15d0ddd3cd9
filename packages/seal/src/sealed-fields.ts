import type { KeyObject } from "node:crypto";
import { encodeIdentity, type SecretBytes, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import type { SealedRootKey } from "@coffer/service";

/** A seal's own parameters, beside the wrapped root key. */
export type SealParams = Readonly<Record<string, string | number>>;

const wrappedField = "wrapped";

/** Wraps a root key under a seal's key. Kind and parameters are authenticated with it. */
export function wrapRootKey(key: KeyObject, kind: string, params: SealParams, rootKey: SecretBytes): SealedRootKey {
  const wrapped = wrapKeyMaterial(key, rootKey, sealIdentity(kind, params));
  return { kind, fields: { ...params, [wrappedField]: wrapped.toString("base64") } };
}

/** Unwraps a root key. Undefined for every cause of failure alike. */
export function unwrapRootKey(key: KeyObject, { kind, params, wrapped }: ParsedSeal): SecretBytes | undefined {
  return unwrapKeyMaterial(key, wrapped, sealIdentity(kind, params));
}

/** A sealed root key of the right shape; nothing in it is trusted yet. */
export interface ParsedSeal {
  readonly kind: string;
  readonly params: SealParams;
  readonly wrapped: Uint8Array;
}

/**
 * Takes a stored root key apart. It comes from the database, which whoever writes to it may have changed.
 *
 * @returns undefined when it is of another kind or has another shape
 */
export function parseSealed(sealed: SealedRootKey, kind: string): ParsedSeal | undefined {
  const fields: unknown = sealed.fields;
  if (sealed.kind !== kind || typeof fields !== "object" || fields === null) return undefined;
  if (!Object.entries(fields).every(([name, value]) => name.isWellFormed() && isFieldValue(value))) return undefined;
  const { [wrappedField]: encoded, ...params } = fields as SealParams;
  const wrapped = decodeBase64(encoded);
  return wrapped === undefined ? undefined : { kind, params, wrapped };
}

/** Decodes canonical base64; undefined for anything else. */
export function decodeBase64(value: unknown): Buffer | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}

function isFieldValue(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && value.isWellFormed());
}

/** Names kind and parameters so that none can be changed, added or left out. */
function sealIdentity(kind: string, params: SealParams): Buffer {
  const named = Object.entries(params)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, value]) => [name, typeof value, String(value)]);
  return encodeIdentity(["coffer sealed root key v1", kind, ...named]);
}
