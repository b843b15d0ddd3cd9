import { base64OfBytes, bytesOfBase64 } from "@coffer/messaging";

/** A device's two public keys as Matrix writes them: base64 without padding. */
export interface IdentityKeys {
  /** What signs. */
  readonly ed25519: string;
  /** What sessions are begun with. */
  readonly curve25519: string;
}

/** A device's keys as Matrix publishes them (specification, `DeviceKeys`); signed by itself. */
export type DeviceKeys = Readonly<Record<string, unknown>>;

const keyBytes = 32;
const maxDeviceKeysCharacters = 8 * 1024;

/** Base64 of the Ed25519 key (32 bytes) and then the Curve25519 key (32 bytes). */
export function identityKeyOf({ ed25519, curve25519 }: IdentityKeys): string {
  const bytes = new Uint8Array(2 * keyBytes);
  bytes.set(Uint8Array.fromBase64(ed25519));
  bytes.set(Uint8Array.fromBase64(curve25519), keyBytes);
  return base64OfBytes(bytes);
}

/** The keys that an identity key has; undefined when it is none. */
export function parseIdentityKey(identityKey: string): IdentityKeys | undefined {
  const bytes = bytesOfBase64(identityKey);
  if (bytes?.length !== 2 * keyBytes) return undefined;
  return {
    ed25519: unpaddedBase64(bytes.subarray(0, keyBytes)),
    curve25519: unpaddedBase64(bytes.subarray(keyBytes)),
  };
}

/** Whether both keys are the same. */
export function isSameIdentity(a: IdentityKeys, b: IdentityKeys): boolean {
  return a.ed25519 === b.ed25519 && a.curve25519 === b.curve25519;
}

/** Base64 as Matrix writes it: without padding. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}

/** The bytes of base64 with or without padding; undefined when it is none. */
export function decodeBase64(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/** Reads `DeviceKeys` from text; undefined when they are too long or no JSON object. */
export function parseDeviceKeys(text: string | undefined): DeviceKeys | undefined {
  if (text === undefined || text.length > maxDeviceKeysCharacters) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object that is no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
