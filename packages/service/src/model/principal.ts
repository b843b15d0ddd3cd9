import type { CompiledPolicy } from "@coffer/policy";

export type PrincipalKind = "root" | "user" | "role";

/** A stored identity. The account root is implicit and has no record. */
export interface PrincipalRecord {
  readonly arn: string;
  readonly account: string;
  readonly kind: PrincipalKind;
  readonly name: string;
  /** AWS's unique id, such as `AIDA...`. */
  readonly principalId: string;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** A SigV4 access key. The secret is wrapped by the keyring. */
export interface AccessKeyRecord {
  readonly accessKeyId: string;
  readonly principalArn: string;
  readonly account: string;
  readonly wrappingKeyId: string;
  readonly wrappedSecret: Uint8Array;
  readonly active: boolean;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** A bearer token (Vault token and REST bearer alike). Only a digest is stored: tokens carry 192 random bits or more. */
export interface TokenRecord {
  /** Lower-case hex SHA-256 of the token. */
  readonly digest: string;
  readonly accessor: string;
  readonly principalArn: string;
  readonly account: string;
  readonly displayName: string;
  /** Vault's names of the token's policies, such as `root`. */
  readonly vaultPolicies: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  readonly revision: number;
}

/** An identity policy attached to a principal. */
export interface IdentityPolicyRecord {
  readonly principalArn: string;
  readonly name: string;
  readonly document: string;
  readonly revision: number;
}

/** Who calls, as the core sees it. A wire only builds it by asking the directory. */
export interface Principal {
  readonly arn: string;
  readonly account: string;
  readonly kind: PrincipalKind;
  /** User or role name; `root` for the account root. */
  readonly name: string;
  /** AWS's unique id; the account id for the root. */
  readonly principalId: string;
  readonly identityPolicies: readonly CompiledPolicy[];
  /** The access key that signed, for the audit record. */
  readonly accessKeyId?: string;
  /** The token that was shown, for Vault's self lookup; never the token itself. */
  readonly token?: TokenRecord;
}
