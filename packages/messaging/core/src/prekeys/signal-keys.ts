import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload, PublicPreKey } from "../key-bundle.ts";
import { isCurve25519Key } from "./curve25519-key.ts";
import { refuseKeys } from "./refuse-keys.ts";
import { verifyXeddsa } from "./xeddsa.ts";

const ecKeyBytes = 33;
const ecKeyType = 5;
// ML-KEM-1024's round 3 predecessor, Kyber1024, with its type byte.
const kyberKeyBytes = 1569;
const kyberKeyType = 8;
const signatureBytes = 64;

/** Names of Signal's sets: curve keys that go out once; the signed prekey; Kyber keys, of which one is the last resort. */
export const signalSets = { preKey: "preKey", signedPreKey: "signedPreKey", kyberPreKey: "kyberPreKey" } as const;

interface SetRule {
  readonly bytes: number;
  readonly type: number;
  readonly signed: boolean;
}

const rules: ReadonlyMap<string, SetRule> = new Map([
  [signalSets.preKey, { bytes: ecKeyBytes, type: ecKeyType, signed: false }],
  [signalSets.signedPreKey, { bytes: ecKeyBytes, type: ecKeyType, signed: true }],
  [signalSets.kyberPreKey, { bytes: kyberKeyBytes, type: kyberKeyType, signed: true }],
]);

/**
 * Signal's keys: the identity key is 33 bytes, a type byte and a Curve25519 key. Signed prekeys and Kyber prekeys are signed by it
 * (XEdDSA over the serialized key); one-time curve keys are not (Signal: "The PQXDH Key Agreement Protocol", section 3.2).
 */
export function checkSignalKeys(identityKey: string, { sets }: KeyUpload): void {
  const identity = bytesOfBase64(identityKey);
  if (identity?.[0] !== ecKeyType || !isCurve25519Key(identity.subarray(1)))
    throw refuseKeys("the identity key is no Curve25519 key");
  for (const [name, { lastResort, oneTime }] of Object.entries(sets)) {
    const rule = rules.get(name);
    if (rule === undefined) throw refuseKeys("a set of keys is unknown");
    for (const key of [...(lastResort === undefined ? [] : [lastResort]), ...oneTime]) {
      checkKey(identity.subarray(1), rule, key);
    }
  }
}

function checkKey(identity: Uint8Array, { bytes, type, signed }: SetRule, prekey: PublicPreKey): void {
  const key = bytesOfBase64(prekey.key);
  if (key?.length !== bytes || key[0] !== type) throw refuseKeys("a key has another length or type");
  if (type === ecKeyType && !isCurve25519Key(key.subarray(1))) throw refuseKeys("a key is no Curve25519 key");
  if (!signed) return;
  const signature = bytesOfBase64(prekey.signature);
  if (signature?.length !== signatureBytes || !verifyXeddsa(identity, key, signature)) {
    throw refuseKeys("a key is not signed by the identity key");
  }
}
