import { readFileSync } from "node:fs";
import { rows } from "./rows.ts";
import { type Area, type Difference, policy, type Step, step } from "./scenario.ts";

const jwts = JSON.parse(
  readFileSync(new URL("../../../../vectors/openbao/jwts.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

function login(role: string, jwt: string, options: Omit<Step, "request" | "body"> = {}): Step {
  return step("POST auth/j-jwt/login", { role, jwt: jwts[jwt] ?? jwt }, { token: null, ...options });
}

const malformed: readonly Difference[] = [
  {
    at: "body.errors.0",
    coffer: "error validating token: error verifying token signature: malformed jwt",
    row: rows.malformed,
  },
];

export const jwt: Area = {
  name: "jwt",
  scenarios: [
    {
      name: "settings",
      steps: [
        step("POST sys/auth/j-set", { type: "jwt" }),
        step("GET auth/j-set/config"),
        step("POST auth/j-set/config", {}),
        step("POST auth/j-set/config", { jwt_validation_pubkeys: "no key" }),
        step("POST auth/j-set/config", { jwt_validation_pubkeys: jwts["publicKey"]!, jwks_url: "https://x.example" }),
        step("POST auth/j-set/config", { jwt_validation_pubkeys: jwts["publicKey"]!, jwt_supported_algs: "HS256" }),
        step("POST auth/j-set/config", {
          jwt_validation_pubkeys: jwts["publicKey"]!,
          bound_issuer: "https://issuer.example",
          jwt_supported_algs: ["ES256"],
          default_role: "app",
        }),
        step("GET auth/j-set/config"),
        step("LIST auth/j-set/role"),
        step("GET auth/j-set/role/app"),
        step(
          "POST auth/j-set/role/app",
          {},
          {
            differs: [
              {
                at: "body.errors.0",
                coffer: "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.",
                row: rows.order,
              },
            ],
          },
        ),
        step("POST auth/j-set/role/app", { role_type: "jwt" }),
        step("POST auth/j-set/role/app", { role_type: "jwt", user_claim: "sub" }),
        step("POST auth/j-set/role/app", { role_type: "saml", user_claim: "sub", bound_audiences: "coffer" }),
        step("POST auth/j-set/role/app", {
          role_type: "jwt",
          user_claim: "sub",
          bound_audiences: ["coffer"],
          bound_claims: { groups: ["ops", "sre"] },
          claim_mappings: { email: "mail" },
          token_policies: ["default"],
          token_ttl: "10m",
        }),
        step("GET auth/j-set/role/app"),
        step("LIST auth/j-set/role"),
        step("DELETE auth/j-set/role/app"),
        step("GET auth/j-set/role/app"),
        step("DELETE sys/auth/j-set"),
      ],
    },
    {
      name: "logins",
      steps: [
        policy("j-read"),
        step("POST sys/auth/j-jwt", { type: "jwt" }),
        login("app", "good"),
        step("POST auth/j-jwt/config", {
          jwt_validation_pubkeys: jwts["publicKey"]!,
          bound_issuer: "https://issuer.example",
          default_role: "app",
        }),
        login("app", "good"),
        step("POST auth/j-jwt/role/app", {
          role_type: "jwt",
          user_claim: "sub",
          bound_subject: "ada",
          bound_audiences: ["coffer"],
          bound_claims: { groups: ["ops", "sre"], "/project/name": "a" },
          claim_mappings: { email: "mail" },
          groups_claim: "groups",
          token_policies: ["j-read"],
          token_ttl: "10m",
        }),
        login("app", "good", { keep: { token: "auth.client_token" } }),
        step("GET auth/token/lookup-self", undefined, { token: "{{token}}" }),
        login("", "good", { only: ["auth.policies"] }),
        login("missing", "good"),
        login("app", "otherKey"),
        login("app", "otherAudience"),
        login("app", "otherIssuer"),
        login("app", "otherSubject"),
        login("app", "expired"),
        login("app", "early"),
        login("app", "withoutGroups"),
        login("app", "otherProject"),
        login("app", "no.jwt.atall", { differs: malformed }),
        login("app", "hello", { differs: malformed }),
        login("app", ""),
        step("POST auth/j-jwt/role/glob", {
          role_type: "jwt",
          user_claim: "sub",
          bound_claims_type: "glob",
          bound_claims: { email: "*@example" },
          token_policies: ["j-read"],
        }),
        login("glob", "good", { only: ["auth.policies"] }),
        step("POST auth/j-jwt/role/glob", {
          role_type: "jwt",
          user_claim: "sub",
          bound_audiences: "coffer",
          bound_claims_type: "glob",
          bound_claims: { email: "*@example" },
          token_policies: ["j-read"],
        }),
        login("glob", "good", { only: ["auth.policies"] }),
        step("POST auth/j-jwt/role/user", { role_type: "jwt", user_claim: "nickname", bound_audiences: "coffer" }),
        login("user", "good"),
        step("DELETE sys/auth/j-jwt"),
      ],
    },
  ],
};
