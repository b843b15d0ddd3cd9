import type { Core } from "../../../core.ts";
import { limits } from "../../../limits.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { isJwsAlgorithm, parsePublicKeyPem } from "../../../vault/jws.ts";
import type { JwtKeySource } from "../../../vault/jwt-keys.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";

/** How tokens of a mount are verified (Vault API: auth/jwt/config). Texts are empty, lists too, where nothing was given. */
export interface JwtConfig {
  readonly oidcDiscoveryUrl: string;
  readonly oidcDiscoveryCaPem: string;
  readonly jwksUrl: string;
  readonly jwksCaPem: string;
  readonly validationPubkeys: readonly string[];
  readonly supportedAlgs: readonly string[];
  readonly boundIssuer: string;
  /** Lower case. */
  readonly defaultRole: string;
  readonly namespaceInState: boolean;
}

export interface WriteJwtConfigInput extends AuthMountInput {
  readonly config: Omit<JwtConfig, "namespaceInState"> & { readonly namespaceInState?: boolean };
  /** Warn of keys that cannot be had now, instead of refusing. */
  readonly skipValidation: boolean;
}

const configName = "config";

export async function findJwtConfig(core: Core, mount: MountRecord): Promise<JwtConfig | undefined> {
  return (await core.vaultEntries.get<JwtConfig>(authArea(mount, configName), configName))?.value;
}

/** Where the keys of a mount's tokens are. */
export function keySourceOf(config: JwtConfig | WriteJwtConfigInput["config"]): JwtKeySource {
  if (config.validationPubkeys.length > 0) return { kind: "static", pems: config.validationPubkeys };
  if (config.jwksUrl !== "") return { kind: "jwks", url: config.jwksUrl, caPem: config.jwksCaPem };
  return { kind: "discovery", url: config.oidcDiscoveryUrl, caPem: config.oidcDiscoveryCaPem };
}

/** Whether a text has certificates in PEM. */
function hasCertificate(pem: string): boolean {
  return pem.includes("-----BEGIN CERTIFICATE-----") && parsePublicKeyPem(pem) !== undefined;
}

function checkConfig(config: WriteJwtConfigInput["config"]): void {
  const { oidcDiscoveryUrl, jwksUrl, jwksCaPem, oidcDiscoveryCaPem, validationPubkeys, supportedAlgs } = config;
  const ways = [oidcDiscoveryUrl !== "", jwksUrl !== "", validationPubkeys.length > 0].filter(Boolean).length;
  if (ways !== 1) {
    refuseInput(
      "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set",
    );
  }
  const max = limits.jwksKeys.value;
  if (validationPubkeys.length > max) refuseInput(`at most ${max} jwt_validation_pubkeys are allowed`);
  if (oidcDiscoveryUrl.includes(".well-known/openid-configuration")) {
    refuseInput("'oidc_discovery_url' contains '.well-known' component");
  }
  if (validationPubkeys.some((pem) => parsePublicKeyPem(pem) === undefined)) {
    refuseInput("error parsing public key: data does not contain any valid public keys");
  }
  if (jwksCaPem !== "" && !hasCertificate(jwksCaPem)) refuseInput("error checking jwks_ca_pem");
  if (oidcDiscoveryCaPem !== "" && !hasCertificate(oidcDiscoveryCaPem)) {
    refuseInput("error checking oidc discovery URL: could not parse CA PEM value successfully");
  }
  const unknown = supportedAlgs.find((name) => !isJwsAlgorithm(name));
  if (unknown !== undefined) {
    refuseInput(`invalid jwt_supported_algs: unsupported signing algorithm ${JSON.stringify(unknown.slice(0, 64))}`);
  }
}

/** Vault API: auth/jwt/config. */
export const writeJwtConfig = authOperation<WriteJwtConfigInput, { readonly warnings: readonly string[] }>({
  name: "WriteJwtConfig",
  readOnly: false,
  record: ({ config: { oidcDiscoveryUrl, jwksUrl, boundIssuer, supportedAlgs, defaultRole } }) => ({
    oidcDiscoveryUrl,
    jwksUrl,
    boundIssuer,
    supportedAlgs,
    defaultRole,
  }),
  async run({ core, input: { mount, config, skipValidation } }) {
    checkConfig(config);
    const warnings: string[] = [];
    const source = keySourceOf(config);
    if (source.kind !== "static" && !(await core.jwtKeys.isReachable(source))) {
      const problem = source.kind === "jwks" ? "error checking jwks URL" : "error checking oidc discovery URL";
      if (!skipValidation) refuseInput(problem);
      warnings.push(problem);
    }
    const area = authArea(mount, configName);
    const before = await core.vaultEntries.get<JwtConfig>(area, configName);
    const namespaceInState = config.namespaceInState ?? before?.value.namespaceInState ?? true;
    const stored: JwtConfig = { ...config, namespaceInState };
    await core.commit([
      before === undefined
        ? core.vaultEntries.insert(area, configName, stored)
        : core.vaultEntries.update(before, stored),
    ]);
    return { warnings };
  },
});

/** The configuration, and whether keys can be had. */
export interface ShownJwtConfig {
  readonly config: JwtConfig;
  readonly isValid: boolean;
}

/** Vault API: auth/jwt/config, read. */
export const readJwtConfig = authOperation<AuthMountInput, ShownJwtConfig | undefined>({
  name: "ReadJwtConfig",
  readOnly: true,
  record: () => ({}),
  async run({ core, input: { mount } }) {
    const config = await findJwtConfig(core, mount);
    if (config === undefined) return undefined;
    const source = keySourceOf(config);
    return { config, isValid: source.kind !== "discovery" || (await core.jwtKeys.isReachable(source)) };
  },
});
