import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type AwsCredentials, type KmsCaller, kmsClient, type TransitClient, transitClient } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { readAwsSettings } from "./aws-settings.ts";
import { isRecord } from "./client.ts";
import { flagText, type Invocation, type OptionRow } from "./command.ts";

/** The options of every command that uses keys of a KMS or Transit server. */
export const keyServiceOptions: readonly OptionRow[] = [
  {
    name: "endpoint",
    placeholder: "URL",
    doc: "URL of the key server (else AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL, the profile's, COFFER_ENDPOINT; else AWS).",
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
  /** The KMS server's client for a region; without one, for the configured region. */
  kms(region?: string): KmsCaller;
  /**
   * The Transit engine at a mount; by default `transit`.
   *
   * @throws OperatorError when no Vault server or token is named
   */
  transit(mount?: string): TransitClient;
}

const defaultRegion = "us-east-1";

/**
 * Finds the key servers that a command's options, AWS's and Vault's variables and profiles, and Coffer's credentials file
 * name; an option wins over a variable, that over a file.
 *
 * @throws OperatorError
 */
export async function openKeyServices(invocation: Invocation): Promise<KeyServices> {
  trustAuthorities(invocation);
  const aws = await readAwsSettings(invocation.environment, flagText(invocation, "profile"));
  const stored = readStoredCredentials(invocation);
  const coffer = aws.named ? undefined : stored;
  const endpoint =
    flagText(invocation, "endpoint") || aws.endpoint || invocation.environment["COFFER_ENDPOINT"] || coffer?.endpoint;
  const configured = flagText(invocation, "region") || aws.region || coffer?.region || defaultRegion;
  const credentials = coffer?.credentials ?? aws.credentials;
  const clients = new Map<string, KmsCaller>();
  return {
    kms(region = configured) {
      const client = clients.get(region) ?? kmsClient({ region, endpoint, credentials });
      clients.set(region, client);
      return client;
    },
    transit: (mount) => openTransit(invocation, mount),
  };
}

function trustAuthorities(invocation: Invocation): void {
  const { environment } = invocation;
  const files = [flagText(invocation, "ca-file"), environment["AWS_CA_BUNDLE"], environment["VAULT_CACERT"]];
  const added = files.filter((file) => file !== undefined && file !== "");
  if (added.length === 0) return;
  setDefaultCACertificates([...getCACertificates("default"), ...added.map((file) => readGiven(invocation, file!))]);
}

function readGiven(invocation: Invocation, file: string): string {
  try {
    return readFileSync(resolve(invocation.workingDirectory, file), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

interface StoredCredentials {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly credentials: AwsCredentials;
}

/** What the first start of a server on this machine wrote. @returns undefined when there is nothing of use */
function readStoredCredentials({
  environment,
  homeDirectory,
  workingDirectory,
}: Invocation): StoredCredentials | undefined {
  const file = environment["COFFER_CREDENTIALS_FILE"] || resolve(homeDirectory, ".coffer", "credentials.json");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(workingDirectory, file), "utf8"));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { accessKeyId, secretAccessKey, endpoint, region } = value;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") return undefined;
  return { credentials: { accessKeyId, secretAccessKey }, endpoint: textOf(endpoint), region: textOf(region) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function openTransit(invocation: Invocation, mount: string | undefined): TransitClient {
  const { environment, homeDirectory } = invocation;
  const address = environment["VAULT_ADDR"];
  if (!address)
    throw new OperatorError("set VAULT_ADDR to the URL of the Vault server, such as http://127.0.0.1:8200.");
  if (/^(1|t|true)$/i.test(environment["VAULT_SKIP_VERIFY"] ?? "")) {
    throw new OperatorError(
      "VAULT_SKIP_VERIFY is not honoured: name the server's authority with --ca-file FILE or VAULT_CACERT.",
    );
  }
  const token = environment["VAULT_TOKEN"] || readTokenFile(homeDirectory);
  if (token === undefined) throw new OperatorError("set VAULT_TOKEN, or log in so that ~/.vault-token is there.");
  return transitClient({ address, token, mount, namespace: environment["VAULT_NAMESPACE"] || undefined });
}

function readTokenFile(homeDirectory: string): string | undefined {
  try {
    return readFileSync(resolve(homeDirectory, ".vault-token"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
