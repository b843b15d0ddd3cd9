import { KMSClient } from "@aws-sdk/client-kms";
import { STSClient } from "@aws-sdk/client-sts";
import type { Credentials, ServerUnderTest } from "./server-under-test.ts";

/** What a test may choose; the account root's otherwise. */
export type AwsChoice = Partial<Pick<Credentials, "accessKeyId" | "secretAccessKey" | "region">> & {
  /** How far the client believes its clock to be off. */
  readonly systemClockOffset?: number;
  readonly sessionToken?: string;
};

function clientOptions(server: ServerUnderTest, choice: AwsChoice) {
  const {
    accessKeyId,
    secretAccessKey,
    region,
    sessionToken,
    systemClockOffset = 0,
  } = { ...server.credentials, ...choice };
  return {
    endpoint: server.url,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    maxAttempts: 1,
    systemClockOffset,
  };
}

/** A KMS client of the AWS SDK that tries once. */
export function kmsClient(server: ServerUnderTest, choice: AwsChoice = {}): KMSClient {
  return new KMSClient(clientOptions(server, choice));
}

/** An STS client of the AWS SDK that tries once. */
export function stsClient(server: ServerUnderTest, choice: AwsChoice = {}): STSClient {
  return new STSClient(clientOptions(server, choice));
}
