import { readJwtConfig, ServiceError, writeJwtConfig } from "@coffer/service";
import { readTexts } from "../auth/token-fields.ts";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The parameters of a mount's configuration. */
export const configFields = [
  "bound_issuer",
  "default_role",
  "jwks_ca_pem",
  "jwks_url",
  "jwt_supported_algs",
  "jwt_validation_pubkeys",
  "namespace_in_state",
  "oidc_client_id",
  "oidc_client_secret",
  "oidc_discovery_ca_pem",
  "oidc_discovery_url",
  "oidc_response_mode",
  "oidc_response_types",
  "override_allowed_server_names",
  "provider_config",
  "skip_jwks_validation",
];

/** What the browser's login and providers of their own kind need, which are not there. */
function refuseUnsupported(fields: Fields): void {
  const id = fields.text("oidc_client_id") ?? "";
  const secret = fields.text("oidc_client_secret") ?? "";
  if ((id === "") !== (secret === "")) {
    refuse("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC");
  }
  if (id !== "") refuse("OIDC login by browser is not supported: leave out oidc_client_id and oidc_client_secret");
  const provider = fields.raw("provider_config");
  if (typeof provider === "object" && provider !== null && Object.keys(provider).length > 0) {
    refuse("provider_config is not supported");
  }
  for (const name of ["oidc_response_types", "override_allowed_server_names"]) {
    if (readTexts(fields, name)?.length) refuse(`${name} is not supported`);
  }
  if ((fields.text("oidc_response_mode") ?? "") !== "") refuse("oidc_response_mode is not supported");
}

/** Public keys: a list, or one text; commas are part of no PEM. */
function readKeys(fields: Fields): readonly string[] {
  return (readTexts(fields, "jwt_validation_pubkeys") ?? []).map((pem) => pem.trim()).filter((pem) => pem !== "");
}

/** Vault API: auth/jwt, configure. */
export const writeConfigRoute: RouteHandler = async (call) => {
  const { fields } = call;
  refuseUnsupported(fields);
  const text = (name: string) => fields.text(name) ?? "";
  const namespaceInState = fields.boolean("namespace_in_state");
  const { warnings } = await call.execute(writeJwtConfig, {
    mount: call.mount!,
    config: {
      oidcDiscoveryUrl: text("oidc_discovery_url"),
      oidcDiscoveryCaPem: text("oidc_discovery_ca_pem"),
      jwksUrl: text("jwks_url"),
      jwksCaPem: text("jwks_ca_pem"),
      validationPubkeys: readKeys(fields),
      supportedAlgs: readTexts(fields, "jwt_supported_algs") ?? [],
      boundIssuer: text("bound_issuer"),
      defaultRole: text("default_role").toLowerCase(),
      ...(namespaceInState === undefined ? {} : { namespaceInState }),
    },
    skipValidation: fields.boolean("skip_jwks_validation") ?? false,
  });
  return warnings.length === 0 ? noContent : { status: 200, data: "null", warnings };
};

/** Vault API: auth/jwt, read the configuration. */
export const readConfigRoute: RouteHandler = async (call) => {
  const found = await call.execute(readJwtConfig, { mount: call.mount! });
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const { config, isValid } = found;
  const data = {
    bound_issuer: config.boundIssuer,
    default_role: config.defaultRole,
    jwks_ca_pem: config.jwksCaPem,
    jwks_url: config.jwksUrl,
    jwt_supported_algs: config.supportedAlgs,
    jwt_validation_pubkeys: config.validationPubkeys,
    namespace_in_state: config.namespaceInState,
    oidc_client_id: "",
    oidc_discovery_ca_pem: config.oidcDiscoveryCaPem,
    oidc_discovery_url: config.oidcDiscoveryUrl,
    oidc_response_mode: "",
    oidc_response_types: [],
    override_allowed_server_names: [],
    provider_config: {},
    status: isValid ? "valid" : "invalid",
  };
  return ok(JSON.stringify(data), isValid ? [] : ["failed to construct JWK validator: the keys cannot be had"]);
};
