import type { PolicyPrincipal, PrincipalMatch } from "./types.ts";

/**
 * How strongly a principal element meets the caller. The order matters: a stronger one decides more (IAM User Guide,
 * "Policy evaluation logic").
 */
export const strength = {
  none: 0,
  /** The account: it leaves the say to the account's identity policies. */
  account: 1,
  /** The role of the session: the session's limits still apply. */
  role: 2,
  /** The user or session itself: a federated session's limits still apply to what names its user. */
  self: 3,
  service: 4,
  wildcard: 5,
  /** The policy has no principal element. */
  unneeded: 6,
} as const;

export type Strength = (typeof strength)[keyof typeof strength];

export const matchNames: readonly PrincipalMatch[] = [
  "none-needed",
  "account",
  "exact",
  "exact",
  "service",
  "wildcard",
  "none-needed",
];

/** A compiled Principal or NotPrincipal element. */
export interface PrincipalMatcher {
  readonly isNegated: boolean;
  readonly isEveryone: boolean;
  /** Accounts named by number or by root ARN. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs of users, roles and sessions. */
  readonly arns: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  /** The unique id of the user or role that an ARN meant when the policy was put. */
  readonly ids: PrincipalIds;
  /** Identity providers. */
  readonly federated: ReadonlySet<string>;
  /** As written, for an explanation. */
  readonly written: readonly string[];
}

/** Unique ids (`AIDA...`, `AROA...`) of users and roles, by ARN. */
export type PrincipalIds = ReadonlyMap<string, string>;

const accountId = /^\d{12}$/;
const rootArn = /^arn:aws:iam::(\d{12}):root$/;
// Names and paths are those of IAM: CreateUser, CreateRole and AssumeRole in the IAM and STS API references.
const identityArn = /^arn:aws:iam::\d{12}:(?:user|role)\/[\x21-\x7e]{1,576}$/;
const sessionArn = /^arn:aws:sts::\d{12}:(?:assumed-role\/[\w+=,.@:-]{1,64}|federated-user)\/[\w+=,.@:-]{2,64}$/;
const serviceName = /^[a-z0-9][a-z0-9.-]{0,127}\.[a-z]{2,}$/;
const wildcard = /[*?]/;

/** Sorts one value of `"AWS"` into the matcher's sets; a string is why it cannot be a principal. */
export function addAwsPrincipal(
  value: string,
  into: { accounts: Set<string>; arns: Set<string>; everyone: boolean },
): string | undefined {
  if (value === "*") into.everyone = true;
  else if (accountId.test(value)) into.accounts.add(value);
  else if (wildcard.test(value)) return "a principal may be * but not have a wildcard within";
  else {
    const account = rootArn.exec(value)?.[1];
    if (account !== undefined) into.accounts.add(account);
    else if ((identityArn.test(value) && !value.endsWith("/")) || sessionArn.test(value)) into.arns.add(value);
    else return "is not an account, or the ARN of an account root, user, role or session";
  }
  return undefined;
}

export function isServiceName(value: string): boolean {
  return serviceName.test(value);
}

export function matchPrincipal(matcher: PrincipalMatcher, principal: PolicyPrincipal): Strength {
  if (matcher.isNegated) return isExempt(matcher, principal) ? strength.none : strength.wildcard;
  if (matcher.isEveryone) return strength.wildcard;
  if (principal.kind === "service") return isNamedService(matcher, principal) ? strength.service : strength.none;
  if (principal.kind === "federated") return isNamedProvider(matcher, principal) ? strength.self : strength.none;
  if (isNamed(matcher, principal.arn, principal)) return strength.self;
  if (principal.kind === "root" && matcher.accounts.has(principal.account)) return strength.self;
  if (principal.roleArn !== undefined && isNamed(matcher, principal.roleArn, principal)) return strength.role;
  return matcher.accounts.has(principal.account) ? strength.account : strength.none;
}

/**
 * NotPrincipal exempts a caller only where it names every level of it, the account, then the role, then the session or
 * user: each level that is not named is denied, and denies what is below (IAM User Guide, "NotPrincipal with Deny").
 */
function isExempt(matcher: PrincipalMatcher, principal: PolicyPrincipal): boolean {
  if (matcher.isEveryone) return true;
  if (principal.kind === "service") return isNamedService(matcher, principal);
  if (principal.kind === "federated") return isNamedProvider(matcher, principal);
  if (!matcher.accounts.has(principal.account)) return false;
  if (principal.kind === "root") return true;
  const roleIsNamed = principal.roleArn === undefined || isNamed(matcher, principal.roleArn, principal);
  return roleIsNamed && isNamed(matcher, principal.arn, principal);
}

/**
 * Whether the policy names `arn` and means this caller: a user or role that was deleted and made anew under the same name
 * is another one (IAM User Guide, "AWS JSON policy elements: Principal").
 */
function isNamed(matcher: PrincipalMatcher, arn: string, { userId }: PolicyPrincipal): boolean {
  if (!matcher.arns.has(arn)) return false;
  const meant = matcher.ids.get(arn);
  // The id of a session is that of its role, a colon and the session's name.
  return meant === undefined || userId === meant || userId?.startsWith(`${meant}:`) === true;
}

function isNamedProvider(matcher: PrincipalMatcher, principal: PolicyPrincipal): boolean {
  return principal.federatedProvider !== undefined && matcher.federated.has(principal.federatedProvider);
}

function isNamedService(matcher: PrincipalMatcher, principal: PolicyPrincipal): boolean {
  return principal.serviceName !== undefined && matcher.services.has(principal.serviceName);
}
