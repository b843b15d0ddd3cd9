import { findTransitType, type TransitTypeRow } from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import type { KeyUsage } from "../../model/key.ts";

/** What Transit does with a key. */
export type TransitUse = "encrypt" | "decrypt" | "sign" | "verify" | "hmac";

interface UseRow {
  /** KMS's usage that allows it to a key which KMS made. */
  readonly usage: KeyUsage;
  readonly fits: (type: TransitTypeRow) => boolean;
  /** OpenBao's words for a key that cannot, by the name of its type. */
  readonly refusal: (type: string) => string;
}

const uses: Readonly<Record<TransitUse, UseRow>> = {
  encrypt: {
    usage: "ENCRYPT_DECRYPT",
    fits: ({ encryption }) => encryption !== undefined,
    refusal: (type) => `message encryption not supported for key type ${type}`,
  },
  decrypt: {
    usage: "ENCRYPT_DECRYPT",
    fits: ({ encryption }) => encryption !== undefined,
    refusal: (type) => `message decryption not supported for key type ${type}`,
  },
  sign: {
    usage: "SIGN_VERIFY",
    fits: ({ signing }) => signing,
    refusal: (type) => `key type ${type} does not support signing`,
  },
  verify: {
    usage: "SIGN_VERIFY",
    fits: ({ signing }) => signing,
    refusal: (type) => `key type ${type} does not support verification`,
  },
  hmac: {
    usage: "GENERATE_VERIFY_MAC",
    fits: () => true,
    refusal: (type) => `key type ${type} does not support HMACs`,
  },
};

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Transit's view of a key. @throws ServiceError InvalidInput for keys that Transit has no type for */
export function transitTypeOf({ record }: KeyEntry): TransitTypeRow {
  return findTransitType(record.spec) ?? refuse(`keys of the spec ${record.spec} cannot be used through Transit`);
}

/**
 * Checks that a key may be used so. A key that Transit made serves for all that its type can do; one that KMS made for its
 * own usage alone, but for HMACs of symmetric encryption keys, which have a key of their own.
 *
 * @throws ServiceError InvalidInput, KeyUsageMismatch
 */
export function checkUse(key: KeyEntry, use: TransitUse, operation: string): TransitTypeRow {
  const type = transitTypeOf(key);
  const { usage, fits, refusal } = uses[use];
  const { transit } = key.record;
  if (transit.softDeleted === true) refuse("refusing to use soft-deleted key");
  if (!fits(type)) refuse(refusal(type.type));
  const isSide = use === "hmac" && type.encryption === "aead";
  if (transit.allUses === true || isSide || key.record.usage === usage) return type;
  throw ServiceError.of("KeyUsageMismatch", { keyArn: key.arn, usage: key.record.usage, operation });
}
