import { type Claims, claimOf } from "../jwt/claims.ts";

/** A service account, as its token names it. */
export interface ServiceAccount {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Of the old tokens that are kept in a secret. */
  readonly secretName: string;
}

function textOf(claims: Claims, ...path: readonly string[]): string {
  let value: unknown = claims;
  for (const step of path) {
    value = value !== null && typeof value === "object" ? claimOf(value as Claims, step) : undefined;
  }
  return typeof value === "string" ? value : "";
}

const old = "kubernetes.io/serviceaccount";

/** The account of a token: of a projected one, by the claim `kubernetes.io`, or of an old one. */
export function accountOf(claims: Claims): ServiceAccount {
  const own = claimOf(claims, "kubernetes.io");
  const secretName = textOf(claims, `${old}/secret.name`);
  if (own !== null && typeof own === "object") {
    return {
      name: textOf(claims, "kubernetes.io", "serviceaccount", "name"),
      namespace: textOf(claims, "kubernetes.io", "namespace"),
      uid: textOf(claims, "kubernetes.io", "serviceaccount", "uid"),
      secretName,
    };
  }
  return {
    name: textOf(claims, `${old}/service-account.name`),
    namespace: textOf(claims, `${old}/namespace`),
    uid: textOf(claims, `${old}/service-account.uid`),
    secretName,
  };
}
