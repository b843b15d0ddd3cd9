/** What a rule of a Vault policy can give. `scan` is OpenBao's recursive list. */
export type VaultCapability = "create" | "read" | "update" | "patch" | "delete" | "list" | "scan" | "sudo" | "deny";

/** What a request wants to do with its path; each needs the capability of that name. */
export type VaultAclOperation = "create" | "read" | "update" | "patch" | "delete" | "list" | "scan";

/** A value of `allowed_parameters` or `denied_parameters`, as JSON has it. */
export type VaultParameterValue =
  | string
  | number
  | boolean
  | null
  | readonly VaultParameterValue[]
  | { readonly [name: string]: VaultParameterValue };

/** The values of each parameter name, in lower case; an empty list stands for every value. */
export type VaultParameterValues = ReadonlyMap<string, readonly VaultParameterValue[]>;

/** One `path` block as written; what is absent is not restricted. */
export interface VaultPolicyRule {
  /** As written, with its templates, and without the leading `/`. */
  readonly path: string;
  /** The line of the policy that the block starts on, from 1. */
  readonly line: number;
  /** `["deny"]` alone where the rule denies. */
  readonly capabilities: readonly VaultCapability[];
  readonly allowedParameters?: VaultParameterValues;
  readonly deniedParameters?: VaultParameterValues;
  readonly requiredParameters?: readonly string[];
  readonly minWrappingTtlSeconds?: number;
  readonly maxWrappingTtlSeconds?: number;
  readonly paginationLimit?: number;
  readonly expiresAtMs?: number;
}

/** A policy that was parsed. */
export interface VaultPolicy {
  readonly rules: readonly VaultPolicyRule[];
  /** Whether a path has a template, so that what the policy says depends on who asks. */
  readonly templated: boolean;
}

/** Whose values fill the templates of a policy's paths. */
export interface VaultPolicyIdentity {
  readonly entity?: {
    readonly id: string;
    readonly name: string;
    readonly metadata: Readonly<Record<string, string>>;
    readonly aliases: readonly VaultPolicyAlias[];
  };
  /** The groups that the entity is in, inherited ones too. */
  readonly groups?: readonly {
    readonly id: string;
    readonly name: string;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
}

/** An alias of an entity: its name at one auth mount. */
export interface VaultPolicyAlias {
  readonly mountAccessor: string;
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customMetadata: Readonly<Record<string, string>>;
}

/** One policy of a token. */
export interface NamedVaultPolicy {
  /** In lower case. The policy `root` allows everything, whatever is in it. */
  readonly name: string;
  readonly policy: VaultPolicy;
  /** Lets values with a slash fill templates, and so reach into deeper paths; off unless the operator says so. */
  readonly allowSlashesInTemplates?: boolean;
  /** Lets `*` and `+` in values act as wildcards; off unless the operator says so. */
  readonly allowWildcardsInTemplates?: boolean;
  /** When the whole policy ends; its rules may end before. */
  readonly expiresAtMs?: number;
}

/** A request as a Vault ACL sees it. */
export interface VaultAclRequest {
  /** Below `/v1/`; a list's ends in `/` as in the original. */
  readonly path: string;
  /**
   * Where the path names something whose case does not count: the path in lower case. It must be allowed as well, by the
   * same rules in lower case, so that another spelling gets round none of them.
   */
  readonly foldedPath?: string;
  readonly operation: VaultAclOperation;
  /** The body's or the query's parameters. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The life of the wrapping token that the request asks for; absent when it asks for none. */
  readonly wrapTtlSeconds?: number;
  /** The time that `expiration` is compared with. Without it, grants that can expire do not count, and denials do. */
  readonly nowMs?: number;
}

/** A rule that took part in a decision. */
export interface VaultAclRule {
  readonly policy: string;
  readonly line: number;
  /** As written in the policy. */
  readonly path: string;
  readonly capabilities: readonly VaultCapability[];
}

/** Why a decision is as it is. */
export type VaultAclReason =
  | "root"
  | "allowed"
  /** The token's entity is disabled or gone: no policy counts. */
  | "entity"
  /** The auth method that the token is of was disabled or moved: no policy counts. */
  | "authMethod"
  /** No rule is for the path. */
  | "noRule"
  /** A rule for the path says `deny`. */
  | "deny"
  /** The rules for the path lack the capability. */
  | "capability"
  /** A required parameter is absent, one is denied, or one is not among the allowed ones. */
  | "parameter"
  /** The answer must be wrapped, or for longer, or for less long. */
  | "wrapping"
  /** `limit` of a list is absent where it is required, no number, negative or too large. */
  | "pagination";

/** What a Vault ACL says to one request. */
export interface VaultAclDecision {
  readonly allowed: boolean;
  /** Whether the path's rules give `sudo`, which root-protected paths ask for besides. */
  readonly sudo: boolean;
  readonly wanted: VaultCapability;
  readonly reason: VaultAclReason;
  /** The parameter that refused the request, as the request or the policy names it. */
  readonly parameter?: string;
  /** Present, of what is allowed, where the rules have something to say of parameters. */
  readonly constrained?: true;
  /** The value that must stand in for the request's `limit`: `pagination_limit`, or 0 (none) for `limit=max`. */
  readonly limit?: number;
  /** The rules that made the effective one, in the order of the policies. */
  readonly rules: readonly VaultAclRule[];
}

/** What the rules for one path, or one beginning of paths, come to. */
export interface ResultantRule {
  /** Without the `*` at its end. */
  readonly path: string;
  readonly isPrefix: boolean;
  /** Sorted; `["deny"]` where nothing may be done. */
  readonly capabilities: readonly VaultCapability[];
  readonly allowedParameters?: VaultParameterValues;
  readonly deniedParameters?: VaultParameterValues;
  readonly requiredParameters: readonly string[];
  /** 0 where the answer need not be wrapped. */
  readonly minWrappingTtlSeconds: number;
  readonly maxWrappingTtlSeconds: number;
}

/** What a token's policies allow together. */
export interface VaultAcl {
  readonly root: boolean;
  /** Names of the policies that were asked for, those that are gone too. */
  readonly policies: readonly string[];
  decide(request: VaultAclRequest): VaultAclDecision;
  /** Whether anything may be done at `path`, which ends in a slash, or at some path below it. */
  reachesBelow(path: string, nowMs?: number): boolean;
  /** The rules for exact paths and for beginnings of paths, each as all policies together make it; not those with `+`. */
  resultantRules(nowMs?: number): readonly ResultantRule[];
  /** As sys/capabilities gives them: sorted, `["root"]`, or `["deny"]` where there is none. */
  capabilities(path: string, nowMs?: number): readonly string[];
}
