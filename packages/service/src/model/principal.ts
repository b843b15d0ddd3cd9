import type { CompiledPolicy } from "@coffer/policy";

/**
 * `assumed-role`: a session of a role. A session of a user or of the root is of their kind. `federated`: whom a web
 * identity token stands for, in the one call that shows it. `vault`: the holder of a token that the Vault API made.
 */
export type PrincipalKind = "root" | "user" | "role" | "assumed-role" | "federated" | "vault";

/** A tag of a principal, a policy or a session. Keys differ when their lower-case forms do (IAM: Tag). */
export interface IamTag {
  readonly key: string;
  readonly value: string;
}

/** A stored identity. The account root is implicit and has no record. */
export interface PrincipalRecord {
  readonly arn: string;
  readonly account: string;
  readonly kind: "user" | "role";
  readonly name: string;
  /** AWS's unique id, such as `AIDA...`. */
  readonly principalId: string;
  readonly createdAtMs: number;
  readonly revision: number;
  /** `/`, or of the form `/division/team/`; part of the ARN. */
  readonly path: string;
  readonly description: string;
  readonly tags: readonly IamTag[];
  /** Who may assume the role, as it was put; absent for users, and for roles that nobody may assume. */
  readonly trustPolicy?: string;
  /** The unique ids of the users and roles that the trust policy names, by ARN, as they were when it was put. */
  readonly trustPrincipals?: Readonly<Record<string, string>>;
  /** How long a session of the role may last, 3,600 to 43,200; absent means 3,600. */
  readonly maxSessionSeconds?: number;
  /** The managed policy that bounds what the principal's policies can allow. */
  readonly boundaryArn?: string;
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
  /** Digest of the token that made this one: it goes with it. Absent for orphans. */
  readonly parentDigest?: string;
  /** Under which `sys/leases` shows it: where it was made, and random hex. Absent for those that the Vault API did not make. */
  readonly leaseId?: string;
  /** Present for tokens that the Vault API made: their ACL policies decide, and not those of an IAM principal. */
  readonly vault?: VaultTokenFacts;
  readonly revision: number;
}

/** What Vault knows of its own tokens (Vault API: auth/token, lookup). */
export interface VaultTokenFacts {
  readonly type: "service" | "batch";
  /** Where it was made, such as `auth/token/create` or `auth/approle/login`. */
  readonly path: string;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly renewable: boolean;
  /** Seconds; 0 means for ever. */
  readonly creationTtl: number;
  /** Seconds; 0 means none. */
  readonly explicitMaxTtl: number;
  /** Seconds; 0 means that it is not periodic. */
  readonly period: number;
  /** Seconds that renewals may keep it for, by role or mount; absent means that there is no other bound than the server's. */
  readonly maxTtl?: number;
  /** Uses that are left; 0 means any number, -1 that the last one is under way. */
  readonly numUses: number;
  /** Empty when it has none. */
  readonly entityId: string;
  /** Networks that it may be used from; empty means any. */
  readonly boundCidrs: readonly string[];
  /** The token role that made it. */
  readonly role?: string;
  /** SHA-256 in hex of the TLS certificate that it was got with. */
  readonly certificateDigest?: string;
  readonly lastRenewedAtMs?: number;
  /** Seconds that the last renewal gave: what the next one gives unless it asks for something else. */
  readonly renewedTtl?: number;
}

/** An identity policy attached to a principal. */
export interface IdentityPolicyRecord {
  readonly principalArn: string;
  readonly name: string;
  readonly document: string;
  readonly revision: number;
}

/** Which ARN a name of an account has: names are unique whatever their path is. */
export interface IamNameRecord {
  readonly account: string;
  readonly kind: IamNameKind;
  readonly name: string;
  readonly arn: string;
  readonly revision: number;
}

export type IamNameKind = "user" | "role" | "policy";

/** A managed policy of an account. */
export interface ManagedPolicyRecord {
  /** `arn:aws:iam::ACCOUNT:policy/PATH/NAME` */
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly path: string;
  /** `ANPA...` */
  readonly policyId: string;
  readonly description: string;
  readonly tags: readonly IamTag[];
  /** The version that applies: its document is below `PolicyVersionRecord`. */
  readonly defaultVersion: number;
  /** The newest version that there ever was; numbers are not used again. */
  readonly newestVersion: number;
  /** How many users and roles it is attached to. */
  readonly attachments: number;
  /** How many users and roles it bounds. */
  readonly boundaryUses: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly revision: number;
}

/** One version of a managed policy, never changed. */
export interface PolicyVersionRecord {
  readonly policyArn: string;
  readonly version: number;
  readonly document: string;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** A managed policy on a principal. */
export interface PolicyAttachmentRecord {
  readonly principalArn: string;
  /** Of a policy of the account, or of AWS (`arn:aws:iam::aws:policy/NAME`). */
  readonly policyArn: string;
  readonly revision: number;
}

/** An OpenID Connect provider whose tokens may stand for credentials (STS: AssumeRoleWithWebIdentity). */
export interface OidcProviderRecord {
  /** `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH` */
  readonly arn: string;
  readonly account: string;
  /** The issuer without its scheme: `HOST/PATH`. */
  readonly url: string;
  /** Audiences that are accepted. */
  readonly clientIds: readonly string[];
  /** Kept and given back; certificates are checked against the trusted authorities. */
  readonly thumbprints: readonly string[];
  readonly tags: readonly IamTag[];
  readonly createdAtMs: number;
  readonly revision: number;
}

/** What makes a request's credentials temporary ones. */
export interface PrincipalSession {
  /** `getSessionToken`: of a user or the root; they may call little of STS and nothing of IAM (STS: GetSessionToken). */
  readonly origin: "assumeRole" | "webIdentity" | "getSessionToken";
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** The role session's name. */
  readonly name?: string;
  readonly sourceIdentity?: string;
  /** ARN of the OpenID Connect provider. */
  readonly federatedProvider?: string;
  /** Keys of the session tags that go on to the next role. */
  readonly transitiveTagKeys: readonly string[];
}

/** What a web identity token says that was found to be real. */
export interface Federation {
  /** The issuer without its scheme: what the condition keys of its claims begin with. */
  readonly provider: string;
  /** The client that the token was given to: `azp`, else `aud`. */
  readonly audience: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Who calls, as the core sees it. A wire only builds it by asking the directory. */
export interface Principal {
  readonly arn: string;
  readonly account: string;
  readonly kind: PrincipalKind;
  /** User or role name; `root` for the account root. */
  readonly name: string;
  /** AWS's unique id; the account id for the root; `AROA...:SESSION` for a session of a role. */
  readonly principalId: string;
  /** Inline and managed. */
  readonly identityPolicies: readonly CompiledPolicy[];
  /** The role behind an assumed-role session. */
  readonly roleArn?: string;
  /** Absent where there are none; an empty list allows nothing. */
  readonly sessionPolicies?: readonly CompiledPolicy[];
  readonly boundary?: CompiledPolicy;
  /** The principal's tags; those of the session hide the role's. Absent means none. */
  readonly tags?: readonly IamTag[];
  /** Present for kind `federated`. */
  readonly federation?: Federation;
  /** Present with temporary credentials. */
  readonly session?: PrincipalSession;
  /** The access key that signed, for the audit record. */
  readonly accessKeyId?: string;
  /** The token that was shown, for Vault's self lookup; never the token itself. */
  readonly token?: TokenRecord;
}
