import type { Core } from "../../../core.ts";
import { isJwsAlgorithm, parseJws } from "../../../vault/jws.ts";
import { type AuthMountInput, loginOperation, refuseInput } from "../auth-operation.ts";
import { checkNetwork, issueLogin, type VaultLogin } from "../issue-login.ts";
import { type Claims, checkBoundClaims, claimOf, mapClaims, valuesOf } from "./claims.ts";
import { findJwtConfig, type JwtConfig, keySourceOf } from "./jwt-config.ts";
import { findJwtRole, type JwtRole } from "./jwt-role.ts";
import { audiencesOf, claimProblem } from "./registered-claims.ts";

export interface JwtLoginInput extends AuthMountInput {
  /** Empty for the mount's default role. */
  readonly role: string;
  readonly jwt: string;
}

/** Vault API: auth/jwt/login. */
export const logInWithJwt = loginOperation<JwtLoginInput, VaultLogin>({
  name: "JwtLogin",
  readOnly: false,
  record: ({ role }) => ({ role: role.toLowerCase() }),
  recordOutput: ({ record }) => ({ accessor: record.accessor, displayName: record.displayName }),
  async run({ core, input, request, nowMs }) {
    const { mount, jwt } = input;
    const config = await findJwtConfig(core, mount);
    if (config === undefined) refuseInput("could not load configuration");
    const name = input.role === "" ? config.defaultRole : input.role.toLowerCase();
    if (name === "") refuseInput("missing role");
    const role = (await findJwtRole(core, mount, name))?.value;
    if (role === undefined) refuseInput(`role ${JSON.stringify(name)} could not be found`);
    if (jwt === "") refuseInput("missing token");
    checkNetwork(mount, role.token, request);
    const claims = await verifiedClaims(core, config, jwt);
    const { boundSubject: subject, boundAudiences: audiences } = role;
    const problem = claimProblem(claims, { issuer: config.boundIssuer, subject, audiences, ...role }, nowMs);
    if (problem !== undefined) refuseInput(`error validating token: ${problem}`);
    if (audiences.length === 0 && audiencesOf(claims)?.length !== 0) {
      refuseInput("audience claim found in JWT but no audiences bound to the role");
    }
    const user = userOf(claims, role);
    const meta = Object.fromEntries(mapClaims(claims, role.claimMappings).set("role", name));
    const groups = groupsOf(claims, role);
    checkBoundClaims(claims, role.boundClaims, role.boundClaimsType === "glob");
    const found = { mount, path: "login", params: role.token, displayName: user, meta, aliasName: user, groups };
    const { login, writes } = await issueLogin(core, found, request, nowMs);
    await core.commit(writes);
    return login;
  },
});

async function verifiedClaims(core: Core, config: JwtConfig, jwt: string): Promise<Claims> {
  const refuse = (reason: string) => refuseInput(`error validating token: ${reason}`);
  const token = parseJws(jwt);
  if (token === undefined) return refuse("error verifying token signature: malformed jwt");
  const source = keySourceOf(config);
  const wrongSignature =
    source.kind === "static"
      ? "error verifying token signature: no known key successfully validated the token signature"
      : "error verifying token signature: failed to verify id token signature";
  if (!isJwsAlgorithm(token.algorithm)) return refuse(wrongSignature);
  const check = await core.jwtKeys.check(token, source);
  if (check === "unreachable") return refuse("error verifying token signature: fetching keys failed");
  if (check === "wrong") return refuse(wrongSignature);
  if (config.supportedAlgs.length > 0 && !config.supportedAlgs.includes(token.algorithm)) {
    return refuse("invalid algorithm (alg) header parameter: token signed with unexpected algorithm");
  }
  return token.claims;
}

function userOf(claims: Claims, { userClaim, userClaimJsonPointer }: JwtRole): string {
  const named = Object.hasOwn(claims, userClaim) ? claims[userClaim] : undefined;
  const value = (userClaimJsonPointer ? claimOf(claims, userClaim) : named) ?? undefined;
  const shown = JSON.stringify(userClaim);
  if (value === undefined) refuseInput(`claim ${shown} not found in token`);
  if (typeof value !== "string") refuseInput(`claim ${shown} could not be converted to string`);
  if (value === "") refuseInput("missing name in alias");
  return value;
}

/** The groups that the token names: external groups with such aliases at the mount count the caller among them. */
function groupsOf(claims: Claims, { groupsClaim }: JwtRole): readonly string[] {
  if (groupsClaim === "") return [];
  const shown = JSON.stringify(groupsClaim);
  const raw = claimOf(claims, groupsClaim);
  if (raw === undefined) refuseInput(`failed to fetch groups: ${shown} claim not found in token`);
  const groups = valuesOf(raw) ?? refuseInput(`${shown} claim could not be converted to string list`);
  return groups
    .filter((group) => group !== "")
    .map((group) => {
      if (typeof group === "string") return group;
      return refuseInput(`value ${JSON.stringify(group)} in groups claim could not be parsed as string`);
    });
}

/** Vault API: auth/jwt/oidc. There is no login by browser: no mount can be configured for it. */
export const refuseBrowserLogin = loginOperation<AuthMountInput, never>({
  name: "OidcLogin",
  readOnly: true,
  record: () => ({}),
  run: () => refuseInput("OIDC login is not configured for this mount"),
});
