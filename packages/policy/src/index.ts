export { contextOperationNames, crossAccountActions, grantOperationNames } from "./actions.ts";
export { authorize } from "./authorize.ts";
export type { CompiledStatement } from "./compiled.ts";
export { defaultKeyPolicy } from "./default-key-policy.ts";
export { evaluatePolicy } from "./evaluate.ts";
export { explainAuthorization, explainPolicy } from "./explain.ts";
export { type IpRange, isWithin, parseIpRange } from "./ip.ts";
export { maxKeyPolicyBytes, parsePolicy } from "./parse.ts";
export { type PasswordPolicy, parsePasswordPolicy, passwordLimits } from "./password-policy.ts";
export {
  findRemedies,
  type LeastGrant,
  type LeastStatement,
  leastGrant,
  leastStatement,
  type Remedy,
  type RemedyStep,
  type RemedySubject,
} from "./remedies.ts";
export { similarActions } from "./similar-actions.ts";
export {
  parseStrictJson,
  type StrictJsonLimits,
  type StrictJsonReason,
  type StrictJsonResult,
} from "./strict-json.ts";
export type {
  AuthorizationDecision,
  AuthorizationInput,
  AuthorizationReason,
  CompiledPolicy,
  ConditionContext,
  ConsideredStatement,
  Effect,
  Evaluation,
  ParseResult,
  PolicyKind,
  PolicyPrincipal,
  PolicyProblem,
  PolicyRequest,
  PolicySource,
  PrincipalMatch,
  StatementExplanation,
  StatementMatch,
} from "./types.ts";
export { compileVaultAcl, refusingVaultAcl } from "./vault-acl/compile-vault-acl.ts";
export { defaultVaultPolicy, responseWrappingVaultPolicy } from "./vault-acl/default-vault-policy.ts";
export { parseVaultTime } from "./vault-acl/durations.ts";
export { vaultPolicyLimits } from "./vault-acl/limits.ts";
export { parseVaultPolicy, type VaultPolicyParseResult } from "./vault-acl/parse-vault-policy.ts";
export type {
  NamedVaultPolicy,
  ResultantRule,
  VaultAcl,
  VaultAclDecision,
  VaultAclOperation,
  VaultAclReason,
  VaultAclRequest,
  VaultAclRule,
  VaultCapability,
  VaultParameterValue,
  VaultParameterValues,
  VaultPolicy,
  VaultPolicyAlias,
  VaultPolicyIdentity,
  VaultPolicyRule,
} from "./vault-acl/types.ts";
export { findVaultRemedy, type VaultRemedy } from "./vault-acl/vault-remedy.ts";
