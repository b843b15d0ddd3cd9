import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { grantOperations, supportsGrantOperation } from "../../grants/grant-operations.ts";
import { isSymmetricEncryption } from "../../keys/symmetric.ts";
import { limits } from "../../limits.ts";
import type { ContextPairs, GrantConstraints, GrantRecord } from "../../model/grant.ts";
import type { KeyRecord } from "../../model/key.ts";

/** @throws ServiceError InvalidInput kind `validation` */
export function refuseGrant(reason: string, member?: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason, ...(member === undefined ? {} : { member }) });
}

/** @throws ServiceError InvalidInput unless the key can do all of the operations, and there is one besides CreateGrant */
export function checkGrantOperations(key: KeyRecord, operations: readonly string[]): void {
  if (operations.length === 0) refuseGrant("Operations must not be empty.", "operations");
  for (const name of operations) {
    const operation = grantOperations.get(name);
    if (operation === undefined) refuseGrant(`${name} is not an operation that a grant can allow.`, "operations");
    if (!supportsGrantOperation(key, operation)) {
      refuseGrant(`Operation ${name} is not valid for key spec ${key.spec} and key usage ${key.usage}.`, "operations");
    }
  }
  // AWS's words, as seen in an issue of ansible/ansible (pull request 31960, 2019).
  if (operations.every((name) => name === "CreateGrant")) {
    refuseGrant("Grants must not contain only the CreateGrant operation.", "operations");
  }
}

function pairsOf(pairs: ContextPairs | undefined): ContextPairs | undefined {
  return pairs === undefined || Object.keys(pairs).length === 0 ? undefined : pairs;
}

/** The constraints of a request. Empty ones are none: Terraform sends both kinds, one of them empty. */
export function readConstraints({
  encryptionContextSubset,
  encryptionContextEquals,
  sourceArn,
}: {
  readonly [M in keyof GrantConstraints]?: GrantConstraints[M] | undefined;
} = {}): GrantConstraints {
  const subset = pairsOf(encryptionContextSubset);
  const equal = pairsOf(encryptionContextEquals);
  return {
    ...(subset === undefined ? {} : { encryptionContextSubset: subset }),
    ...(equal === undefined ? {} : { encryptionContextEquals: equal }),
    ...(sourceArn === undefined ? {} : { sourceArn }),
  };
}

/** @throws ServiceError InvalidInput when constraints are too many, too long, or for a key without encryption context */
export function checkConstraints(key: KeyRecord, constraints: GrantConstraints): void {
  const { encryptionContextSubset, encryptionContextEquals } = constraints;
  if (encryptionContextSubset !== undefined && encryptionContextEquals !== undefined) {
    // AWS's words, as the Terraform provider quotes them (internal/service/kms/grant.go).
    refuseGrant("More than one constraint supplied", "constraints");
  }
  const pairs = encryptionContextSubset ?? encryptionContextEquals;
  if (pairs === undefined) return;
  if (!isSymmetricEncryption(key)) {
    refuseGrant("Encryption context constraints are supported on symmetric encryption keys only.", "constraints");
  }
  const { grantConstraintPairs, grantConstraintChars } = limits;
  const entries = Object.entries(pairs);
  if (entries.length > grantConstraintPairs.value) {
    refuseGrant(
      `A grant constraint has at most ${grantConstraintPairs.value} encryption context pairs.`,
      "constraints",
    );
  }
  if (entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > grantConstraintChars.value) {
    refuseGrant(`A grant constraint has at most ${grantConstraintChars.value} characters.`, "constraints");
  }
  if (!entries.every(([name, value]) => name.isWellFormed() && value.isWellFormed())) {
    refuseGrant("EncryptionContext must be valid Unicode.", "constraints");
  }
}

const grantIdPattern = /^[0-9a-f]{1,128}$/;

/**
 * A grant of a key by its id.
 *
 * @throws ServiceError InvalidInput kind `grantId` for what cannot be an id; NotFound
 */
export async function findGrant(core: Core, { region, keyId }: KeyRecord, grantId: string): Promise<GrantRecord> {
  checkGrantId(grantId);
  const grant = await core.store.findGrant(region, keyId, grantId);
  if (grant === undefined) throw ServiceError.of("NotFound", { resource: "grant", id: grantId });
  return grant;
}

/** @throws ServiceError InvalidInput kind `grantId` for what cannot be an id */
export function checkGrantId(grantId: string): void {
  if (grantIdPattern.test(grantId)) return;
  throw ServiceError.of("InvalidInput", { kind: "grantId", reason: "The grant ID is not valid.", member: "grantId" });
}
