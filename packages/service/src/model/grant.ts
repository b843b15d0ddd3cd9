/** Name-value pairs, as an encryption context has them. */
export type ContextPairs = Readonly<Record<string, string>>;

/** What a request must have so that a grant allows it (AWS KMS API: GrantConstraints). At most one is about the context. */
export interface GrantConstraints {
  /** Pairs that the encryption context must have, among others. */
  readonly encryptionContextSubset?: ContextPairs;
  /** The pairs that the encryption context must have, and no others. */
  readonly encryptionContextEquals?: ContextPairs;
  /** The resource on behalf of which the request must be made. */
  readonly sourceArn?: string;
}

/** A permission to use one key, given to one principal (AWS KMS API: GrantListEntry). Never changed, only made and deleted. */
export interface GrantRecord {
  readonly region: string;
  readonly keyId: string;
  /** 64 lower-case hex digits. */
  readonly grantId: string;
  /** The ARN of a user, role, session or account root, or the name of a service. */
  readonly grantee: string;
  /** The unique id behind `grantee`: a later user or role of the same name gets nothing. */
  readonly granteeId?: string;
  /** Who may retire the grant: as `grantee`. */
  readonly retiring?: string;
  readonly retiringId?: string;
  /** Names of grant operations, such as `Decrypt` (`grantOperations`). */
  readonly operations: readonly string[];
  readonly constraints: GrantConstraints;
  /** 12 digits: the account of whoever made the grant. */
  readonly issuingAccount: string;
  readonly name?: string;
  /** For a grant with a name, the digest that its `GrantNameRecord` has. */
  readonly nameDigest?: string;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** Keeps a named grant from being made twice: one row for each name and set of parameters on a key. */
export interface GrantNameRecord {
  readonly region: string;
  readonly keyId: string;
  /** Lower-case hex SHA-256 over all that a request to make the grant says. */
  readonly nameDigest: string;
  readonly grantId: string;
  readonly revision: number;
}
