import type { OperationName } from "../src/kms/codec.ts";

/**
 * The states that a key can be seen in. `Creating` and `Updating` are never visible here: ReplicateKey and
 * UpdatePrimaryRegion are done when they are answered.
 */
export const keyStates = [
  "Enabled",
  "Disabled",
  "PendingDeletion",
  "PendingReplicaDeletion",
  "PendingImport",
  "Unavailable",
] as const;

export type AwsKeyState = (typeof keyStates)[number];

/**
 * What becomes of an operation: `ok`, or an error's name and its words after the key's
 * ARN. `-` where
 * no key of the operation's kind can be in the state.
 */
export const notes = {
  disabled: ["DisabledException", " is disabled."],
  deleting: ["KMSInvalidStateException", " is pending deletion."],
  deletingReplicas: ["KMSInvalidStateException", " is pending replica deletion."],
  notDeleting: ["KMSInvalidStateException", " is not pending deletion."],
  importing: ["KMSInvalidStateException", " is pending import."],
  unavailable: ["KMSInvalidStateException", " is unavailable."],
  imported: ["UnsupportedOperationException", " origin is EXTERNAL which is not valid for this operation."],
  inKeyStore: ["UnsupportedOperationException", " origin is EXTERNAL_KEY_STORE which is not valid for this operation."],
} as const satisfies Record<string, readonly [type: string, words: string]>;

export type Cell = "ok" | "-" | keyof typeof notes;
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell];

const always: Row = ["ok", "ok", "ok", "ok", "ok", "ok"];
/** Metadata that a key which is going away keeps as it is. */
const living: Row = ["ok", "ok", "deleting", "deletingReplicas", "ok", "ok"];
const use: Row = ["ok", "disabled", "deleting", "deletingReplicas", "importing", "unavailable"];
/** Keys in key stores make no data key pairs in any state, says the API reference; the table says unavailable. */
const useNotInStore: Row = ["ok", "disabled", "deleting", "deletingReplicas", "importing", "inKeyStore"];
/** Uses of keys that no key store has. */
const useHere: Row = ["ok", "disabled", "deleting", "deletingReplicas", "importing", "-"];
const switching: Row = ["ok", "ok", "deleting", "deletingReplicas", "importing", "ok"];
const cancelling: Row = ["notDeleting", "notDeleting", "ok", "ok", "notDeleting", "notDeleting"];
const automaticRotation: Row = ["ok", "disabled", "deleting", "deletingReplicas", "imported", "inKeyStore"];
const importing: Row = ["ok", "ok", "deleting", "deletingReplicas", "ok", "inKeyStore"];

/**
 * AWS KMS developer guide: Key states of AWS KMS keys, key state table, as of 2023-04 (the last one that AWS published as
 * text); then the operations that it does not have, by those most like them. Where AWS gives two errors, the one that
 * was recorded.
 */
export const keyStateTable: ReadonlyMap<OperationName, Row> = new Map<OperationName, Row>([
  ["CancelKeyDeletion", cancelling],
  ["CreateAlias", living],
  ["CreateGrant", ["ok", "disabled", "deleting", "deletingReplicas", "importing", "ok"]],
  ["Decapsulate", useHere],
  ["Decrypt", use],
  ["DeleteAlias", always],
  ["DeleteImportedKeyMaterial", ["ok", "ok", "ok", "ok", "ok", "inKeyStore"]],
  ["DeriveSharedSecret", useHere],
  ["DescribeKey", always],
  ["DisableKey", switching],
  ["DisableKeyRotation", automaticRotation],
  ["EnableKey", switching],
  ["EnableKeyRotation", automaticRotation],
  ["Encapsulate", useHere],
  ["Encrypt", use],
  ["GenerateDataKey", use],
  ["GenerateDataKeyPair", useNotInStore],
  ["GenerateDataKeyPairWithoutPlaintext", useNotInStore],
  ["GenerateDataKeyWithoutPlaintext", use],
  ["GenerateMac", useHere],
  ["GetKeyLastUsage", always],
  ["GetKeyPolicy", always],
  ["GetKeyRotationStatus", ["ok", "ok", "ok", "ok", "ok", "inKeyStore"]],
  ["GetParametersForImport", importing],
  ["GetPublicKey", useHere],
  ["ImportKeyMaterial", importing],
  ["ListAliases", always],
  ["ListGrants", always],
  ["ListKeyPolicies", always],
  ["ListKeyRotations", always],
  ["ListResourceTags", always],
  ["PutKeyPolicy", always],
  ["ReEncrypt", use],
  ["ReplicateKey", useHere],
  ["RetireGrant", always],
  ["RevokeGrant", always],
  ["RotateKeyOnDemand", ["ok", "disabled", "deleting", "deletingReplicas", "importing", "inKeyStore"]],
  ["ScheduleKeyDeletion", living],
  ["Sign", useHere],
  ["TagResource", living],
  ["UntagResource", living],
  ["UpdateAlias", living],
  ["UpdateKeyDescription", living],
  ["UpdatePrimaryRegion", useHere],
  ["Verify", useHere],
  ["VerifyMac", useHere],
]);
