import { findKeySpec, type KeySpecUsage } from "@coffer/crypto";
import type { KeyRecord } from "../model/key.ts";

/** An operation that a grant can allow (AWS KMS developer guide: grant operations). */
export interface GrantOperationRow {
  /** The IAM action without its prefix `kms:`. */
  readonly name: string;
  /** The usage that a key must have; absent when any will do. */
  readonly usage?: KeySpecUsage;
  /** What the key's material must be: raw bytes or a pair; absent when either will do. */
  readonly kind?: "secret" | "pair";
  /** With symmetric keys it has an encryption context, which constraints look at. */
  readonly hasContext: boolean;
}

function row(name: string, more: Partial<GrantOperationRow> = {}): GrantOperationRow {
  return { name, hasContext: false, ...more };
}

const encryption = { usage: "ENCRYPT_DECRYPT", hasContext: true } as const;
const dataKeys = { ...encryption, kind: "secret" } as const;
const signing = { usage: "SIGN_VERIFY" } as const;
const macs = { usage: "GENERATE_VERIFY_MAC" } as const;
const encapsulation = { usage: "ENCAPSULATE_DECAPSULATE" } as const;

const rows: readonly GrantOperationRow[] = [
  row("CreateGrant"),
  row("Decapsulate", encapsulation),
  row("Decrypt", encryption),
  row("DeriveSharedSecret", { usage: "KEY_AGREEMENT" }),
  row("DescribeKey"),
  row("Encapsulate", encapsulation),
  row("Encrypt", encryption),
  row("GenerateDataKey", dataKeys),
  row("GenerateDataKeyPair", dataKeys),
  row("GenerateDataKeyPairWithoutPlaintext", dataKeys),
  row("GenerateDataKeyWithoutPlaintext", dataKeys),
  row("GenerateMac", macs),
  row("GetPublicKey", { kind: "pair" }),
  row("ReEncryptFrom", encryption),
  row("ReEncryptTo", encryption),
  row("RetireGrant"),
  row("Sign", signing),
  row("Verify", signing),
  row("VerifyMac", macs),
];

/** The operations that grants can allow, by their names in `CreateGrant`. */
export const grantOperations: ReadonlyMap<string, GrantOperationRow> = new Map(rows.map((each) => [each.name, each]));

const byAction: ReadonlyMap<string, GrantOperationRow> = new Map(rows.map((each) => [`kms:${each.name}`, each]));

/** The grant operation of an IAM action, such as `kms:Decrypt`; undefined for an action that no grant allows. */
export function grantOperationOf(action: string): GrantOperationRow | undefined {
  return byAction.get(action);
}

/** Whether a key can do what a grant operation allows. */
export function supportsGrantOperation({ spec, usage }: KeyRecord, operation: GrantOperationRow): boolean {
  if (operation.usage !== undefined && operation.usage !== usage) return false;
  return operation.kind === undefined || operation.kind === findKeySpec(spec)?.kind;
}
