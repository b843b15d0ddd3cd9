import type { ActionIndex, CompiledStatement } from "./compiled.ts";

/**
 * What a policy hangs on. A `key` policy must name principals; the others (on a user or role, on an STS session, or the
 * most that an identity may have) must not. A `trust` policy says who may assume the role that it hangs on: it must name
 * principals and must not name resources.
 */
export type PolicyKind = "identity" | "key" | "session" | "boundary" | "trust";

export type Effect = "Allow" | "Deny";

/** Why a document was refused, fit to be shown to whoever wrote it. */
export type PolicyProblem = {
  /** Position of the statement, from 0; absent when the problem is outside of statements. */
  statement?: number;
  /** The statement's Sid, where it has one. */
  sid?: string;
  /** Where in the document, as `Statement[1].Condition.StringEquals`; empty for the document itself. */
  path: string;
  reason: string;
};

export type ParseResult = { ok: true; policy: CompiledPolicy } | { ok: false; problem: PolicyProblem };

/** A checked and compiled policy document. Immutable; made only by `parsePolicy`; meant to be cached and shared. */
export interface CompiledPolicy {
  readonly kind: PolicyKind;
  /** `2012-10-17` or `2008-10-17`; a document without `Version` is the latter. */
  readonly version: string;
  readonly statements: readonly CompiledStatement[];
  /** Internal: which statements cover an action. */
  readonly actions: ActionIndex;
}

/**
 * The values of condition keys for one request. `key` arrives in lower case (`aws:sourceip`, `kms:viaservice`,
 * `kms:encryptioncontext:department`), so a `Map` with lower-case keys is one. Undefined and an empty list both mean
 * that the request has no such key. Single-valued keys answer a list of one.
 */
export interface ConditionContext {
  get(key: string): readonly string[] | undefined;
}

/** Who asks. */
export interface PolicyPrincipal {
  /** The caller's own ARN: for a session `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
  readonly arn: string;
  /** The 12-digit account. */
  readonly account: string;
  readonly kind: "root" | "user" | "role" | "assumed-role" | "service" | "federated";
  /** The role behind an assumed-role session: `arn:aws:iam::ACCOUNT:role/PATH/ROLE`. */
  readonly roleArn?: string;
  /** `AIDA...` or `AROA...:SESSION`, for `${aws:userid}`. */
  readonly userId?: string;
  /** `s3.amazonaws.com`, for kind `service`. */
  readonly serviceName?: string;
  /** ARN of the identity provider that vouches for the caller, for kind `federated`. */
  readonly federatedProvider?: string;
}

export interface PolicyRequest {
  /** `kms:Encrypt` */
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  readonly principal: PolicyPrincipal;
  readonly context: ConditionContext;
}

/**
 * How a statement's principal met the caller: `none-needed` in policies without principals, `exact` when it named the
 * caller (or the role of the caller's session), `account` when it named the caller's account, `wildcard` for `*` (and
 * for a NotPrincipal that does not exempt the caller), `service` for a service principal.
 */
export type PrincipalMatch = "none-needed" | "exact" | "account" | "wildcard" | "service";

export type StatementMatch = {
  readonly effect: Effect;
  /** Position in the policy, from 0. */
  readonly statement: number;
  readonly sid?: string;
  readonly principalMatch: PrincipalMatch;
};

export interface Evaluation {
  /** The first Deny statement that matches. */
  readonly denies: StatementMatch | undefined;
  /** The strongest Allow statement that matches: one that names everybody or the caller before one that names its account. */
  readonly allows: StatementMatch | undefined;
  /** A key policy statement allows the caller by itself: it names the caller, its role, its service or `*`. */
  readonly allowsExactly: boolean;
  /** A key policy statement names the caller's account, and so leaves the say to that account's identity policies. */
  readonly allowsAccount: boolean;
  /**
   * As `allowsExactly`, but the statement names the user or session itself (not the role of a session), a service or `*`:
   * boundaries and session policies do not limit it.
   */
  readonly allowsDirectly: boolean;
}

/** Why a statement did or did not match: the first of its elements that failed. */
export interface StatementExplanation {
  readonly statement: number;
  readonly sid?: string;
  readonly effect: Effect;
  readonly matched: boolean;
  readonly failed?: {
    readonly element: "Principal" | "Action" | "Resource" | "Condition";
    /** The condition operator as written, `StringEqualsIfExists`. */
    readonly operator?: string;
    /** The condition key as written. */
    readonly key?: string;
    /** What the policy asks for, with variables filled in. */
    readonly expected?: readonly string[];
    /** What the request has; absent when it has no such key. */
    readonly actual?: readonly string[];
  };
}

export type PolicySource = "key-policy" | "identity-policy" | "session-policy" | "boundary" | "grant";

/** A statement of one of the policies of a request. */
export interface ConsideredStatement extends StatementExplanation {
  readonly source: PolicySource;
  /** Position in `identityPolicies` or `sessionPolicies`. */
  readonly policy?: number;
}

export interface AuthorizationInput {
  readonly request: PolicyRequest;
  /** The key's policy; absent for an action without a key, where identity policies alone decide. */
  readonly keyPolicy?: CompiledPolicy;
  /** The account that owns the key; needed with `keyPolicy`. */
  readonly keyAccount?: string;
  readonly identityPolicies: readonly CompiledPolicy[];
  /** Absent for a caller without session policies; an empty list allows nothing. */
  readonly sessionPolicies?: readonly CompiledPolicy[];
  readonly boundary?: CompiledPolicy;
  /** A grant of the key lets this caller do this, its constraints included. */
  readonly grantAllows?: boolean;
}

/**
 * `explicit-deny`: a statement says Deny. `key-policy`, `grant`, `identity-policy`, `account-root`: what allowed it.
 * The other reasons say which Allow was missing: `implicit-deny` from everybody, `identity-implicit-deny` from the
 * caller's own account in a cross-account request, `session-implicit-deny` and `boundary-implicit-deny` from those.
 * `cross-account-unsupported`: AWS has no such action on a key of another account.
 */
export type AuthorizationReason =
  | "explicit-deny"
  | "key-policy"
  | "grant"
  | "identity-policy"
  | "account-root"
  | "implicit-deny"
  | "identity-implicit-deny"
  | "session-implicit-deny"
  | "boundary-implicit-deny"
  | "cross-account-unsupported";

export type AuthorizationDecision = {
  readonly allowed: boolean;
  readonly reason: AuthorizationReason;
  /** The statement (or grant) that decided; absent when nothing matched. */
  readonly by?: {
    readonly source: PolicySource;
    /** Position in `identityPolicies` or `sessionPolicies`. */
    readonly policy?: number;
    readonly statement?: number;
    readonly sid?: string;
  };
};
