import { addressName, type DeviceAddress } from "../addresses.ts";
import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload } from "../key-bundle.ts";
import { isCurve25519Key } from "./curve25519-key.ts";
import { isEd25519Signed } from "./ed25519-signed.ts";
import { labelledContent, type ReadKeyPackage, readKeyPackage, type SignedPart } from "./key-package.ts";
import { refuseKeys } from "./refuse-keys.ts";

/** The name of MLS's set: key packages that go out once, and one of last resort (RFC 9420, sections 10 and 16.8). */
export const mlsSet = "keyPackage";

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (RFC 9420, section 17.1), which all implementations have. */
const cipherSuite = 1;
const signatureKeyBytes = 32;
const maxKeyPackageBytes = 16 * 1024;

/**
 * MLS's keys: the identity key is the signature public key of the device's leaf, 32 bytes of Ed25519. Each key of `keyPackage`
 * is an MLSMessage with a key package: of suite 1, its leaf and itself signed by the identity key, its two HPKE keys different
 * ones, its credential `basic` with `USER/DEVICE` in UTF-8. Source: RFC 9420, sections 5.1.2, 7.2, 7.3, 10 and 10.1. A
 * lifetime is for those to judge who add the device.
 */
export function checkMlsKeys(
  identityKey: string,
  { details, sets }: KeyUpload,
  owner: DeviceAddress | undefined,
): void {
  const signer = bytesOfBase64(identityKey);
  if (signer?.length !== signatureKeyBytes) throw refuseKeys("the identity key is no Ed25519 key");
  if (details !== undefined) throw refuseKeys("MLS publishes no details");
  for (const [name, { lastResort, oneTime }] of Object.entries(sets)) {
    if (name !== mlsSet) throw refuseKeys("a set of keys is unknown");
    for (const { key } of [...(lastResort === undefined ? [] : [lastResort]), ...oneTime]) {
      checkKeyPackage(signer, key, owner);
    }
  }
}

function checkKeyPackage(signer: Uint8Array, key: string, owner: DeviceAddress | undefined): void {
  const bytes = bytesOfBase64(key);
  const read = bytes && bytes.length <= maxKeyPackageBytes ? readKeyPackage(bytes) : undefined;
  if (read === undefined) throw refuseKeys("a key package is malformed");
  if (read.cipherSuite !== cipherSuite) throw refuseKeys("a key package is of another cipher suite");
  if (!isSame(read.signatureKey, signer)) throw refuseKeys("a key package is not of the identity key");
  if (!isSigned(signer, "LeafNodeTBS", read.leafNode) || !isSigned(signer, "KeyPackageTBS", read.keyPackage)) {
    throw refuseKeys("a key package is not signed by the identity key");
  }
  if (!isCurve25519Key(read.initKey) || !isCurve25519Key(read.encryptionKey)) {
    throw refuseKeys("a key package has a key that is no Curve25519 key");
  }
  if (isSame(read.initKey, read.encryptionKey)) throw refuseKeys("a key package has one key twice");
  checkOwner(read, owner);
}

function checkOwner({ identity }: ReadKeyPackage, owner: DeviceAddress | undefined): void {
  if (identity === undefined) throw refuseKeys("a key package has another credential than a basic one");
  if (owner !== undefined && !isSame(identity, new TextEncoder().encode(addressName(owner)))) {
    throw refuseKeys("a key package is another device's");
  }
}

function isSigned(signer: Uint8Array, label: string, { content, signature }: SignedPart): boolean {
  return isEd25519Signed(signer, labelledContent(label, content), signature);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
