import type { AwsCredentials } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { Profile } from "@smithy/core/config";

type IniFile = Record<string, Profile | undefined>;

/** What AWS's own variables and profiles say. */
export interface AwsSettings {
  /** For KMS. Undefined: AWS's own. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** Whether somebody named credentials on purpose: variables, or a profile. */
  readonly named: boolean;
  /** The chain of AWS's SDK: variables, web identity, profiles with all they know, container, instance. */
  credentials(): Promise<AwsCredentials>;
}

/** The variables that name credentials. Source: AWS SDKs and Tools Reference Guide, settings reference. */
const credentialVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

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
  const region = ["AWS_REGION", "AWS_DEFAULT_REGION"].map((name) => environment[name]).find(Boolean);
  const ignored = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.toLowerCase() === "true";
  try {
    return {
      endpoint: ignored
        ? undefined
        : environment["AWS_ENDPOINT_URL_KMS"] ||
          environment["AWS_ENDPOINT_URL"] ||
          (await fromProfile(from, endpointOf)),
      region: region ?? (await fromProfile(from, (section) => section["region"])),
      named: profile !== undefined || credentialVariables.some((name) => Boolean(environment[name])),
      credentials: () => loadCredentials(from),
    };
  } catch (error) {
    throw new OperatorError(`AWS's configuration files cannot be read: ${(error as Error).message}.`);
  }
}

/** A profile's own endpoint for KMS, in its services section, or for all services. */
function endpointOf(section: Profile, file: IniFile | undefined): string | undefined {
  const services = section["services"];
  // The loader joins the words of a section's name, and of a nested setting's, with a point.
  const own = services && file?.[`services.${services}`]?.["kms.endpoint_url"];
  return own || section["endpoint_url"];
}

/** A value of the chosen profile, in its two files. */
async function fromProfile(
  from: { readonly profile?: string },
  select: (section: Profile, file: IniFile | undefined) => string | undefined,
): Promise<string | undefined> {
  // Loaded when it is needed: commands that use no keys start without it.
  const { loadConfig } = await import("@smithy/core/config");
  const selectors = { environmentVariableSelector: () => undefined, configFileSelector: select, default: undefined };
  return loadConfig<string | undefined>(selectors, from)();
}

async function loadCredentials(from: { readonly profile?: string }): Promise<AwsCredentials> {
  // Loaded when it is needed: it is large.
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  try {
    return await defaultProvider(from)();
  } catch (error) {
    throw new OperatorError(
      `no credentials: ${(error as Error).message.replace(/\.$/, "")}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile.`,
    );
  }
}
