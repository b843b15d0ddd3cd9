import type { limits } from "@coffer/service";
import { elsewhere, type LimitCase } from "./limit-cases.ts";

type LoginLimit = Extract<
  keyof typeof limits,
  | "authNames"
  | "passwordBytes"
  | "waitingPasswords"
  | "countedUsers"
  | "countedUnknownUsers"
  | "jwtChars"
  | "jwksKeys"
  | "cachedJwksSources"
  | "chainCertificates"
  | "chainChecks"
  | "certRoles"
  | "appRoleIdBytes"
>;

/** One case for each limit of the Vault API's auth methods. */
export const loginLimitCases: Readonly<Record<LoginLimit, LimitCase>> = {
  authNames: elsewhere("packages/wire-vault/test/approle.test.ts", "limits.authNames.value"),
  passwordBytes: elsewhere("packages/wire-vault/test/userpass.test.ts", "limits.passwordBytes.value"),
  waitingPasswords: elsewhere("packages/service/src/vault/password-checks.test.ts", "limits.waitingPasswords.value"),
  countedUsers: elsewhere("packages/service/src/vault/failed-logins.test.ts", "limits.countedUsers.value"),
  countedUnknownUsers: elsewhere(
    "packages/service/src/vault/failed-logins.test.ts",
    "limits.countedUnknownUsers.value",
  ),
  jwtChars: elsewhere("packages/service/src/vault/jws.test.ts", "limits.jwtChars.value"),
  jwksKeys: elsewhere("packages/service/src/vault/jws.test.ts", "limits.jwksKeys.value"),
  cachedJwksSources: elsewhere("packages/service/src/vault/jwt-keys.test.ts", "limits.cachedJwksSources.value"),
  chainCertificates: elsewhere(
    "packages/service/src/vault/client-certificate.test.ts",
    "limits.chainCertificates.value",
  ),
  chainChecks: elsewhere("packages/service/src/vault/client-certificate.test.ts", "limits.chainChecks.value"),
  certRoles: elsewhere("packages/wire-vault/test/cert.test.ts", "limits.certRoles.value"),
  appRoleIdBytes: elsewhere("packages/wire-vault/test/approle.test.ts", "limits.appRoleIdBytes.value"),
};
