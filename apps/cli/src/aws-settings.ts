import type { AwsCredentials } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { Profile } from "@smithy/core/config";

type IniFile = Record<string, Profile | undefined>;

/** What AWS's own variables and profiles say. Source: AWS SDKs and Tools Reference Guide, settings reference. */
export interface AwsSettings {
  /** For KMS, of a variable. */
  readonly endpoint: string | undefined;
  /** Of a variable. */
  readonly region: string | undefined;
  /** What the profile's files say. */
  readonly profile: { readonly endpoint: string | undefined; readonly region: string | undefined };
  readonly caFile: string | undefined;
  /** Whether somebody named AWS on purpose: variables with credentials, a profile, or an endpoint in one. */
  readonly named: boolean;
  /** @throws OperatorError when a profile is named that is nowhere */
  checkProfile(): void;
  /** @throws OperatorError when the settings ask for an endpoint of AWS other than the standard one */
  checkStandardEndpoint(): void;
  /** The chain of AWS's SDK: variables, web identity, profiles with all they know, container, instance. */
  credentials(): Promise<AwsCredentials>;
}

/** The variables that name credentials. */
const credentialVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/** Settings for other endpoints of AWS: the variable, the profile's, and the name of the endpoint that is meant. */
const otherEndpoints = [
  ["AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", "https://kms-fips.REGION.amazonaws.com"],
  ["AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", "https://kms.REGION.api.aws"],
] as const;

/**
 * Reads AWS's variables and profiles, as its SDKs do.
 *
 * @param profile one that the command line names
 * @throws OperatorError when a file cannot be read
 */
export async function readAwsSettings(
  environment: Readonly<Record<string, string | undefined>>,
  profile: string | undefined,
): Promise<AwsSettings> {
  const from = profile === undefined ? {} : { profile };
  const [section, file] = await readProfile(from);
  const isOn = (variable: string, setting: string) =>
    (environment[variable] || section[setting])?.toLowerCase() === "true";
  const ignored = isOn("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
  const ofProfile = { endpoint: ignored ? undefined : endpointOf(section, file), region: section["region"] };
  const first = (...names: string[]) => names.map((name) => environment[name]).find(Boolean);
  let provider: Promise<() => Promise<AwsCredentials>> | undefined;
  return {
    endpoint: ignored ? undefined : first("AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"),
    region: first("AWS_REGION", "AWS_DEFAULT_REGION"),
    profile: ofProfile,
    caFile: environment["AWS_CA_BUNDLE"] || section["ca_bundle"],
    named: profile !== undefined || first(...credentialVariables) !== undefined || ofProfile.endpoint !== undefined,
    checkProfile() {
      const named = profile ?? environment["AWS_PROFILE"];
      if (!named || Object.keys(section).length > 0) return;
      throw new OperatorError(`AWS's configuration files have no profile "${named}", or nothing in it.`);
    },
    checkStandardEndpoint() {
      const asked = otherEndpoints.find(([variable, setting]) => isOn(variable, setting));
      if (asked === undefined) return;
      throw new OperatorError(`${asked[0]} is not honoured: name the endpoint, such as --endpoint ${asked[2]}.`);
    },
    async credentials() {
      provider ??= loadProvider(from);
      return (await provider)();
    },
  };
}

/** A profile's own endpoint for KMS, in its services section, or for all services. */
function endpointOf(section: Profile, file: IniFile): string | undefined {
  const services = section["services"];
  // The loader joins the words of a section's name, and of a nested setting's, with a point.
  const own = services && file[`services.${services}`]?.["kms.endpoint_url"];
  return own || section["endpoint_url"] || undefined;
}

/** The chosen profile, and the file that it is in. */
async function readProfile(from: { readonly profile?: string }): Promise<readonly [Profile, IniFile]> {
  // Loaded when it is needed: commands that use no keys start without it.
  const { getProfileName, loadSharedConfigFiles } = await import("@smithy/core/config");
  try {
    const { configFile, credentialsFile } = await loadSharedConfigFiles();
    const name = getProfileName(from);
    return [{ ...configFile[name], ...credentialsFile[name] }, configFile];
  } catch (error) {
    throw new OperatorError(`AWS's configuration files cannot be read: ${(error as Error).message}.`);
  }
}

/** It keeps what it got for as long as that holds, for clients of all regions. */
async function loadProvider(from: { readonly profile?: string }): Promise<() => Promise<AwsCredentials>> {
  // Loaded when it is needed: it is large.
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  return defaultProvider(from);
}
