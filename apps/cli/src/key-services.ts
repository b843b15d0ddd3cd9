import { type KmsCaller, kmsClient, type TransitClient, transitClient } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { readAwsSettings } from "./aws-settings.ts";
import { flagText, type Invocation, type OptionRow } from "./command.ts";
import { readStoredCredentials } from "./stored-credentials.ts";
import { trustAuthorities } from "./trusted-authorities.ts";
import { readVaultSettings } from "./vault-settings.ts";

/** The options of every command that uses keys of a KMS or Transit server. */
export const keyServiceOptions: readonly OptionRow[] = [
  {
    name: "endpoint",
    placeholder: "URL",
    doc: "URL of the key server (else AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL, COFFER_ENDPOINT, the profile's; else AWS).",
  },
  {
    name: "region",
    placeholder: "REGION",
    doc: "Region of the keys (else AWS_REGION, AWS_DEFAULT_REGION, the profile's).",
  },
  { name: "profile", placeholder: "NAME", doc: "AWS profile with credentials, region and endpoint (AWS_PROFILE)." },
  { name: "ca-file", placeholder: "FILE", doc: "PEM certificates to trust besides the system's (AWS_CA_BUNDLE)." },
];

/** Where keys are. */
export interface KeyServices {
  /**
   * The KMS server's client for a region; without one, for the configured region.
   *
   * @throws OperatorError when no server and no region is named, or a profile that is nowhere
   */
  kms(region?: string): KmsCaller;
  /**
   * The Transit engine at a mount; by default `transit`.
   *
   * @throws OperatorError when no Vault server or token is named
   */
  transit(mount?: string): TransitClient;
}

/** Coffer's, of a server that is told no other. */
const defaultRegion = "us-east-1";

/**
 * Finds the key servers that a command's options, AWS's and Vault's variables and profiles, and Coffer's credentials file
 * name; an option wins over a variable, that over a file. Of the two files one is used, with all it says: Coffer's, unless
 * somebody named AWS credentials, or an endpoint is in the profile.
 *
 * @throws OperatorError
 */
export async function openKeyServices(invocation: Invocation): Promise<KeyServices> {
  const { environment } = invocation;
  const aws = await readAwsSettings(environment, flagText(invocation, "profile"));
  trustAuthorities(invocation, [flagText(invocation, "ca-file"), aws.caFile]);
  const stored = readStoredCredentials(invocation);
  const coffer = aws.named || stored?.credentials === undefined ? undefined : stored;
  const file = coffer ?? aws.profile;
  const endpoint =
    flagText(invocation, "endpoint") || aws.endpoint || environment["COFFER_ENDPOINT"] || file.endpoint || undefined;
  const configured = flagText(invocation, "region") || aws.region || file.region;
  if (endpoint === undefined) aws.checkStandardEndpoint();
  const credentials = coffer?.credentials ?? (() => awsCredentials(invocation, aws));
  const clients = new Map<string, KmsCaller>();
  return {
    kms(region = configured || (endpoint === undefined ? undefined : defaultRegion)) {
      aws.checkProfile();
      if (region === undefined) throw new OperatorError(noServer);
      const client = clients.get(region) ?? kmsClient({ region, endpoint, credentials });
      clients.set(region, client);
      return client;
    },
    transit: (mount) => transitClient({ ...readVaultSettings(invocation, stored), mount }),
  };
}

const noServer =
  "no key server is named: give --endpoint URL, or set AWS_ENDPOINT_URL; for keys of AWS, name their region with --region or AWS_REGION.";

async function awsCredentials({ environment }: Invocation, aws: Awaited<ReturnType<typeof readAwsSettings>>) {
  try {
    return await aws.credentials();
  } catch (error) {
    const message = (error as Error).message.replace(/\.$/, "");
    const token = environment["COFFER_TOKEN"]
      ? " COFFER_TOKEN is for REST and --vault-key; the KMS API has access keys: 'coffer admin create-access-key user/NAME' makes one."
      : "";
    throw new OperatorError(
      `no credentials: ${message}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile.${token}`,
    );
  }
}
