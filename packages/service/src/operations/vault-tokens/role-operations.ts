import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { sanitisePolicies } from "../../vault/issue-token.ts";
import { goDuration, maxTtlSeconds } from "../../vault/token-ttl.ts";
import { checkAddresses } from "../vault-auth/token-params.ts";
import { lowerNames } from "./texts.ts";
import { refuseInput, tokenOperation } from "./token-operation.ts";
import {
  findTokenRole,
  newTokenRole,
  type TokenRole,
  type TokenRoleType,
  tokenRoleArea,
  tokenRoleNames,
} from "./token-role.ts";

interface RoleName {
  readonly name: string;
}

const record = ({ name }: RoleName) => ({ role: name });

/** Parameters of a role as they were given; `type` is any text. */
export interface TokenRoleChanges extends Partial<Omit<TokenRole, "name" | "type" | "token" | "old">> {
  readonly type?: string;
  readonly token: Partial<TokenRole["token"]>;
  /** What was given by an old name. */
  readonly old: Partial<TokenRole["old"]>;
}

const types: ReadonlySet<string> = new Set<TokenRoleType>(["service", "batch", "default-service", "default-batch"]);

/**
 * Makes or changes a token role (Vault API: auth/token/roles; OpenBao, internal/vault/token_store.go:
 * `tokenStoreRoleCreateUpdate`, whose words the refusals have).
 *
 * @returns warnings. Errors: InvalidInput, LimitExceeded.
 */
const writeTokenRole = tokenOperation<RoleName & { readonly changes: TokenRoleChanges }, readonly string[]>({
  name: "WriteVaultTokenRole",
  readOnly: false,
  record,
  async run({ core, input: { name, changes } }) {
    const entry = await findTokenRole(core, name);
    const role = changeRole(entry?.value ?? newTokenRole(name), changes);
    const max = limits.vaultTokenRoleBytes.value;
    if (Buffer.byteLength(JSON.stringify(role)) > max) {
      const { name: limit } = limits.vaultTokenRoleBytes;
      throw ServiceError.of("LimitExceeded", { limit, max, reason: `a token role has at most ${max} bytes` });
    }
    await core.commit(
      entry === undefined
        ? core.vaultEntries.replace(tokenRoleArea, name, role)
        : [core.vaultEntries.update(entry, role)],
    );
    return warningsOf(role, changes);
  },
});

function changeRole(now: TokenRole, changes: TokenRoleChanges): TokenRole {
  checkPathSuffix(changes.pathSuffix ?? "");
  const { type: givenType, token, old, ...plain } = changes;
  const type = givenType ?? now.type;
  if (!isType(type)) refuseInput(`invalid 'token_type' value ${JSON.stringify(type.slice(0, 64))}`);
  checkAddresses(token.boundCidrs ?? []);
  checkAddresses(old.boundCidrs ?? []);
  if ((token.numUses ?? 0) < 0) refuseInput("error parsing role fields: 'token_num_uses' cannot be negative");
  // The old name counts where the new one was not given; the new one makes the old one forgotten.
  const olds = { ...now.old, ...old };
  const role: TokenRole = {
    ...now,
    ...plain,
    allowedPolicies: sanitisePolicies(plain.allowedPolicies ?? now.allowedPolicies, false),
    allowedPoliciesGlob: sanitisePolicies(plain.allowedPoliciesGlob ?? now.allowedPoliciesGlob, false),
    disallowedPolicies: lowerNames(plain.disallowedPolicies ?? now.disallowedPolicies),
    disallowedPoliciesGlob: lowerNames(plain.disallowedPoliciesGlob ?? now.disallowedPoliciesGlob),
    allowedEntityAliases:
      plain.allowedEntityAliases == null ? now.allowedEntityAliases : lowerNames(plain.allowedEntityAliases),
    type,
    token: { ...now.token, ...old, ...token },
    old: {
      boundCidrs: token.boundCidrs === undefined ? olds.boundCidrs : [],
      explicitMaxTtl: token.explicitMaxTtl === undefined ? olds.explicitMaxTtl : 0,
      period: token.period === undefined ? olds.period : 0,
    },
  };
  if (role.type === "batch") checkBatch(role);
  return role;
}

function isType(text: string): text is TokenRoleType {
  return types.has(text);
}

function checkPathSuffix(suffix: string): void {
  if (suffix !== "" && (!/[A-Za-z0-9_][\w.-]+[A-Za-z0-9_]/.test(suffix) || /[^\x21-\x7e]/.test(suffix))) {
    refuseInput("given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w");
  }
  if (suffix.includes("..")) refuseInput("error registering path suffix: path cannot contain parent references");
}

function checkBatch({ orphan, renewable, token }: TokenRole): void {
  const words = "'token_type' cannot be 'batch' when role is set to generate";
  if (!orphan) refuseInput(`${words} non-orphan tokens`);
  if (token.period !== 0) refuseInput(`${words} periodic tokens`);
  if (renewable) refuseInput(`${words} renewable tokens`);
  if (token.explicitMaxTtl !== 0) refuseInput(`${words} tokens with an explicit max TTL`);
}

function warningsOf({ token }: TokenRole, { token: given, old }: TokenRoleChanges): string[] {
  const twice = (["period", "boundCidrs", "explicitMaxTtl"] as const).filter(
    (name) => given[name] !== undefined && old[name] !== undefined,
  );
  const names = { period: "period", boundCidrs: "bound_cidrs", explicitMaxTtl: "explicit_max_ttl" } as const;
  const warnings = twice.map(
    (name) =>
      `Both 'token_${names[name]}' and deprecated '${names[name]}' value supplied, ignoring the deprecated value`,
  );
  if (token.explicitMaxTtl > maxTtlSeconds) {
    warnings.push(
      `Given explicit max TTL of ${token.explicitMaxTtl} is greater than the ${goDuration(maxTtlSeconds)} that any token lives; tokens of this role live for that`,
    );
  }
  return warnings;
}

/** Vault API: auth/token/roles, read. @returns undefined when there is none */
const readTokenRole = tokenOperation<RoleName, TokenRole | undefined>({
  name: "ReadVaultTokenRole",
  readOnly: true,
  record,
  run: async ({ core, input }) => (await findTokenRole(core, input.name))?.value,
});

/** Vault API: auth/token/roles, delete. One that is not there is no error. */
const deleteTokenRole = tokenOperation<RoleName, null>({
  name: "DeleteVaultTokenRole",
  readOnly: false,
  record,
  async run({ core, input }) {
    const entry = await findTokenRole(core, input.name);
    if (entry !== undefined) await core.commit([core.vaultEntries.delete(entry)]);
    return null;
  },
});

/** Vault API: auth/token/roles, list, by name; at most `limits.authNames`. */
const listTokenRoles = tokenOperation<{ readonly after: string; readonly limit: number }, readonly string[]>({
  name: "ListVaultTokenRoles",
  readOnly: true,
  record: () => ({}),
  run: ({ core, input }) => tokenRoleNames(core, input.after, input.limit),
});

/** What there is of token roles. */
export const tokenRoleOperations = {
  delete: deleteTokenRole,
  list: listTokenRoles,
  read: readTokenRole,
  write: writeTokenRole,
} as const;
