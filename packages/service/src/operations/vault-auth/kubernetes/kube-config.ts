import type { Core } from "../../../core.ts";
import { limits } from "../../../limits.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { parsePublicKeyPem } from "../../../vault/jws.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";

/** Which cluster a mount asks (Vault API: auth/kubernetes/config). Texts are empty where nothing was given. */
export interface KubeConfig {
  /** `https://HOST:PORT` */
  readonly host: string;
  readonly caCert: string;
  /** The token that it asks with; the caller's own when empty. */
  readonly tokenReviewerJwt: string;
  /** Public keys that sign tokens, which are verified beforehand where there are some. */
  readonly pemKeys: readonly string[];
  readonly issuer: string;
  readonly disableIssValidation: boolean;
  readonly disableLocalCaJwt: boolean;
}

export interface WriteKubeConfigInput extends AuthMountInput {
  readonly config: KubeConfig;
}

const configName = "config";

export async function findKubeConfig(core: Core, mount: MountRecord): Promise<KubeConfig | undefined> {
  return (await core.vaultEntries.get<KubeConfig>(authArea(mount, configName), configName))?.value;
}

function isHttpsUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === "https:";
}

/** Vault API: auth/kubernetes/config. */
export const writeKubeConfig = authOperation<WriteKubeConfigInput, null>({
  name: "WriteKubernetesConfig",
  readOnly: false,
  record: ({ config: { host, issuer, disableIssValidation } }) => ({ host, issuer, disableIssValidation }),
  async run({ core, input: { mount, config } }) {
    const { host, caCert, pemKeys, disableLocalCaJwt } = config;
    if (host === "") refuseInput("no host provided");
    if (!isHttpsUrl(host)) refuseInput("kubernetes_host must be an https URL");
    if (disableLocalCaJwt && caCert === "") {
      refuseInput("kubernetes_ca_cert must be given when disable_local_ca_jwt is true");
    }
    const max = limits.jwksKeys.value;
    if (pemKeys.length > max) refuseInput(`at most ${max} pem_keys are allowed`);
    if (pemKeys.some((pem) => parsePublicKeyPem(pem) === undefined)) {
      refuseInput("data does not contain any valid public keys");
    }
    if (caCert !== "" && parsePublicKeyPem(caCert) === undefined) {
      refuseInput("Configured CA PEM data contains no valid certificates, TLS verification will fail");
    }
    const area = authArea(mount, configName);
    const before = await core.vaultEntries.get<KubeConfig>(area, configName);
    await core.commit([
      before === undefined
        ? core.vaultEntries.insert(area, configName, config)
        : core.vaultEntries.update(before, config),
    ]);
    return null;
  },
});

/** Vault API: auth/kubernetes/config, read. */
export const readKubeConfig = authOperation<AuthMountInput, KubeConfig | undefined>({
  name: "ReadKubernetesConfig",
  readOnly: true,
  record: () => ({}),
  run: ({ core, input: { mount } }) => findKubeConfig(core, mount),
});
