import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { maxTtlSeconds } from "../../../vault/token-ttl.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";
import { changeTokenParams, plainTokenParams, type TokenParamChanges, type TokenParams } from "../token-params.ts";
import { type Claims, valuesOf } from "./claims.ts";

/** A role of JWT logins (Vault API: auth/jwt/role). Times are seconds. */
export interface JwtRole {
  readonly boundAudiences: readonly string[];
  readonly boundSubject: string;
  readonly boundClaims: Claims;
  readonly boundClaimsType: "string" | "glob";
  readonly claimMappings: Readonly<Record<string, string>>;
  readonly userClaim: string;
  readonly userClaimJsonPointer: boolean;
  readonly groupsClaim: string;
  /** 0 means the usual, less means none. */
  readonly expirationLeeway: number;
  readonly notBeforeLeeway: number;
  readonly clockSkewLeeway: number;
  readonly token: TokenParams;
  /** Parameters by their old names, and those of OIDC that mean nothing here: kept to be shown, as the wire has them. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What a write of a role gives. */
export type JwtRoleChanges = Partial<Omit<JwtRole, "token" | "boundClaimsType" | "shown">> & {
  readonly boundClaimsType: string;
  readonly token: TokenParamChanges;
  /** null forgets one. */
  readonly shown: Readonly<Record<string, unknown>>;
};

const plainRole: JwtRole = {
  boundAudiences: [],
  boundSubject: "",
  boundClaims: {},
  boundClaimsType: "string",
  claimMappings: {},
  userClaim: "",
  userClaimJsonPointer: false,
  groupsClaim: "",
  expirationLeeway: 0,
  notBeforeLeeway: 0,
  clockSkewLeeway: 0,
  token: plainTokenParams,
  shown: {},
};

export interface JwtRoleInput extends AuthMountInput {
  readonly name: string;
}

export interface WriteJwtRoleInput extends JwtRoleInput {
  readonly changes: JwtRoleChanges;
  readonly mode: "create" | "update";
}

/** The role of a name, in any case. */
export function findJwtRole(core: Core, mount: MountRecord, name: string): Promise<VaultEntry<JwtRole> | undefined> {
  return core.vaultEntries.get<JwtRole>(authArea(mount, "role"), name.toLowerCase());
}

/** Metadata that logins set themselves. */
const reservedMetadata: ReadonlySet<string> = new Set(["role"]);

function checkMappings(mappings: Readonly<Record<string, string>>): void {
  const targets = new Set<string>();
  for (const target of Object.values(mappings)) {
    const shown = JSON.stringify(target);
    if (reservedMetadata.has(target)) {
      refuseInput(`metadata key ${shown} is reserved and may not be a mapping destination`);
    }
    if (targets.has(target)) refuseInput(`multiple keys are mapped to metadata key ${shown}`);
    targets.add(target);
  }
}

function checkGlobs(bound: Claims): void {
  for (const value of Object.values(bound)) {
    const texts = valuesOf(value) ?? refuseInput(`claim is not a string or list: ${JSON.stringify(value)}`);
    const wrong = texts.find((text) => typeof text !== "string");
    if (wrong !== undefined) refuseInput(`claim is not a string: ${JSON.stringify(wrong)}`);
  }
}

function changeRole(before: JwtRole, changes: JwtRoleChanges, mount: MountRecord): JwtRole {
  const { boundClaimsType, token, shown, ...rest } = changes;
  if (boundClaimsType !== "string" && boundClaimsType !== "glob") {
    refuseInput(`invalid 'bound_claims_type': ${boundClaimsType}`);
  }
  const kept = Object.entries({ ...before.shown, ...shown }).filter(([, value]) => value !== null);
  const role: JwtRole = {
    ...before,
    ...rest,
    boundClaimsType,
    token: changeTokenParams(before.token, token),
    shown: Object.fromEntries(kept),
  };
  const longest = mount.config.maxLeaseTtl ?? maxTtlSeconds;
  if (role.token.period > longest) {
    refuseInput(
      `'period' of '"${role.token.period}s"' is greater than the backend's maximum lease TTL of '"${longest}s"'`,
    );
  }
  if (boundClaimsType === "glob") checkGlobs(role.boundClaims);
  checkMappings(role.claimMappings);
  if (role.userClaim === "") refuseInput("a user claim must be defined on the role");
  const isBound =
    role.boundAudiences.length > 0 ||
    role.token.boundCidrs.length > 0 ||
    role.boundSubject !== "" ||
    Object.keys(role.boundClaims).length > 0;
  if (!isBound) refuseInput("must have at least one bound constraint when creating/updating a role");
  return role;
}

/** Vault API: auth/jwt/role, create or update. */
export const writeJwtRole = authOperation<WriteJwtRoleInput, null>({
  name: "WriteJwtRole",
  readOnly: false,
  record: ({ name, changes }) => ({ role: name.toLowerCase(), changes: Object.keys(changes) }),
  async run({ core, input: { mount, name, changes, mode } }) {
    const before = await findJwtRole(core, mount, name);
    if (before === undefined && mode === "update") refuseInput("role entry not found during update operation");
    if (before !== undefined && mode === "create") {
      throw ServiceError.of("Conflict", { reason: "Another request made the same role. Try again." });
    }
    const role = changeRole(before?.value ?? plainRole, changes, mount);
    const area = authArea(mount, "role");
    await core.commit([
      before === undefined
        ? core.vaultEntries.insert(area, name.toLowerCase(), role)
        : core.vaultEntries.update(before, role),
    ]);
    return null;
  },
});

/** Vault API: auth/jwt/role, read. */
export const readJwtRole = authOperation<JwtRoleInput, JwtRole | undefined>({
  name: "ReadJwtRole",
  readOnly: true,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  run: async ({ core, input }) => (await findJwtRole(core, input.mount, input.name))?.value,
});

/** Vault API: auth/jwt/role, delete. */
export const deleteJwtRole = authOperation<JwtRoleInput, null>({
  name: "DeleteJwtRole",
  readOnly: false,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  async run({ core, input }) {
    const found = await findJwtRole(core, input.mount, input.name);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});
